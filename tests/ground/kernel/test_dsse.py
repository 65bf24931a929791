"""Envelopes open only with pinned keys, every signature checked, in one spelling."""

import json

import pytest

from shouxin.ground.kernel.canonical import decode, encode, from_base64, to_base64
from shouxin.ground.kernel.digests import digest
from shouxin.ground.kernel.dsse import (
    PREDICATE_BASE,
    add_signature,
    open_envelope,
    peek,
    pre_authentication,
    sign,
    statement,
)
from shouxin.ground.kernel.refusals import Corrupt
from shouxin.ground.kernel.signing import signer

FIRST, SECOND, STRANGER = (signer(bytes([number]) * 32, str(number)) for number in (1, 2, 3))
KEYS = {FIRST.key_id: FIRST.public, SECOND.key_id: SECOND.public}
CONTENT = statement(subject={"permit": digest(b"permit")}, predicate_type="permit/v1", predicate={"n": 1, "字": "守信"})


def test_two_signatures_open_in_their_order():
    envelope = add_signature(sign(CONTENT, [FIRST]), SECOND)
    assert envelope == sign(CONTENT, [FIRST, SECOND])
    opened = open_envelope(envelope, keys=KEYS)
    assert opened.signed_by == (FIRST.key_id, SECOND.key_id)
    assert opened.predicate == {"n": 1, "字": "守信"}
    assert opened.predicate_type == PREDICATE_BASE + "permit/v1"
    assert opened.digest == digest(envelope)
    assert peek(envelope) == opened.statement == CONTENT


def test_what_is_signed_is_the_protocols_own_encoding():
    # The example of the DSSE protocol, with our payload type: lengths in bytes, not signs.
    assert pre_authentication("守".encode()) == b"DSSEv1 28 application/vnd.in-toto+json 3 \xe5\xae\x88"


def test_every_flipped_byte_of_an_envelope_is_found():
    envelope = sign(CONTENT, [FIRST, SECOND])
    for place in range(len(envelope)):
        spoilt = bytearray(envelope)
        spoilt[place] ^= 1
        with pytest.raises(Corrupt):
            open_envelope(bytes(spoilt), keys=KEYS)


def _outer(**changed):
    return encode({**decode(sign(CONTENT, [FIRST])), **changed})


def _resigned(content, by=FIRST, raw=None):
    payload = encode(content) if raw is None else raw
    mark = {"keyid": by.key_id, "sig": to_base64(by.sign(pre_authentication(payload)))}
    return _outer(payload=to_base64(payload), signatures=[mark])


def _mark(number=0):
    return decode(sign(CONTENT, [FIRST, SECOND]))["signatures"][number]


BAD = [
    ("an unknown key", lambda: sign(CONTENT, [STRANGER])),
    ("a known and an unknown key", lambda: sign(CONTENT, [FIRST, STRANGER])),
    ("the same signature twice", lambda: sign(CONTENT, [FIRST, FIRST])),
    ("no signature", lambda: _outer(signatures=[])),
    ("signatures that are no list", lambda: _outer(signatures={})),
    ("a signature under another's key id", lambda: _outer(signatures=[{**_mark(0), "keyid": SECOND.key_id}])),
    (
        "a good signature beside a wrong one",
        lambda: _outer(signatures=[_mark(0), {**_mark(1), "sig": _mark(0)["sig"]}]),
    ),
    ("a signature block with a further field", lambda: _outer(signatures=[{**_mark(0), "x": 1}])),
    ("another payload type", lambda: _outer(payloadType="text/plain")),
    ("a further field", lambda: _outer(extra=1)),
    ("a payload in another spelling", lambda: _resigned(None, raw=json.dumps(CONTENT, indent=1).encode())),
    ("a statement with a further field", lambda: _resigned({**CONTENT, "x": 1})),
    ("a statement of another type", lambda: _resigned({**CONTENT, "_type": "https://in-toto.io/Statement/v0.1"})),
    ("a predicate type of another house", lambda: _resigned({**CONTENT, "predicateType": "https://other.example/x"})),
    ("a statement that is a list", lambda: _resigned([CONTENT])),
    ("an envelope in another spelling", lambda: json.dumps(json.loads(sign(CONTENT, [FIRST])), indent=1).encode()),
    ("a final line end", lambda: sign(CONTENT, [FIRST]) + b"\n"),
    ("an empty file", lambda: b""),
]


@pytest.mark.parametrize(("what", "make"), BAD, ids=[each[0] for each in BAD])
def test_it_refuses(what, make):
    with pytest.raises(Corrupt):
        open_envelope(make(), keys=KEYS)


def test_a_key_pinned_under_another_id_opens_nothing():
    with pytest.raises(Corrupt, match="not pinned"):
        open_envelope(sign(CONTENT, [FIRST]), keys={FIRST.key_id: SECOND.public})


def test_the_payload_is_the_statement_in_its_one_spelling():
    payload = from_base64(decode(sign(CONTENT, [FIRST]))["payload"])
    assert payload == encode(CONTENT)
