"""A sealed record opens only with its key, in its slot, in its place, whole; and prints nothing."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shouxin.ground.kernel.refusals import Corrupt
from shouxin.ground.kernel.sealing import AES_256_GCM, HEADER, OVERHEAD, SM4_GCM, Value, _sm4_seal, seal, unseal

KEY, OTHER = bytes(range(32)), bytes(range(1, 33))
CONTEXT = b"vault|record 7|collected"
both = pytest.mark.parametrize("algorithm", [AES_256_GCM, SM4_GCM], ids=["aes", "sm4"])


@settings(max_examples=80, deadline=None)
@given(
    st.binary(max_size=300),
    st.integers(0, 2**64 - 1),
    st.integers(0, 2**32 - 1),
    st.binary(max_size=30),
    st.sampled_from([AES_256_GCM, SM4_GCM]),
)
def test_what_is_sealed_opens(raw, slot, version, context, algorithm):
    envelope = seal(KEY, raw, slot=slot, context=context, algorithm=algorithm, version=version)
    assert len(envelope) == len(raw) + OVERHEAD
    assert HEADER.unpack_from(envelope) == (1, algorithm, slot, version)
    assert unseal(KEY, envelope, slot=slot, context=context).raw == raw


@both
def test_every_flipped_bit_is_found(algorithm):
    envelope = seal(KEY, b"value", slot=8, context=CONTEXT, algorithm=algorithm)
    for place in range(len(envelope) * 8):
        spoilt = bytearray(envelope)
        spoilt[place // 8] ^= 1 << place % 8
        with pytest.raises(Corrupt):
            unseal(KEY, bytes(spoilt), slot=8, context=CONTEXT)


@both
def test_another_key_slot_or_place_does_not_open(algorithm):
    envelope = seal(KEY, b"value", slot=8, context=CONTEXT, algorithm=algorithm)
    for key, slot, context in ((OTHER, 8, CONTEXT), (KEY, 9, CONTEXT), (KEY, 8, b"vault|record 8|collected")):
        with pytest.raises(Corrupt):
            unseal(key, envelope, slot=slot, context=context)


@both
def test_a_record_cut_short_at_any_place_is_refused(algorithm):
    envelope = seal(KEY, b"value", slot=8, context=CONTEXT, algorithm=algorithm)
    for length in range(len(envelope)):
        with pytest.raises(Corrupt):
            unseal(KEY, envelope[:length], slot=8, context=CONTEXT)


def test_an_unknown_cipher_or_form_is_refused():
    envelope = seal(KEY, b"value", slot=8, context=CONTEXT)
    for version, algorithm in ((1, 0), (1, 3), (2, AES_256_GCM)):
        with pytest.raises(Corrupt):
            unseal(KEY, bytes([version, algorithm]) + envelope[2:], slot=8, context=CONTEXT)


@both
def test_the_same_value_never_looks_the_same(algorithm):
    first, second = (seal(KEY, b"value", slot=8, context=CONTEXT, algorithm=algorithm) for _ in range(2))
    assert first != second
    assert first[: HEADER.size] == second[: HEADER.size]


def test_an_open_value_prints_nothing_of_itself():
    for text in (repr(Value(b"secret")), str(Value(b"secret")), f"{[Value(b'secret')]}"):
        assert "secret" not in text
        assert "‹sealed›" in text


def test_sm4_gcm_is_that_of_rfc_8998():
    # RFC 8998, A.1
    key = bytes.fromhex("0123456789ABCDEFFEDCBA9876543210")
    nonce = bytes.fromhex("00001234567800000000ABCD")
    context = bytes.fromhex("FEEDFACEDEADBEEFFEEDFACEDEADBEEFABADDAD2")
    plain = bytes.fromhex(
        "AAAAAAAAAAAAAAAABBBBBBBBBBBBBBBBCCCCCCCCCCCCCCCCDDDDDDDDDDDDDDDD"
        "EEEEEEEEEEEEEEEEFFFFFFFFFFFFFFFFEEEEEEEEEEEEEEEEAAAAAAAAAAAAAAAA"
    )
    sealed = _sm4_seal(key, nonce, plain, context)
    assert sealed[:16].hex().upper() == "17F399F08C67D5EE19D0DC9969C4BB7D"
    assert sealed[-16:].hex().upper() == "83DE3541E4C2B58177E065A9BF7B62EC"
