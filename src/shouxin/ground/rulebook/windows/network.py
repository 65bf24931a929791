"""Days tied by windows: the earliest each event can be, the latest it may be, and which windows push it there.

Every window is a pair of ties that only narrow: a waiting time pushes its end later, a time limit turned round pushes
its start later. The earliest days are the least that satisfy all ties, the latest the greatest; a fixed day that a tie
pushes beyond itself is broken, and the chain of ties back to the day that pushes names both sides of the clash.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from shouxin.ground.rulebook.law.windows import Window
from shouxin.ground.rulebook.windows import counting
from shouxin.ground.rulebook.workdays import Due

Count = Callable[[Window, date], Due | None]


@dataclass(frozen=True)
class Tie:
    """One direction of a window: from the day of `source` a bound on the day of `target`."""

    window: Window
    source: str
    target: str
    is_limit: bool
    count: Count

    def bound(self, day: date) -> Due | None:
        """Return the bound on the target for a day of the source."""
        return self.count(self.window, day)


@dataclass(frozen=True)
class Bound:
    """A day with the tie that set it; none for a fixed day or the day of planning."""

    day: date
    tie: Tie | None = None
    provisional: bool = False


@dataclass(frozen=True)
class Broken:
    """A fixed day that a chain of ties forbids: it may not be before `lawful`. The chain is told from that day back."""

    event: str
    fixed: date
    lawful: date
    chain: tuple[Tie, ...]
    provisional: bool


def pushing(windows: Sequence[Window]) -> list[Tie]:
    """The ties that push days later."""
    waits = [Tie(each, each.start, each.end, False, counting.earliest_end) for each in windows if each.how != "by"]
    limits = [each for each in windows if each.how in ("within", "by", "exactly")]
    return waits + [Tie(each, each.end, each.start, True, counting.earliest_start) for each in limits]


def pulling(windows: Sequence[Window]) -> list[Tie]:
    """The ties that pull days earlier."""
    waits = [Tie(each, each.end, each.start, False, counting.latest_start) for each in windows if each.how != "by"]
    limits = [each for each in windows if each.how in ("within", "by", "exactly")]
    return waits + [Tie(each, each.start, each.end, True, counting.latest_end) for each in limits]


def _events(ties: Sequence[Tie], fixed: Mapping[str, date]) -> list[str]:
    return list(dict.fromkeys([*fixed, *(event for tie in ties for event in (tie.source, tie.target))]))


class Endless(Exception):
    """The ties push each other round for ever: no days satisfy them."""

    def __init__(self, ties: tuple[Tie, ...]) -> None:
        super().__init__()
        self.ties = ties


def earliest(windows: Sequence[Window], fixed: Mapping[str, date], floor: date) -> dict[str, Bound]:
    """Return the earliest day of each event: fixed days as they are, nothing else before `floor`.

    Raises:
        Endless: the windows contradict one another whatever the days.
        Refusal("workdays.unknown_year"): the calendar does not reach there.
    """
    ties = pushing(windows)
    bounds = {event: Bound(fixed.get(event, floor)) for event in _events(ties, fixed)}
    free = [tie for tie in ties if tie.target not in fixed]
    for _ in range(2 * len(bounds) + 2):
        pushed = [tie for tie in free if _push(bounds, tie)]
        if not pushed:
            return bounds
    raise Endless(_circle(bounds, pushed[-1].target))


def _push(bounds: dict[str, Bound], tie: Tie) -> bool:
    source = bounds[tie.source]
    due = tie.bound(source.day)
    if due is None or due.date <= bounds[tie.target].day:
        return False
    bounds[tie.target] = Bound(due.date, tie, due.provisional or source.provisional)
    return True


def _circle(bounds: Mapping[str, Bound], event: str) -> tuple[Tie, ...]:
    seen: dict[str, Tie] = {}
    while event not in seen:
        tie = bounds[event].tie
        if tie is None:
            break
        seen[event] = tie
        event = tie.source
    return tuple(seen.values())


def latest(windows: Sequence[Window], fixed: Mapping[str, date]) -> dict[str, Bound]:
    """Return the latest day of each event that a fixed day bounds; the others have none.

    Raises:
        Refusal("workdays.unknown_year"): the calendar does not reach there.
    """
    ties = [tie for tie in pulling(windows) if tie.target not in fixed]
    bounds = {event: Bound(day) for event, day in fixed.items()}
    for _ in range(2 * len(_events(ties, fixed)) + 2):
        pulled = [tie for tie in ties if tie.source in bounds and _pull(bounds, tie)]
        if not pulled:
            break
    return bounds


def _pull(bounds: dict[str, Bound], tie: Tie) -> bool:
    source = bounds[tie.source]
    due = tie.bound(source.day)
    if due is None or (tie.target in bounds and bounds[tie.target].day <= due.date):
        return False
    bounds[tie.target] = Bound(due.date, tie, due.provisional or source.provisional)
    return True


def broken(windows: Sequence[Window], fixed: Mapping[str, date], bounds: Mapping[str, Bound]) -> Iterator[Broken]:
    """Every fixed day that other days push beyond itself: for each day that pushes the chain that pushes furthest."""
    worst: dict[tuple[str, str], Broken] = {}
    for tie in pushing(windows):
        day = fixed.get(tie.target)
        due = tie.bound(bounds[tie.source].day) if day is not None else None
        if day is None or due is None or due.date <= day:
            continue
        chain = (tie, *_chain(bounds, tie.source))
        found = Broken(tie.target, day, due.date, chain, due.provisional or bounds[tie.source].provisional)
        known = worst.setdefault((tie.target, chain[-1].source), found)
        if known.lawful < found.lawful:
            worst[tie.target, chain[-1].source] = found
    yield from worst.values()


def _chain(bounds: Mapping[str, Bound], event: str) -> Iterator[Tie]:
    tie = bounds[event].tie
    while tie is not None:
        yield tie
        tie = bounds[tie.source].tie
