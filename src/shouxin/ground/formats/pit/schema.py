"""The fields of each message, exactly: one missing, one too many, another type or spelling is refused.

Page: docs/formats/pit.md. A check says of a value whether it is of its form; `FIELDS` is the page's table.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from itertools import pairwise
from typing import Any

from shouxin.ground.formats.roots import MOST_BUCKETS
from shouxin.ground.kernel.canonical import from_base64
from shouxin.ground.kernel.refusals import Corrupt, Refusal
from shouxin.ground.kernel.times import from_text

Check = Callable[[Any], bool]

GATES = (
    *("backups_listed", "challenge_passed", "cooling_off", "imported_full", "no_dispute", "no_hold"),
    *("settled", "two_approvers", "withdrawals_acknowledged"),
)
SHREDDED = ["bucket-tables", "key"]
_MOST = 2**53 - 1
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")


def check_fields(kind: str, predicate: Mapping[str, Any], where: str) -> None:
    """Refuse a predicate that has not exactly the common fields and its kind's, each of its form.

    Raises:
        Corrupt: an unknown kind; a field missing, too many, or of another form.
    """
    if kind not in FIELDS:
        raise Corrupt("message of an unknown kind", where)
    fields = {**COMMON, **FIELDS[kind]}
    _same_names(predicate, fields, where)
    for name, holds in fields.items():
        if not holds(predicate[name]):
            raise Corrupt(f"field {name} of a refused form", where)


def check_own_fields(kind: str, fields: Mapping[str, Any]) -> None:
    """Refuse the matter of a message before it is signed; raises what `check_fields` raises."""
    if kind not in FIELDS:
        raise Corrupt("message of an unknown kind", kind)
    _same_names(fields, FIELDS[kind], kind)
    for name, holds in FIELDS[kind].items():
        if not holds(fields[name]):
            raise Corrupt(f"field {name} of a refused form", kind)


def _same_names(found: Any, wanted: Mapping[str, Check], where: str) -> None:
    if not isinstance(found, Mapping) or set(found) != set(wanted):
        raise Corrupt("fields that are missing or too many", where)


def _count(least: int = 0, most: int = _MOST) -> Check:
    return lambda value: isinstance(value, int) and not isinstance(value, bool) and least <= value <= most


def _like(pattern: str) -> Check:
    shape = re.compile(pattern)
    return lambda value: isinstance(value, str) and shape.fullmatch(value) is not None


def _one_of(*values: Any) -> Check:
    return lambda value: any(type(value) is type(each) and value == each for each in values)


def _or_null(check: Check) -> Check:
    return lambda value: value is None or check(value)


def _list(check: Check, least: int = 0, most: int = 1_000_000) -> Check:
    return lambda value: isinstance(value, list) and least <= len(value) <= most and all(map(check, value))


def _sorted(check: Check, least: int = 0) -> Check:
    of_form = _list(check, least)
    return lambda value: of_form(value) and all(one < two for one, two in pairwise(value))


def _map(key: Check, check: Check, least: int = 0, most: int = 200) -> Check:
    def holds(value: Any) -> bool:
        return (
            isinstance(value, dict)
            and least <= len(value) <= most
            and all(key(name) and check(inner) for name, inner in value.items())
        )

    return holds


def _object(**fields: Check) -> Check:
    def holds(value: Any) -> bool:
        return isinstance(value, dict) and set(value) == set(fields) and all(fields[k](v) for k, v in value.items())

    return holds


def _time(value: Any) -> bool:
    try:
        from_text(value)
    except Refusal:
        return False
    return True


def _base64(value: Any) -> bool:
    try:
        return isinstance(value, str) and len(from_base64(value)) > 0
    except Corrupt:
        return False


def _text(value: Any) -> bool:
    return isinstance(value, str) and 0 < len(value) <= 500 and _CONTROL.search(value) is None


_bool: Check = lambda value: isinstance(value, bool)  # noqa: E731 -- reads like its neighbours
_note: Check = lambda value: isinstance(value, str) and 0 < len(value.encode()) <= 64 * 1024  # noqa: E731
_digest = _like(r"sha256:[0-9a-f]{64}")
_hex = _like(r"[0-9a-f]{64}")
_code = _like(r"[a-z0-9][a-z0-9_.-]{0,63}")
_table = _like(r"[a-z][a-z0-9_]{0,62}")
_age = _like(r"age1[02-9ac-hj-np-z]{58}")
_part = _like(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")
_power = _one_of(*(1 << exponent for exponent in range(MOST_BUCKETS.bit_length())))
_bucket = _count(0, MOST_BUCKETS - 1)
_totals = _map(_table, _object(root=_hex, rows=_count()), 1)
_buckets = _map(_table, _sorted(_bucket, 1))

COMMON: Mapping[str, Check] = {
    "tid": _like(r"tid_[a-z2-7]{26}"),
    "seq": _count(1),
    "prev": _or_null(_digest),
    "from": _digest,
    "to": _digest,
    "issued": _time,
    "expires": _time,
    "contract": _digest,
    "simulated": _bool,
    "checkpoint": _or_null(_note),
    "consistency": _list(_hex, most=64),
    "cosigned": _or_null(_note),
}

FIELDS: Mapping[str, Mapping[str, Check]] = {
    "offer": {
        "classes": _sorted(_code, 1),
        "counts": _map(_code, _count()),
        "rounded_to": _count(1),
        "purposes": _sorted(_text, 1),
        "rule": _one_of("pipl-22", "pipl-23"),
        "rule_evidence": _digest,
        "assessment": _digest,
        "notice_plan": _digest,
        "ack_hours": _count(),
        "cooling_off_hours": _count(),
        "withdrawals": _age,
    },
    "accept": {
        "purposes": _sorted(_text, 1),
        "recipient": _age,
        "withdrawals": _age,
        "nonce": _hex,
        "capacity": _count(),
        "replaces": _or_null(_digest),
    },
    "package": {
        "digest": _digest,
        "size": _count(1),
        "parts": _list(_object(digest=_digest, name=_part, size=_count(1)), 1, 9999),
        "recipient": _age,
        "nonce": _hex,
        "tables": _map(_table, _object(buckets=_power, root=_hex, rows=_count(), schema=_digest), 1),
        "epoch": _count(),
        "notice_root": _digest,
        "retention": _map(_code, _text),
        "commitments": _object(A=_hex, V=_or_null(_hex)),
        "replaces": _or_null(_digest),
        "covers": _or_null(_map(_table, _sorted(_bucket, 1), 1)),
    },
    "receipt": {
        "package": _digest,
        "parts": _list(_object(arrived=_bool, digest=_or_null(_digest), name=_part, opened=_bool), 1, 9999),
    },
    "imported": {
        "package": _digest,
        "epoch": _count(),
        "tables": _map(_table, _object(root=_hex, rows=_count(), values=_or_null(_list(_hex, 1, MOST_BUCKETS))), 1),
        "exceptions": _list(_object(bucket=_bucket, reason=_code, table=_table, tag=_hex)),
        "backup": _object(digest=_digest, drilled=_time, sample=_count(1)),
    },
    "challenge": {
        "imported": _digest,
        "seed": _hex,
        "draw": _count(1, MOST_BUCKETS),
        "buckets": _map(_table, _sorted(_bucket, 1), 1),
    },
    "answer": {
        "challenge": _digest,
        "epoch": _count(),
        "tables": _map(_table, _list(_object(bucket=_bucket, path=_list(_hex, most=64), value=_hex), 1), 1),
    },
    "settled": {"imported": _digest, "epoch": _count(), "tables": _totals, "unsettled": _buckets},
    "withdraw": {"epoch": _count(1), "tags_root": _hex, "tags": _base64, "tables": _or_null(_totals)},
    "ack": {"answers": _digest, "epoch": _or_null(_count()), "tables": _or_null(_totals), "deleted": _bool},
    "destroy-permit": {
        "settled": _digest,
        "permit": _digest,
        "approvers": _sorted(_digest, 2),
        "backups": _object(count=_count(1), digest=_digest),
        "holds": _one_of(0),
        "gates": _one_of(list(GATES)),
    },
    "destroyed": {"certificate": _digest, "settled": _digest, "permit": _digest, "shredded": _one_of(SHREDDED)},
    "attest": {
        "checked": _sorted(_code, 1),
        "result": _one_of("holds", "fails"),
        "findings": _or_null(_digest),
    },
    "refused": {
        "answers": _digest,
        "reason": _one_of(
            *("cannot_open", "expired", "manifest_mismatch", "not_agreed", "replayed", "wrong_recipient"),
        ),
        "ciphertext": _or_null(_digest),
        "deleted": _bool,
    },
    "resend": {
        "answers": _digest,
        "reason": _one_of("lost", "damaged", "mismatch"),
        "parts": _sorted(_part),
        "buckets": _buckets,
        "round": _count(0, 3),
    },
    "void": {
        "answers": _digest,
        "reason": _one_of("cancelled", "expired", "insolvent", "key_lost", "mismatch"),
        "deleted": _bool,
    },
}

KINDS: Sequence[str] = tuple(FIELDS)
