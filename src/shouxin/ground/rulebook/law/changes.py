"""What differs between two editions of the law, and everything that rests on it.

    impact(old, new, citing={"step": {"asset_sale/tell-customers": {"PIPL-23a"}}, "case": {...}})

Duties, retention rules and windows are part of an edition and are found here; gate rows, steps, templates, notices and
open cases live above and are handed in as what they cite.
"""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from itertools import chain
from typing import Any

from shouxin.ground.kernel.refusals import Refusal
from shouxin.ground.rulebook.law.catalogue import Obligation
from shouxin.ground.rulebook.law.edition import Edition
from shouxin.ground.rulebook.law.windows import Window

Citing = Mapping[str, Mapping[str, Collection[str]]]
RULES = ("obligation", "retention", "window")


@dataclass(frozen=True)
class Change:
    """One thing that differs. `parts` are the parts of it; `laxer` of a rule is None where only a reader can tell."""

    kind: str
    id: str
    what: str
    parts: tuple[str, ...] = ()
    before: str = ""
    after: str = ""
    laxer: bool | None = None

    @property
    def name(self) -> str:
        """Its name among the changes of a proposal."""
        return f"{self.kind}:{self.id}"


@dataclass(frozen=True)
class Impact:
    """Every change, what rests on it by kind and id with the law ids it cites, and what would cite nothing any more."""

    old: str
    new: str
    changes: tuple[Change, ...]
    touched: Mapping[str, Mapping[str, tuple[str, ...]]]
    lost: Mapping[str, Mapping[str, tuple[str, ...]]]

    @property
    def is_empty(self) -> bool:
        """Whether both editions say the same."""
        return not self.changes

    @property
    def to_be_read(self) -> tuple[Change, ...]:
        """The changes of a rule that ask for less than before, or of which only a reader can tell."""
        return tuple(change for change in self.changes if change.kind in RULES and change.laxer is not False)


def impact(old: Edition, new: Edition, citing: Citing) -> Impact:
    """Return what changes from one edition to another, and what rests on it.

    Raises:
        Corrupt, Refusal: one of the editions cannot be read.
    """
    changes = tuple(_changes(old, new))
    touched_ids = _Touched(old, new, changes)
    everything = {**citing, **_within(old, new)}
    touched = {kind: _kept(citers, touched_ids.by) for kind, citers in everything.items()}
    lost = {
        kind: _kept(citers, lambda ids: tuple(id for id in ids if not new.knows(id))) for kind, citers in citing.items()
    }
    return Impact(
        old=old.digest,
        new=new.digest,
        changes=changes,
        touched={kind: found for kind, found in touched.items() if found},
        lost={kind: found for kind, found in lost.items() if found},
    )


def _kept(citers: Mapping[str, Collection[str]], pick: Any) -> dict[str, tuple[str, ...]]:
    picked = {id: pick(tuple(sorted(ids))) for id, ids in sorted(citers.items())}
    return {id: ids for id, ids in picked.items() if ids}


class _Touched:
    """Which law ids a set of changes reaches: the article behind an id, the id itself, or its whole statute."""

    def __init__(self, old: Edition, new: Edition, changes: tuple[Change, ...]) -> None:
        self.editions = (new, old)
        self.ids = {change.id for change in changes if change.kind in ("article", "reference", "obligation")}
        self.statutes = {change.id for change in changes if change.kind in ("statute", "renumbering")}

    def by(self, ids: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(id for id in ids if self._is_touched(id))

    def _is_touched(self, id: str) -> bool:
        place = self._article_of(id)
        return id in self.ids or place in self.ids or place.partition("-")[0] in self.statutes

    def _article_of(self, id: str) -> str:
        for edition in self.editions:
            try:
                return edition.article_of(id)
            except Refusal:
                continue
        return id


def _within(old: Edition, new: Edition) -> dict[str, dict[str, set[str]]]:
    """What the editions themselves hold that rests on law ids: duties, retention rules, windows."""
    found: dict[str, dict[str, set[str]]] = {"obligation": {}, "retention": {}, "window": {}}
    for edition in (old, new):
        for id in edition.obligations:
            found["obligation"].setdefault(id, set()).add(id)
        for id, entry in edition.table("retention.toml").items():
            found["retention"].setdefault(id, set()).update(sources_in(entry))
        for id, window in edition.windows.windows.items():
            found["window"].setdefault(id, set()).update(window.law)
    return found


def sources_in(entry: Any) -> Iterator[str]:
    """Every law id that a retention rule names, at whatever depth."""
    if not isinstance(entry, Mapping):
        return
    for key, value in entry.items():
        if key in ("source", "duty") and isinstance(value, str):
            yield value
        else:
            yield from sources_in(value)


# --- what differs ----------------------------------------------------------------------------------------------------


def _changes(old: Edition, new: Edition) -> Iterator[Change]:
    return chain(
        _statutes(old, new),
        _plain(old.references, new.references, "reference", ("mark", "zh", "en")),
        _renumberings(old, new),
        _obligations(old, new),
        _retention(old, new),
        _windows(old, new),
        _calendars(old, new),
    )


def _statutes(old: Edition, new: Edition) -> Iterator[Change]:
    for code in sorted({*old.statute_codes, *new.statute_codes}):
        if code not in new.statute_codes:
            yield Change("statute", code, "removed")
            continue
        after = new.statute(code)
        if code not in old.statute_codes:
            yield Change("statute", code, "added", after=after.mark)
            continue
        before = old.statute(code)
        if before.digest == after.digest and before == after:
            continue
        named = ("mark", "zh", "en", "title", "effective", "superseded_on", "status", "source", "official_url")
        parts = tuple(name for name in named if getattr(before, name) != getattr(after, name))
        if parts:
            yield Change("statute", code, "changed", parts, before.mark, after.mark)
        for number in dict.fromkeys([*before.articles, *after.articles]):
            was, now = before.articles.get(number), after.articles.get(number)
            if was != now:
                what = "removed" if now is None else "added" if was is None else "reworded"
                yield Change("article", f"{code}-{number}", what, (), was.text if was else "", now.text if now else "")


def _plain(old: Mapping[str, Any], new: Mapping[str, Any], kind: str, named: tuple[str, ...]) -> Iterator[Change]:
    for id in sorted({*old, *new}):
        before, after = old.get(id), new.get(id)
        if before is None or after is None:
            yield Change(kind, id, "added" if before is None else "removed", laxer=before is not None)
            continue
        parts = tuple(name for name in named if getattr(before, name) != getattr(after, name))
        if parts:
            yield Change(kind, id, "changed", parts, laxer=_is_laxer(before, after, set(parts)))


def _renumberings(old: Edition, new: Edition) -> Iterator[Change]:
    for code in sorted({*old.renumberings, *new.renumberings}):
        if old.renumberings.get(code) != new.renumberings.get(code):
            yield Change("renumbering", code, "changed")


def _obligations(old: Edition, new: Edition) -> Iterator[Change]:
    named = tuple(name for name in Obligation.__dataclass_fields__ if name != "id")
    return _plain(old.obligations, new.obligations, "obligation", named)


def _windows(old: Edition, new: Edition) -> Iterator[Change]:
    named = tuple(name for name in Window.__dataclass_fields__ if name != "id")
    yield from _plain(old.windows.windows, new.windows.windows, "window", named)
    if old.windows.events != new.windows.events or old.windows.tensions != new.windows.tensions:
        yield Change("window", "events", "changed", ("events", "tensions"))


def _is_laxer(before: Any, after: Any, parts: set[str]) -> bool | None:
    """Whether what stands after asks for less; None where only a reader can tell."""
    if isinstance(before, Obligation) and parts <= {"severity", "trigger", "triggers"}:
        return after.weight < before.weight or not before.triggers <= after.triggers
    if isinstance(before, Window) and parts <= {"amount", "words", "zh", "en"}:
        waits = before.how in ("full", "standing", "exactly")
        return bool(after.amount < before.amount if waits else after.amount > before.amount)
    return None


def _retention(old: Edition, new: Edition) -> Iterator[Change]:
    was, now = old.table("retention.toml"), new.table("retention.toml")
    for id in sorted({*was, *now}):
        before, after = was.get(id), now.get(id)
        if before == after:
            continue
        if before is None or after is None:
            yield Change("retention", id, "added" if before is None else "removed", laxer=before is not None)
            continue
        parts = tuple(sorted(key for key in {*before, *after} if before.get(key) != after.get(key)))
        was_long, is_long = longest_months(before), longest_months(after)
        laxer = is_long < was_long if set(parts) <= {"period", "prolonged_by"} else None
        yield Change("retention", id, "changed", parts, str(was_long), str(is_long), laxer)


def longest_months(entry: Any) -> int:
    """The longest time that a retention rule names, in months."""
    if not isinstance(entry, Mapping):
        return 0
    own = int(entry.get("months", 0)) + 12 * int(entry.get("years", 0))
    return max([own, *(longest_months(each) for each in entry.values())])


def _calendars(old: Edition, new: Edition) -> Iterator[Change]:
    for year in sorted({*old.calendar.years, *new.calendar.years}):
        before, after = old.calendar.years.get(year), new.calendar.years.get(year)
        if before == after:
            continue
        published = after is not None and not after.provisional and (before is None or before.provisional)
        what = "removed" if after is None else "published" if published else "added" if before is None else "changed"
        yield Change("calendar", str(year), what)
