"""DSSE envelopes (secure-systems-lab/dsse v1.0) around in-toto Statements v1, in the one canonical spelling.

envelope = sign(statement(subject, predicate_type, predicate), [signer])
opened = open_envelope(envelope, keys={key_id: public})
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from shouxin.ground.kernel.canonical import decode, encode, from_base64, to_base64
from shouxin.ground.kernel.digests import digest
from shouxin.ground.kernel.refusals import Corrupt
from shouxin.ground.kernel.signing import Signer, check_signature, key_id

PAYLOAD_TYPE = "application/vnd.in-toto+json"
STATEMENT_TYPE = "https://in-toto.io/Statement/v1"
PREDICATE_BASE = "https://shouxin.example/"


@dataclass(frozen=True)
class Opened:
    """What a verified envelope says, who signed it (key ids, in order) and its digest."""

    statement: Mapping[str, Any]
    signed_by: tuple[str, ...]
    digest: str

    @property
    def predicate(self) -> Mapping[str, Any]:
        """The statement's own matter."""
        return self.statement["predicate"]

    @property
    def predicate_type(self) -> str:
        """What kind of statement it is."""
        return self.statement["predicateType"]


def statement(*, subject: Mapping[str, str], predicate_type: str, predicate: Mapping[str, Any]) -> dict[str, Any]:
    """An in-toto Statement; `subject` maps names to digests `sha256:…`, `predicate_type` is the part after the base."""
    return {
        "_type": STATEMENT_TYPE,
        "subject": [
            {"name": name, "digest": {"sha256": value.removeprefix("sha256:")}}
            for name, value in sorted(subject.items())
        ],
        "predicateType": PREDICATE_BASE + predicate_type,
        "predicate": dict(predicate),
    }


def pre_authentication(payload: bytes) -> bytes:
    """The bytes that are signed (PAE of the DSSE protocol)."""
    kind = PAYLOAD_TYPE.encode()
    return b"DSSEv1 %d %s %d %s" % (len(kind), kind, len(payload), payload)


def sign(content: Mapping[str, Any], signers: Sequence[Signer]) -> bytes:
    """The envelope, signed by each signer; signatures stand in the order given."""
    payload = encode(content)
    message = pre_authentication(payload)
    return encode(
        {
            "payloadType": PAYLOAD_TYPE,
            "payload": to_base64(payload),
            "signatures": [{"keyid": each.key_id, "sig": to_base64(each.sign(message))} for each in signers],
        }
    )


def add_signature(envelope: bytes, another: Signer) -> bytes:
    """The same envelope with one more signature behind the others. Raises Corrupt: not an envelope."""
    outer = _outer(envelope, "envelope")
    message = pre_authentication(from_base64(outer["payload"], where="payload"))
    mark = {"keyid": another.key_id, "sig": to_base64(another.sign(message))}
    return encode({**outer, "signatures": [*outer["signatures"], mark]})


def peek(envelope: bytes, *, where: str = "envelope") -> Mapping[str, Any]:
    """The statement inside, signatures not yet checked: only to learn whose keys to ask for."""
    outer = _outer(envelope, where)
    return _statement(from_base64(outer["payload"], where=where), where)


def open_envelope(envelope: bytes, *, keys: Mapping[str, bytes], where: str = "envelope") -> Opened:
    """The statement, every signature checked against pinned keys.

    Raises:
        Corrupt: malformed, no signature, a signature twice, by an unknown key or wrong.
    """
    outer = _outer(envelope, where)
    payload = from_base64(outer["payload"], where=where)
    message = pre_authentication(payload)
    signed_by: list[str] = []
    for mark in outer["signatures"]:
        if mark["keyid"] in signed_by:
            raise Corrupt("signature block of a refused form", where)
        public = keys.get(mark["keyid"])
        if public is None or key_id(public) != mark["keyid"]:
            raise Corrupt("signed by a key that is not pinned", where)
        check_signature(public, from_base64(mark["sig"], where=where), message, where=where)
        signed_by.append(mark["keyid"])
    return Opened(statement=_statement(payload, where), signed_by=tuple(signed_by), digest=digest(envelope))


def _outer(envelope: bytes, where: str) -> dict[str, Any]:
    outer = decode(envelope, where=where)
    if not isinstance(outer, dict) or set(outer) != {"payloadType", "payload", "signatures"}:
        raise Corrupt("envelope of a refused form", where)
    marks = outer["signatures"]
    if outer["payloadType"] != PAYLOAD_TYPE or not isinstance(marks, list) or not marks:
        raise Corrupt("envelope of a refused form", where)
    for mark in marks:
        if not isinstance(mark, dict) or set(mark) != {"keyid", "sig"} or not isinstance(mark["keyid"], str):
            raise Corrupt("signature block of a refused form", where)
    return outer


def _statement(payload: bytes, where: str) -> Mapping[str, Any]:
    content = decode(payload, where=where)
    if not isinstance(content, dict) or set(content) != {"_type", "subject", "predicateType", "predicate"}:
        raise Corrupt("statement of a refused form", where)
    kind, predicate = content["predicateType"], content["predicate"]
    if content["_type"] != STATEMENT_TYPE or not isinstance(kind, str) or not kind.startswith(PREDICATE_BASE):
        raise Corrupt("statement of a refused form", where)
    if not isinstance(predicate, dict):
        raise Corrupt("statement of a refused form", where)
    return content
