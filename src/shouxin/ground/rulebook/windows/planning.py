"""Plan backwards from the days one wants.

Days that have happened stand; days one wants are tried; every other event lies between the earliest day that the law
leaves and the latest from which the wanted days are still reached. A clash names the law on both sides. The earliest
lawful days of hand-over and deregistration do not listen to what one wants.
"""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import replace
from datetime import date

from shouxin.ground.kernel.refusals import Refusal
from shouxin.ground.rulebook.law.catalogue import TRIGGERS_OF
from shouxin.ground.rulebook.law.edition import Edition, current, using
from shouxin.ground.rulebook.law.windows import Tension, Window, WindowTable
from shouxin.ground.rulebook.windows import network
from shouxin.ground.rulebook.windows.network import Bound, Broken, Endless
from shouxin.ground.rulebook.windows.values import Asked, Clash, Foreseen, Plan, Planned

BUSINESS_KINDS = ("limited_company", "individual_business", "sole_proprietorship", "branch")
ROLES = ("successor", "other_handler", "processor", "custodian", "subject_directed")
_ENDS = ("transfer", "deregistration")


def plan(
    *,
    structures: Collection[str],
    business_kind: str,
    roles: Collection[str] | None,
    facts: Mapping[str, bool],
    today: date,
    happened: Mapping[str, date],
    wanted: Mapping[str, date],
    edition: Edition | None = None,
) -> Plan:
    """Plan a change: `roles` are those of its recipients, `facts` what the interview answered.

    Raises:
        Refusal("windows.unknown"): a structure, business kind, role, fact or event that no window knows;
        ("windows.not_yet"): something is said to have happened after today;
        ("workdays.unknown_year"): the calendar does not reach there.
    """
    asked = Asked(
        structures=frozenset(structures),
        business_kind=business_kind,
        roles=None if roles is None else frozenset(roles),
        facts=dict(facts),
        today=today,
        happened=dict(happened),
        wanted=dict(wanted),
    )
    return _make(asked, edition or current())


def moved(old: Plan, event: str, day: date) -> Plan:
    """Return the plan with one wanted day moved, or wanted for the first time.

    Raises:
        Refusal("windows.has_happened"): its day stands; and as `plan`.
    """
    stands = old.asked.happened.get(event)
    if stands is not None:
        raise Refusal("windows.has_happened", event=event, day=stands.isoformat())
    return _make(replace(old.asked, wanted={**old.asked.wanted, event: day}), old.edition)


def happened(old: Plan, event: str, day: date, *, today: date) -> Plan:
    """Return the plan once a day has come: it stands now, and planning goes on from `today`.

    Raises:
        Refusal: as `plan`.
    """
    wanted = {name: when for name, when in old.asked.wanted.items() if name != event}
    stands = {**old.asked.happened, event: day}
    return _make(replace(old.asked, happened=stands, wanted=wanted, today=today), old.edition)


def backwards(made: Plan) -> dict[str, date]:
    """Return one day for each event: the latest that still reaches the wanted days, else the earliest after those.

    Raises:
        Refusal("windows.clash"): the wanted days cannot be kept.
    """
    if made.clashes:
        raise Refusal("windows.clash", count=len(made.clashes), codes=[each.code for each in made.clashes])
    bounded = {name: each.latest for name, each in made.events.items() if each.latest is not None}
    with using(made.edition):
        found = network.earliest(made.windows, bounded, made.asked.today)
    return {name: bound.day for name, bound in found.items()}


# --- making one ------------------------------------------------------------------------------------------------------


def _check(asked: Asked, table: WindowTable) -> None:
    known = {
        "structure": (asked.structures, TRIGGERS_OF.keys()),
        "business_kind": ({asked.business_kind}, BUSINESS_KINDS),
        "role": (asked.roles or (), ROLES),
        "fact": (asked.facts, table.facts),
        "event": (asked.fixed, table.events),
    }
    for kind, (given, allowed) in known.items():
        for id in given:
            if id not in allowed:
                raise Refusal("windows.unknown", kind=kind, id=id, known=sorted(allowed))
    for event, day in asked.happened.items():
        if day > asked.today:
            raise Refusal("windows.not_yet", event=event, day=day.isoformat(), today=asked.today.isoformat())


def _applying(asked: Asked, edition: Edition) -> tuple[Window, ...]:
    """The windows of this change; one whose law had not yet taken effect on the day that it would bind is not."""
    found = []
    for window in edition.windows.windows.values():
        bound_on = asked.fixed.get(window.end)
        holder = edition.article_of(window.law[0]).partition("-")[0]
        too_new = (
            bound_on is not None and holder in edition.statute_codes and not edition.statute(holder).has_begun(bound_on)
        )
        if not too_new and window.when.holds(asked.structures, asked.business_kind, asked.roles, asked.facts):
            found.append(window)
    return tuple(found)


def _make(asked: Asked, edition: Edition) -> Plan:
    table = edition.windows
    _check(asked, table)
    windows = _applying(asked, edition)
    with using(edition):
        try:
            free = network.earliest(windows, asked.happened, asked.today)
            tried = network.earliest(windows, asked.fixed, asked.today)
        except Endless as endless:
            return _impossible(asked, edition, windows, endless)
        latest = network.latest(windows, asked.fixed)
        clashes = tuple(_clash(each, asked, table) for each in network.broken(windows, asked.fixed, tried))
        foreseen = tuple(_foreseen(windows, table, asked))
    return Plan(
        asked=asked,
        edition=edition,
        windows=windows,
        events={
            name: _planned(name, asked, table, tried[name], latest.get(name)) for name in table.events if name in tried
        },
        clashes=clashes,
        foreseen=foreseen,
        not_held=tuple(
            each
            for each in table.not_held
            if each.when.holds(asked.structures, asked.business_kind, asked.roles, asked.facts)
        ),
        lawful={name: free[name].day for name in _ENDS if name in free},
    )


def _planned(name: str, asked: Asked, table: WindowTable, early: Bound, late: Bound | None) -> Planned:
    return Planned(
        event=table.events[name],
        earliest=early.day,
        latest=late.day if late is not None else None,
        fixed=asked.fixed.get(name),
        happened=name in asked.happened,
        because=early.tie.window.id if early.tie else "",
        until=late.tie.window.id if late is not None and late.tie else "",
        provisional=early.provisional or (late is not None and late.provisional),
    )


def _foreseen(windows: tuple[Window, ...], table: WindowTable, asked: Asked) -> Iterator[Foreseen]:
    """The pairs that pull against each other here, each with the earliest days that would satisfy both."""
    for pull in table.tensions:
        longer = tuple(each for each in windows if each.id in pull.longer)
        shorter = tuple(each for each in windows if each.id in pull.shorter)
        if longer and shorter:
            stands = {event: day for event, day in asked.happened.items() if event != pull.leaves}
            days = network.earliest(windows, stands, asked.today)
            yield Foreseen(pull, longer, shorter, days[pull.needs].day, days[pull.leaves].day)


def _clash(each: Broken, asked: Asked, table: WindowTable) -> Clash:
    longer = tuple(tie.window for tie in each.chain if not tie.is_limit)
    shorter = tuple(tie.window for tie in each.chain if tie.is_limit)
    pull = _tension(each, table)
    event, fixed, lawful = each.event, each.fixed, each.lawful
    sentence = pull.broken if pull is not None else table.clashes["too_early"]
    if pull is None and not longer:
        event, sentence = each.chain[-1].source, table.clashes["too_late"]
        fixed, lawful = asked.fixed.get(event, asked.today), _last_allowed(each)
    return Clash(table.events[event], fixed, lawful, longer, shorter, sentence, each.provisional)


def _tension(each: Broken, table: WindowTable) -> Tension | None:
    """The pair of windows that this chain breaks; of several the one whose limit stands nearest the fixed day."""
    chain = [tie.window.id for tie in each.chain]
    for id in chain:
        for pull in table.tensions:
            if id in pull.shorter and pull.longer & set(chain):
                return pull
    return None


def _last_allowed(each: Broken) -> date:
    """How late the day that pushes might have been: the limits counted forwards from the day that is pushed."""
    day = each.fixed
    for tie in each.chain:
        due = network.counting.latest_end(tie.window, day)
        day = due.date if due is not None else day
    return day


def _impossible(asked: Asked, edition: Edition, windows: tuple[Window, ...], endless: Endless) -> Plan:
    table = edition.windows
    longer = tuple(tie.window for tie in endless.ties if not tie.is_limit)
    shorter = tuple(tie.window for tie in endless.ties if tie.is_limit)
    event = table.events[endless.ties[0].target]
    clash = Clash(event, asked.today, asked.today, longer, shorter, table.clashes["impossible"], False)
    return Plan(asked, edition, windows, {}, (clash,), (), (), {})
