"""Ed25519 strictly: the vectors of RFC 8032, every refused form, and private keys that rest under a passphrase."""

import hashlib
import json

import pytest

from shouxin.ground.kernel import signing
from shouxin.ground.kernel.canonical import encode, to_base64
from shouxin.ground.kernel.refusals import Corrupt, Refusal
from shouxin.ground.kernel.signing import ORDER, PRIME, check_point, check_signature, key_id, signer

# RFC 8032, 7.1: TEST 1, TEST 2, TEST 3.
RFC_8032 = [
    (
        "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
        "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
        "",
        "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b",
    ),
    (
        "4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
        "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c",
        "72",
        "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00",
    ),
    (
        "c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7",
        "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025",
        "af82",
        "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a",
    ),
]
# The points of order 1, 2, 4 and 8 in each spelling, the ones beyond the prime among them.
SMALL_ORDER = [
    "0100000000000000000000000000000000000000000000000000000000000000",
    "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "0000000000000000000000000000000000000000000000000000000000000080",
    "0000000000000000000000000000000000000000000000000000000000000000",
    "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
    "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa",
    "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
    "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc85",
    "0100000000000000000000000000000000000000000000000000000000000080",
    "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
    "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
    "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
]
PASSPHRASE = "口令 long enough".encode()


@pytest.mark.parametrize(("private", "public", "message", "signature"), RFC_8032)
def test_the_vectors_of_the_standard(private, public, message, signature):
    own = signer(bytes.fromhex(private), "test")
    assert own.public.hex() == public
    assert own.key_id == "sha256:" + hashlib.sha256(own.public).hexdigest() == key_id(own.public)
    assert own.sign(bytes.fromhex(message)).hex() == signature
    check_signature(own.public, bytes.fromhex(signature), bytes.fromhex(message))


def test_every_flipped_bit_of_signature_key_and_message_is_found():
    own = signer(bytes(range(32)), "test")
    message = b"twelve bytes"
    signature = own.sign(message)
    for place in range(64 * 8):
        with pytest.raises(Corrupt):
            check_signature(own.public, _flipped(signature, place), message)
    for place in range(32 * 8):
        with pytest.raises(Corrupt):
            check_signature(_flipped(own.public, place), signature, message)
    for place in range(12 * 8):
        with pytest.raises(Corrupt):
            check_signature(own.public, signature, _flipped(message, place))


def test_the_second_spelling_of_a_signature_is_refused():
    own = signer(bytes(range(32)), "test")
    signature = own.sign(b"message")
    s = int.from_bytes(signature[32:], "little")
    for more in (ORDER, 2 * ORDER, 8 * ORDER):
        if s + more < 2**256:
            with pytest.raises(Corrupt, match="refused form"):
                check_signature(own.public, signature[:32] + (s + more).to_bytes(32, "little"), b"message")


@pytest.mark.parametrize("point", SMALL_ORDER)
def test_a_point_of_small_order_is_refused_as_key_and_in_a_signature(point):
    raw = bytes.fromhex(point)
    with pytest.raises(Corrupt, match="refused form"):
        check_point(raw)
    # With such a key the signature (point, 0) would hold for every message.
    with pytest.raises(Corrupt, match="refused form"):
        check_signature(raw, raw + bytes(32), b"any message")
    own = signer(bytes(range(32)), "test")
    with pytest.raises(Corrupt, match="refused form"):
        check_signature(own.public, raw + own.sign(b"message")[32:], b"message")


@pytest.mark.parametrize("y", [PRIME, PRIME + 2, PRIME + 5, 2**255 - 1])
def test_a_point_spelled_beyond_the_prime_is_refused(y):
    for sign in (0, 1 << 255):
        with pytest.raises(Corrupt):
            check_point((y | sign).to_bytes(32, "little"))


@pytest.mark.parametrize("length", [0, 31, 33, 63, 65, 128])
def test_another_length_is_refused(length):
    own = signer(bytes(range(32)), "test")
    with pytest.raises(Corrupt):
        check_signature(own.public, (own.sign(b"m") * 2)[:length], b"m")
    with pytest.raises(Corrupt):
        check_point((own.public * 4)[:length])


def test_a_signer_prints_without_its_key():
    private = bytes(range(32))
    assert "sign" not in repr(signer(private, "test")).replace("Signer", "")
    assert private.hex() not in repr(signer(private, "test"))


def test_a_private_key_opens_with_its_passphrase_alone():
    private = signing.new_private()
    sealed = signing.seal_private(private, PASSPHRASE)
    assert signing.open_private(sealed, PASSPHRASE) == private
    assert private not in sealed
    assert to_base64(private).encode() not in sealed
    assert signing.seal_private(private, PASSPHRASE) != sealed
    with pytest.raises(Refusal) as refusal:
        signing.open_private(sealed, PASSPHRASE + b" ")
    assert refusal.value.code == "passphrase.wrong"
    assert PASSPHRASE.decode() not in str(refusal.value)


def test_a_short_passphrase_is_refused():
    with pytest.raises(Refusal) as refusal:
        signing.seal_private(bytes(32), b"seven b")
    assert refusal.value.code == "passphrase.short"


def test_a_sealed_key_of_another_form_is_refused_before_any_stretching():
    plain = json.loads(signing.seal_private(bytes(32), PASSPHRASE))
    for changed in ({"log_n": 30}, {"r": 9}, {"p": 2}, {"kdf": "none"}):
        with pytest.raises(Corrupt):
            signing.open_private(encode({**plain, **changed}), PASSPHRASE)
    with pytest.raises(Corrupt):
        signing.open_private(b"not JSON", PASSPHRASE)


def test_a_changed_part_of_a_sealed_key_does_not_open():
    plain = json.loads(signing.seal_private(bytes(32), PASSPHRASE))
    for part in ("salt", "nonce", "body"):
        raw = bytearray(signing.from_base64(plain[part]))
        raw[0] ^= 1
        with pytest.raises(Refusal):
            signing.open_private(encode({**plain, part: to_base64(bytes(raw))}), PASSPHRASE)


def _flipped(raw: bytes, place: int) -> bytes:
    out = bytearray(raw)
    out[place // 8] ^= 1 << place % 8
    return bytes(out)
