"""The card of a company (`card/v1`): its own signed statement of who it is, and with which keys it and its staff sign.

A card proves that whoever holds the key wrote it; that the key is that company's is learnt elsewhere (by telephone, on
paper) before it is pinned.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from shouxin.ground.kernel import dsse
from shouxin.ground.kernel.canonical import encode, from_base64, to_base64
from shouxin.ground.kernel.digests import digest
from shouxin.ground.kernel.refusals import Corrupt, Refusal
from shouxin.ground.kernel.signing import Signer, check_point, key_id
from shouxin.ground.kernel.times import from_text

CARD = "card/v1"
_FIELDS = {"name", "uscc", "contact", "address", "origin", "public", "simulated", "staff", "issued"}
_STAFF_FIELDS = {"staff", "name", "role", "public"}
_WHERE = "card"


@dataclass(frozen=True)
class StaffKey:
    """Someone who signs for a company, as its card says."""

    staff: str
    name: str
    role: str
    key_id: str
    public: bytes


@dataclass(frozen=True)
class CardView:
    """What a card says; its signature is that of `public`."""

    name: str
    uscc: str
    contact: str
    address: str
    origin: str
    key_id: str
    public: bytes
    simulated: bool
    staff: tuple[StaffKey, ...]
    digest: str


def write(predicate: Mapping[str, Any], *, signer: Signer) -> bytes:
    """The signed card of these fields; its subject is the digest of the company's own description."""
    subject = {predicate["origin"]: digest(encode(dict(predicate)))}
    return dsse.sign(dsse.statement(subject=subject, predicate_type=CARD, predicate=predicate), [signer])


def read(raw: bytes) -> CardView:
    """What the card says, checked against the key that it names.

    Raises:
        Corrupt: another form, a doubled or refused key, a subject that is not its own, or a signature that is not of
        that key alone.
    """
    content = dsse.peek(raw, where=_WHERE)
    plain = content["predicate"]
    if content["predicateType"] != dsse.PREDICATE_BASE + CARD or not isinstance(plain, dict) or set(plain) != _FIELDS:
        raise Corrupt("card of a refused form", _WHERE)
    _check_types(plain)
    public = check_point(from_base64(plain["public"], where=_WHERE), where=_WHERE)
    opened = dsse.open_envelope(raw, keys={key_id(public): public}, where=_WHERE)
    expected = dsse.statement(subject={plain["origin"]: digest(encode(plain))}, predicate_type=CARD, predicate=plain)
    if opened.statement != expected:
        raise Corrupt("card whose subject is not its own", _WHERE)
    staff = tuple(_staff_key(each) for each in plain["staff"])
    keys = [each.key_id for each in staff]
    if len({*keys, key_id(public)}) != len(keys) + 1:
        raise Corrupt("card with one key for two", _WHERE)
    return CardView(
        name=plain["name"],
        uscc=plain["uscc"],
        contact=plain["contact"],
        address=plain["address"],
        origin=plain["origin"],
        key_id=key_id(public),
        public=public,
        simulated=plain["simulated"],
        staff=staff,
        digest=opened.digest,
    )


def staff_plain(key: StaffKey) -> dict[str, str]:
    """A staff key as plain text values, as the card spells it."""
    return {"staff": key.staff, "name": key.name, "role": key.role, "public": to_base64(key.public)}


def staff_key(plain: Mapping[str, str]) -> StaffKey:
    """The staff key of such plain values. Raises Corrupt: a refused key."""
    public = check_point(from_base64(plain["public"], where=_WHERE), where=_WHERE)
    return StaffKey(staff=plain["staff"], name=plain["name"], role=plain["role"], key_id=key_id(public), public=public)


def _check_types(plain: Mapping[str, Any]) -> None:
    texts = _FIELDS - {"simulated", "staff"}
    if not all(isinstance(plain[name], str) and 0 < len(plain[name]) <= 300 for name in texts):
        raise Corrupt("card of a refused form", _WHERE)
    if not isinstance(plain["simulated"], bool) or not isinstance(plain["staff"], list):
        raise Corrupt("card of a refused form", _WHERE)
    if plain["origin"].startswith("simulated.") != plain["simulated"]:
        raise Corrupt("card whose key's name is of the other kind", _WHERE)
    try:
        from_text(plain["issued"])
    except Refusal as error:
        raise Corrupt("card of a refused form", _WHERE) from error


def _staff_key(plain: Any) -> StaffKey:
    if not isinstance(plain, dict) or set(plain) != _STAFF_FIELDS:
        raise Corrupt("card of a refused form", _WHERE)
    if not all(isinstance(value, str) and 0 < len(value) <= 200 for value in plain.values()):
        raise Corrupt("card of a refused form", _WHERE)
    return staff_key(plain)
