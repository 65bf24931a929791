"""Whatever the change and the days: a plan keeps every window forwards, and its bounds are exact."""

from datetime import date, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from shouxin.ground.rulebook import law, windows, workdays

DAY = timedelta(days=1)
STRUCTURES = sorted(law.TRIGGERS_OF)
FACTS = sorted(law.shipped().windows.facts)

ASKED = st.fixed_dictionaries(
    {
        "structures": st.sets(st.sampled_from(STRUCTURES), min_size=1, max_size=2),
        "business_kind": st.sampled_from(windows.BUSINESS_KINDS),
        "roles": st.none() | st.sets(st.sampled_from(windows.ROLES)),
        "facts": st.dictionaries(st.sampled_from(FACTS), st.booleans()),
        "today": st.dates(date(2026, 9, 2), date(2028, 6, 30)),
    }
)


def _keeps(window, start, end):
    """The window counted day by day, by its words alone."""
    calendar = workdays.calendar()
    between = [start + timedelta(days=ahead) for ahead in range(1, (end - start).days)]
    if window.how == "order":
        return start <= end
    if window.how == "before":
        return start < end
    if window.how == "exactly":
        return (end - start).days == window.amount
    if window.how in ("within", "by"):
        whole = [start, *between, end] if start < end else [start] * (start == end)
        counted = [day for day in whole if window.unit == "day" or calendar.possibly_works(day)]
        return len(counted) <= window.amount and (window.how == "by" or start <= end)
    waited = between if window.how == "full" else [*between, end] if start < end else []
    return len([day for day in waited if window.unit == "day" or calendar.surely_works(day)]) >= window.amount


def _broken(plan, days):
    return [each.id for each in plan.windows if not _keeps(each, days[each.start], days[each.end])]


def _plan(asked, **days):
    return windows.plan(**asked, happened=days.get("happened", {}), wanted=days.get("wanted", {}))


@settings(max_examples=150, deadline=None)
@given(asked=ASKED)
def test_the_earliest_days_keep_every_window(asked):
    made = _plan(asked)
    assert made.clashes == ()
    assert _broken(made, {name: each.earliest for name, each in made.events.items()}) == []
    assert all(each.earliest >= asked["today"] for each in made.events.values())


@settings(max_examples=150, deadline=None)
@given(asked=ASKED, later=st.integers(0, 120), end=st.sampled_from(["transfer", "deregistration", "application"]))
def test_planned_back_from_any_day_that_can_be_reached_every_window_is_kept(asked, later, end):
    free = _plan(asked)
    if end not in free.events:
        return
    made = windows.moved(free, end, free.events[end].earliest + timedelta(days=later))
    assert made.clashes == ()
    days = windows.backwards(made)
    assert _broken(made, days) == []
    assert days[end] == made.asked.wanted[end]
    assert all(free.events[name].earliest <= day for name, day in days.items())


@settings(max_examples=100, deadline=None)
@given(asked=ASKED, later=st.integers(0, 60), pick=st.integers(0, 40))
def test_the_latest_day_of_an_event_is_the_last_that_still_reaches_the_end(asked, later, pick):
    free = _plan(asked)
    if "transfer" not in free.events:
        return
    made = windows.moved(free, "transfer", free.events["transfer"].earliest + timedelta(days=later))
    bounded = [name for name, each in made.events.items() if each.latest is not None and name != "transfer"]
    if not bounded:
        return
    name = bounded[pick % len(bounded)]
    latest = made.events[name].latest
    assert windows.moved(made, name, latest).clashes == ()
    assert windows.moved(made, name, latest + DAY).clashes != ()


@settings(max_examples=100, deadline=None)
@given(asked=ASKED, pick=st.integers(0, 40))
def test_a_day_before_the_earliest_lawful_one_clashes_and_the_clash_names_that_day(asked, pick):
    free = _plan(asked)
    pushed = [name for name, each in free.events.items() if each.because]
    if not pushed:
        return
    name = pushed[pick % len(pushed)]
    lawful = free.events[name].earliest
    made = windows.moved(free, name, lawful - DAY)
    assert all(each.longer or each.shorter for each in made.clashes)
    if any(each.longer for each in made.clashes):
        assert lawful in {each.lawful for each in made.clashes if each.event.id == name}
    else:  # only limits push it: the clash is told of the event that would be too late
        assert made.clashes
        assert all(each.lawful < each.fixed for each in made.clashes)
    assert windows.moved(free, name, lawful).clashes == ()


@settings(max_examples=60, deadline=None)
@given(asked=ASKED, name=st.sampled_from(FACTS))
def test_a_fact_left_open_never_makes_the_hand_over_earlier_than_either_answer(asked, name):
    if name == "simplified":  # a road one chooses, not a fact
        return
    answered = {key: value for key, value in asked["facts"].items() if key != name}
    open_plan = _plan({**asked, "facts": answered})
    for answer in (True, False):
        told = _plan({**asked, "facts": {**answered, name: answer}})
        if told.earliest_transfer is not None:
            assert open_plan.earliest_transfer >= told.earliest_transfer
        if told.earliest_deregistration is not None:
            assert open_plan.earliest_deregistration >= told.earliest_deregistration


@settings(max_examples=60, deadline=None)
@given(asked=ASKED)
def test_a_reading_only_ever_makes_the_plan_stricter(asked):
    strict = _plan(asked)
    facts = {name: value for name, value in asked["facts"].items() if name in TEXT_ALONE.windows.facts}
    plain = windows.plan(**{**asked, "facts": facts}, happened={}, wanted={}, edition=TEXT_ALONE)
    for name, each in plain.events.items():
        assert strict.events[name].earliest >= each.earliest


def _without_readings():
    """The table as it would be if nobody read anything into the texts: readings demand nothing any more."""
    kept = []
    parts = law.shipped().text("windows.toml").split("\n[")
    for part in parts:
        if not (part.startswith("window.") and "\nreading = true" in part):
            kept.append(part)
    pairs = "\n[".join(kept)
    gone = [part[len("window.") : part.index("]")] for part in parts if part not in kept]
    for id in gone:
        pairs = pairs.replace(f'"{id}", ', "").replace(f', "{id}"', "").replace(f'"{id}"', "")
    return pairs.encode()


TEXT_ALONE = law.Edition({**law.shipped().files, "windows.toml": _without_readings()})
