"""How long which fields must be kept: record classes with period, start and source.

A statutory period runs through its last day. Where a record falls under several classes the longest holds. A source
that is not verified may only prolong; a class without any period is kept on a signed opinion alone, and that opinion
may not exceed what the class allows. A period never keeps more than the fields its class needs: an order kept ten
years for the tax office does not keep the customer's habits with it.

    retention_end("tax_voucher", date(2026, 3, 1))   -> 2036-03-01, under TAX-29
"""

import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from enum import IntEnum
from functools import cache
from importlib import resources
from types import MappingProxyType
from typing import Any

import numpy as np
import numpy.typing as npt

from shouxin.ground.kernel.refusals import Corrupt, Refusal
from shouxin.ground.rulebook import law, terms


class Running(IntEnum):
    """Whether a statutory period runs for a cell."""

    NONE = 0
    RUNS = 1
    RUNS_UNVERIFIED = 2


@dataclass(frozen=True)
class Period:
    """A length in months, the law id it rests on, and how far that is verified."""

    months: int
    source: str
    mark: str


@dataclass(frozen=True)
class RecordClass:
    """A kind of record that a law, or only an opinion, keeps: the fields it needs, from which day, for how long."""

    id: str
    fields: tuple[str, ...]
    category: str | None
    whole_original: bool
    start: str
    from_next_year: bool
    duty: str | None
    period: Period | None
    prolonged_by: Period | None
    opinion: Period | None

    @property
    def is_statutory(self) -> bool:
        """Whether any law, verified or not, sets a period."""
        return self.period is not None or self.prolonged_by is not None

    @property
    def categories(self) -> frozenset[str]:
        """The kinds of information in which this class needs something."""
        named = {terms.fields()[field].category for field in self.fields}
        return frozenset(named | ({self.category} if self.category else set()))


def _period(entry: Mapping[str, Any] | None) -> Period | None:
    if entry is None:
        return None
    return Period(entry.get("months", 0) + 12 * entry.get("years", 0), entry["source"], entry["mark"])


def _record_class(id: str, entry: Mapping[str, Any]) -> RecordClass:
    return RecordClass(
        id=id,
        fields=tuple(entry["fields"]),
        category=entry.get("category"),
        whole_original=entry.get("whole_original", False),
        start=entry["start"],
        from_next_year=entry.get("from") == "next_year",
        duty=entry.get("duty"),
        period=_period(entry.get("period")),
        prolonged_by=_period(entry.get("prolonged_by")),
        opinion=_period(entry.get("opinion")),
    )


def _check_class(record: RecordClass) -> None:
    where = f"law/retention.toml {record.id}"
    for field in record.fields:
        if field not in terms.fields():
            raise Corrupt(f"a record class needs the unknown field {field}", where)
    for period in (record.period, record.prolonged_by, record.opinion):
        if period is not None and not law.knows(period.source):
            raise Corrupt(f"a record class rests on the unknown law {period.source}", where)
    if record.period is not None and (record.period.mark not in "VR" or not law.is_verified(record.period.source)):
        raise Corrupt("a period that is relied on must rest on a verified text", where)


def parse_classes(text: str) -> dict[str, RecordClass]:
    """Read record classes from a TOML text.

    Raises:
        Corrupt: an unknown field or law, or a period relied on without a verified text.
    """
    found = {id: _record_class(id, entry) for id, entry in tomllib.loads(text).items()}
    for record in found.values():
        _check_class(record)
    return found


@cache
def classes() -> Mapping[str, RecordClass]:
    """Every record class by id.

    Raises:
        Corrupt: as `parse_classes`.
    """
    text = resources.files(law).joinpath("retention.toml").read_text(encoding="utf-8")
    return MappingProxyType(parse_classes(text))


def class_ids() -> tuple[str, ...]:
    """The ids of all record classes, in the order of the table."""
    return tuple(classes())


def record_class(id: str) -> RecordClass:
    """Return one record class.

    Raises:
        Refusal("retention.unknown_class"): there is no such class.
    """
    found = classes().get(id)
    if found is None:
        raise Refusal("retention.unknown_class", id=id)
    return found


def _longest(record: RecordClass) -> Period:
    periods = [period for period in (record.period, record.prolonged_by) if period is not None]
    if not periods:
        raise Refusal("retention.no_period", id=record.id)
    return max(periods, key=lambda period: period.months)


def _add_months(starts: npt.NDArray[np.datetime64], months: int) -> npt.NDArray[np.datetime64]:
    """The same day of a later month, or that month's last day (Civil Code 202, from memory)."""
    first = starts.astype("datetime64[M]")
    target = first + np.timedelta64(months, "M")
    last = (target + np.timedelta64(1, "M")).astype("datetime64[D]") - np.timedelta64(1, "D")
    same_day = target.astype("datetime64[D]") + (starts - first.astype("datetime64[D]"))
    return np.minimum(same_day, last)


def _ends(record: RecordClass, starts: npt.NDArray[np.datetime64], months: int) -> npt.NDArray[np.datetime64]:
    days = starts.astype("datetime64[D]")
    if record.from_next_year:
        next_year = days.astype("datetime64[Y]") + np.timedelta64(1, "Y")
        return _add_months(next_year.astype("datetime64[D]"), months) - np.timedelta64(1, "D")
    return _add_months(days, months)


def retention_end(class_id: str, start: date) -> date:
    """Return the last day on which records of a class must be kept; the day after, they may end.

    Raises:
        Refusal("retention.unknown_class"): there is no such class.
        Refusal("retention.no_period"): no law sets a period; only a signed opinion can keep it (PIPL 47).
    """
    record = record_class(class_id)
    ends = _ends(record, np.array([start], dtype="datetime64[D]"), _longest(record).months)
    return ends.astype(object)[0]  # type: ignore[no-any-return]


def opinion_end(class_id: str, start: date, *, years: int) -> date:
    """Return the last day on which a signed opinion keeps records of a class.

    Raises:
        Refusal("retention.opinion_too_long"): the opinion asks for more than the class allows, or none is possible.
    """
    record = record_class(class_id)
    if record.opinion is None or years * 12 > record.opinion.months:
        allowed = 0 if record.opinion is None else record.opinion.months // 12
        raise Refusal("retention.opinion_too_long", id=class_id, asked_years=years, allowed_years=allowed)
    return _ends(record, np.array([start], dtype="datetime64[D]"), years * 12).astype(object)[0]  # type: ignore[no-any-return]


def running(class_id: str, last_on: npt.NDArray[np.datetime64], *, on: date) -> npt.NDArray[np.uint8]:
    """Return for each newest record whether its period runs on a day; NaT means that there is no such record.

    `Running.RUNS` where the period relied on has not ended, `RUNS_UNVERIFIED` where only an unverified source prolongs.

    Raises:
        Refusal("retention.unknown_class"): there is no such class.
    """
    record = record_class(class_id)
    found = np.zeros(last_on.shape, dtype=np.uint8)
    day = np.datetime64(on, "D")
    if record.prolonged_by is not None:
        found[_ends(record, last_on, record.prolonged_by.months) >= day] = Running.RUNS_UNVERIFIED
    if record.period is not None:
        found[_ends(record, last_on, record.period.months) >= day] = Running.RUNS
    return found


def runs(class_id: str, last_on: npt.NDArray[np.datetime64], *, on: date) -> npt.NDArray[np.bool_]:
    """Return for each newest record whether any period, verified or not, still runs on a day.

    Raises:
        Refusal("retention.unknown_class"): there is no such class.
    """
    return running(class_id, last_on, on=on) != Running.NONE


def lapsed(last_on: npt.NDArray[np.datetime64], *, years: int, on: date) -> npt.NDArray[np.bool_]:
    """Return where more than so many years have gone by on a day since the newest dealing (PIPL 19); never for NaT."""
    ends: npt.NDArray[np.bool_] = _add_months(last_on.astype("datetime64[D]"), years * 12) < np.datetime64(on, "D")
    return ends


@dataclass(frozen=True)
class Standing:
    """What several classes say together of each record: whether a period runs, its last day, and the class that holds
    longest (its place in `class_ids()`; -1 and NaT where none runs).
    """

    running: npt.NDArray[np.uint8]
    until: npt.NDArray[np.datetime64]
    record: npt.NDArray[np.int16]


def standing(last_on: Mapping[str, npt.NDArray[np.datetime64]], *, on: date) -> Standing:
    """Return how each record stands under several classes; `last_on` gives the newest record of each class.

    The longest holds. One verified period that runs makes the whole run; the last day may be an unverified one's.

    Raises:
        Refusal("retention.unknown_class"): there is no such class; ("retention.no_period"): none by law for it.
    """
    shape = next(iter(last_on.values())).shape
    found = np.zeros(shape, dtype=np.uint8)
    until = np.full(shape, np.datetime64("NaT"), dtype="datetime64[D]")
    record = np.full(shape, -1, dtype=np.int16)
    for id, days in last_on.items():
        runs_now = running(id, days, on=on)
        ends = _ends(record_class(id), days, _longest(record_class(id)).months)
        longer = (runs_now != Running.NONE) & (np.isnat(until) | (ends > until))
        until[longer], record[longer] = ends[longer], class_ids().index(id)
        found[(runs_now == Running.RUNS_UNVERIFIED) & (found == Running.NONE)] = Running.RUNS_UNVERIFIED
        found[runs_now == Running.RUNS] = Running.RUNS
    return Standing(found, until, record)


def fields_to_keep(class_ids: Iterable[str]) -> frozenset[str]:
    """Return the only fields that stay in databases and copies for these classes (PIPL 47-2 and 6).

    Raises:
        Refusal("retention.unknown_class"): there is no such class.
    """
    return frozenset(field for id in class_ids for field in record_class(id).fields)
