"""Table C: the notices that a change owes even where nothing moves, each with its law, to whom, and until which day.

What was not recorded counts as so: a shop that nobody looked into runs an own page, a province may have changed. A
notice that rests on such an assumption says so. Days without a date to count from stay open.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

from shouxin.ground.rulebook.gates.codes import Structure


class Told(StrEnum):
    """What people were told when their information was taken, and must be told again when it changes (PIPL 17)."""

    NAME = "name"
    ADDRESS = "address"
    CONTACT = "contact"
    PURPOSE = "purpose"
    METHOD = "method"
    KINDS = "kinds"
    PERIOD = "period"


class To(StrEnum):
    """Whom a notice is owed to."""

    PERSONS = "persons"
    HOME_PAGE = "home_page"
    CREDITORS = "creditors"
    PUBLIC = "public"
    AUTHORITY = "authority"
    OWN_STAFF = "own_staff"


# What a change changes by itself; the interview adds what else it found.
CHANGED_BY: dict[Structure, frozenset[Told]] = {
    Structure.ADDRESS: frozenset({Told.ADDRESS, Told.CONTACT}),
    Structure.MERGER: frozenset({Told.NAME, Told.CONTACT}),
    Structure.DIVISION: frozenset({Told.NAME, Told.CONTACT}),
    Structure.OPERATOR_CHANGE: frozenset({Told.NAME, Told.CONTACT}),
}
_MAY_END = frozenset(Structure) - {Structure.ADDRESS, Structure.EQUITY}
_LICENCE = frozenset({Told.NAME, Told.ADDRESS})


@dataclass(frozen=True)
class ChangeFacts:
    """What a change touches besides the information itself; None: nobody looked into it, so it counts as so."""

    structures: frozenset[Structure]
    changed: frozenset[Told] | None = None
    changed_on: date | None = None
    own_page: bool | None = None
    ends_online_on: date | None = None
    ends_online: bool | None = None
    licence_changed: bool | None = None
    officer_changed: bool | None = None
    province_changed: bool | None = None
    resolved_on: date | None = None
    liquidation_group_on: date | None = None
    dissolution_cause_on: date | None = None
    simplified_notice: bool | None = None
    offers_beyond: bool | None = None


@dataclass(frozen=True)
class Owed:
    """One notice: its code, to whom, its law, by which day it is due, what it tells, whether it is assumed."""

    code: str
    to: To
    law: tuple[str, ...]
    due: date | None = None
    what: tuple[Told, ...] = ()
    is_assumed: bool = False


def notices_owed(change: ChangeFacts) -> tuple[Owed, ...]:
    """Return every notice that a change owes, in the order of table C."""
    return tuple(
        owed
        for judge in (_change_told, _online_ends, _licence, _officer, _province, _creditors, _dissolution, _platform)
        for owed in judge(change)
    )


def _after(day: date | None, days: int) -> date | None:
    return None if day is None else day + timedelta(days=days)


def _before(day: date | None, days: int) -> date | None:
    return None if day is None else day - timedelta(days=days)


def _what_changed(change: ChangeFacts) -> frozenset[Told]:
    by_itself = frozenset().union(*(CHANGED_BY.get(each, frozenset()) for each in change.structures))
    return by_itself | (frozenset(Told) if change.changed is None else change.changed)


def _change_told(change: ChangeFacts) -> Iterator[Owed]:
    what = _what_changed(change)
    if what:
        named = tuple(each for each in Told if each in what)
        assumed = change.changed is None
        yield Owed("owed.change", To.PERSONS, ("PIPL-17b",), change.changed_on, named, assumed)


def _online_ends(change: ChangeFacts) -> Iterator[Owed]:
    ends = change.ends_online
    if ends is None and not change.structures & _MAY_END:
        ends = False
    if change.own_page is not False and ends is not False:
        assumed = change.own_page is None or ends is None
        yield Owed("owed.online_ends", To.HOME_PAGE, ("EC-16",), _before(change.ends_online_on, 30), is_assumed=assumed)


def _licence(change: ChangeFacts) -> Iterator[Owed]:
    changed = change.licence_changed
    if changed is None and not _what_changed(change) & _LICENCE:
        changed = False
    if change.own_page is not False and changed is not False:
        assumed, due = change.own_page is None or changed is None, _after(change.changed_on, 15)
        yield Owed("owed.licence", To.HOME_PAGE, ("REGR-64", "EC-15"), due, is_assumed=assumed)


def _officer(change: ChangeFacts) -> Iterator[Owed]:
    if change.officer_changed is not False:
        assumed = change.officer_changed is None
        yield Owed("owed.officer_public", To.PERSONS, ("PIPL-52",), change.changed_on, is_assumed=assumed)
        yield Owed("owed.officer_reported", To.AUTHORITY, ("PIPL-52",), change.changed_on, is_assumed=assumed)


def _province(change: ChangeFacts) -> Iterator[Owed]:
    if change.province_changed is False or (
        change.province_changed is None and Structure.ADDRESS not in change.structures
    ):
        return
    assumed = change.province_changed is None
    yield Owed("owed.province", To.OWN_STAFF, ("INC-4",), change.changed_on, is_assumed=assumed)


def _creditors(change: ChangeFacts) -> Iterator[Owed]:
    for structure, law in ((Structure.MERGER, "CO-220"), (Structure.DIVISION, "CO-222")):
        if structure in change.structures:
            yield Owed("owed.creditors_told", To.CREDITORS, (law,), _after(change.resolved_on, 10))
            yield Owed("owed.creditors_announced", To.PUBLIC, (law,), _after(change.resolved_on, 30))
    if Structure.DISSOLUTION in change.structures:
        formed = change.liquidation_group_on
        yield Owed("owed.creditors_told", To.CREDITORS, ("CO-235",), _after(formed, 10))
        yield Owed("owed.creditors_announced", To.PUBLIC, ("CO-235",), _after(formed, 60))


def _dissolution(change: ChangeFacts) -> Iterator[Owed]:
    if Structure.DISSOLUTION in change.structures:
        yield Owed("owed.dissolution_cause", To.PUBLIC, ("CO-229",), _after(change.dissolution_cause_on, 10))


def _platform(change: ChangeFacts) -> Iterator[Owed]:
    """A shop on a platform, or one that promised to give nothing to anyone, loses the simplified notice by giving."""
    if change.simplified_notice is not False and change.offers_beyond is not False:
        assumed = change.simplified_notice is None or change.offers_beyond is None
        yield Owed("owed.full_notice", To.PERSONS, ("SH-6", "SH-8"), is_assumed=assumed)
