"""What a plan says: the days of each event, what clashes, what will, and what it was made from."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date

from shouxin.ground.rulebook.law.edition import Edition
from shouxin.ground.rulebook.law.windows import CHOSEN_ROADS, Event, NotHeld, Sentence, Tension, Window

_SAY_DAY: Callable[[date], str] = date.isoformat


@dataclass(frozen=True)
class Asked:
    """What a plan is made from. A fact nobody has answered counts as given; roles of None count as all."""

    structures: frozenset[str]
    business_kind: str
    roles: frozenset[str] | None
    facts: Mapping[str, bool]
    today: date
    happened: Mapping[str, date]
    wanted: Mapping[str, date]

    @property
    def fixed(self) -> dict[str, date]:
        """Every day that stands or is wanted; what has happened comes before what is wanted."""
        return {**self.wanted, **self.happened}


@dataclass(frozen=True)
class Planned:
    """One event: the earliest day the law leaves, the latest that still reaches the wanted days, and what sets them."""

    event: Event
    earliest: date
    latest: date | None
    fixed: date | None
    happened: bool
    because: str
    until: str
    provisional: bool


@dataclass(frozen=True)
class Clash:
    """A day that cannot be kept: `longer` needs more time than `shorter`, or the fixed days, leave."""

    event: Event
    fixed: date
    lawful: date
    longer: tuple[Window, ...]
    shorter: tuple[Window, ...]
    sentence: Sentence
    provisional: bool

    @property
    def code(self) -> str:
        """The code of its sentence."""
        return self.sentence.code

    @property
    def law(self) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """The law ids of both sides."""
        return _law(self.longer), _law(self.shorter)

    def say(self, language: str, day: Callable[[date], str] = _SAY_DAY) -> str:
        """Return its sentence; how a day is written is for the door to say."""
        facts = {"event": self.event.say(language), "fixed": day(self.fixed), "lawful": day(self.lawful)}
        return self.sentence.say(language, **facts)


@dataclass(frozen=True)
class Foreseen:
    """Windows that pull against each other in this change, with the earliest days that satisfy both."""

    tension: Tension
    longer: tuple[Window, ...]
    shorter: tuple[Window, ...]
    needs: date
    leaves: date

    @property
    def code(self) -> str:
        """The code of its sentence."""
        return self.tension.foreseen.code

    @property
    def law(self) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """The law ids of both sides."""
        return _law(self.longer), _law(self.shorter)

    def say(self, language: str, day: Callable[[date], str] = _SAY_DAY) -> str:
        """Return its sentence; how a day is written is for the door to say."""
        return self.tension.foreseen.say(language, needs=day(self.needs), leaves=day(self.leaves))


@dataclass(frozen=True)
class Plan:
    """The days of one change."""

    asked: Asked
    edition: Edition
    windows: tuple[Window, ...]
    events: Mapping[str, Planned]
    clashes: tuple[Clash, ...]
    foreseen: tuple[Foreseen, ...]
    not_held: tuple[NotHeld, ...]
    lawful: Mapping[str, date]

    @property
    def earliest_transfer(self) -> date | None:
        """The earliest lawful day of the hand-over; None where nothing moves."""
        return self.lawful.get("transfer")

    @property
    def earliest_deregistration(self) -> date | None:
        """The earliest lawful day on which the business ends; None where it does not."""
        return self.lawful.get("deregistration")

    @property
    def is_provisional(self) -> bool:
        """Whether a notice of the State Council that is still to come could move a day of this plan."""
        return any(each.provisional for each in self.events.values()) or any(each.provisional for each in self.clashes)

    @property
    def assumed(self) -> tuple[str, ...]:
        """The facts that nobody has answered and that were therefore taken as given."""
        asked = {name for window in self.windows for name in window.when.facts}
        return tuple(sorted(asked - set(self.asked.facts) - CHOSEN_ROADS))

    @property
    def readings(self) -> tuple[Window, ...]:
        """The windows that no text states in so many words; strict as they are, an opinion may choose otherwise."""
        return tuple(window for window in self.windows if not window.is_verified)

    def differences(self, other: "Plan") -> dict[str, tuple[Planned | None, Planned | None]]:
        """Return the events whose days differ, here and there."""
        names = dict.fromkeys([*self.events, *other.events])
        pairs = {name: (self.events.get(name), other.events.get(name)) for name in names}
        return {name: pair for name, pair in pairs.items() if _days(pair[0]) != _days(pair[1])}


def _days(planned: Planned | None) -> tuple[date | None, date | None, date | None]:
    return (None, None, None) if planned is None else (planned.earliest, planned.latest, planned.fixed)


def _law(windows: tuple[Window, ...]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(id for window in windows for id in window.law))
