"""What holds of the gates whatever the facts: tried on made-up crowds in which every value occurs."""

from dataclasses import fields, replace
from datetime import date

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shouxin.ground.rulebook.bases import NOTICE_ELEMENTS, Basis
from shouxin.ground.rulebook.gates import (
    OPEN,
    STRICTNESS,
    Announcement,
    Answer,
    Detail,
    Facts,
    FlowFacts,
    FlowRole,
    Grounds,
    Holding,
    Moved,
    Movement,
    Opinion,
    Question,
    Remains,
    Route,
    SenderFacts,
    Shared,
    Structure,
    Verdict,
    at_cut_off,
    count_ends,
    decide,
    decide_all,
    headline,
    keep_or_end,
)
from shouxin.ground.rulebook.gates.decide import PIECE, judge_remains
from shouxin.ground.rulebook.retention import Running
from tests.ground.rulebook.gates_cast import BUYER, PURPOSES, SUCCESSOR

KINDS = ("basic", "purchase", "behaviour:free_text")
CROWD = 160
CODES = {
    "person_kind": 6,
    "age": 4,
    "notice": 5,
    "holding": 3,
    "several": 4,
    "purpose_basis": 8,
    "answer": 6,
    "moved": 4,
    "running": 3,
    "purpose": 3,
}
BITS = {"requests": (0, 0, 0, 1, 2, 3), "defects": (0, 0, 0, 128)}
RARE = {"dead", "hold", "objected", "lacks_capacity", "purpose_withdrawn", "duty_open", "relatives_request"}
CROWDS = settings(max_examples=40, deadline=None, derandomize=True)
EACH_OF_MANY = settings(max_examples=12, deadline=None, derandomize=True)


def column(source, name, shape):
    """One column in which every value occurs; what stops everything is rare."""
    if name in BITS:
        return source.choice(BITS[name], shape)
    if name == "holding":
        return source.choice([Holding.LIVE] * 8 + [Holding.NONE, Holding.DESTROYED], shape)
    if name in CODES:
        return source.integers(0, CODES[name], shape)
    return source.random(shape) < (0.05 if name in RARE else 0.5)


def crowd(kind, seed, count=CROWD):
    """Made-up columns for `Facts` or `Remains`."""
    source = np.random.default_rng(seed)
    known = {}
    for each in fields(kind):
        if "dtype" in each.metadata and each.name not in ("until", "record"):
            shape = (count, len(KINDS)) if each.metadata["cell"] else (count,)
            known[each.name] = column(source, each.name, shape)
    if kind is Facts:
        people = source.integers(0, count, 40)
        known["shared"] = Shared(people, source.integers(0, 3, 40).astype(np.uint8), source.integers(-1, count, 40))
    return kind.of(count, KINDS, **known)


DAY = st.sampled_from([None, date(2026, 4, 8), date(2026, 5, 6), date(2026, 6, 1)])
COUNT = st.sampled_from([None, 5_000, 100_000, 2_000_000])
SENDERS = st.builds(
    SenderFacts,
    structures=st.frozensets(st.sampled_from(list(Structure)), max_size=3),
    ends_business=st.booleans(),
    goes_on=st.booleans(),
    statistics_release=st.booleans(),
    people_at_announcement=COUNT,
    people_at_cut_off=COUNT,
    own_online_service=st.booleans(),
    custodian=st.booleans(),
    inability_reported=st.booleans(),
)
FLOWS = st.builds(
    FlowFacts,
    role=st.sampled_from(list(FlowRole)),
    sender=SENDERS,
    recipient=st.just("recipient:x"),
    needed=st.just(frozenset({"basic", "purchase", "behaviour"})),
    purposes=st.just(PURPOSES),
    same_purpose=st.booleans(),
    same_method=st.just(True),
    recipient_identified=st.just(True),
    recipient_restricted=st.just(False),
    key_matches=st.just(True),
    abroad=st.sampled_from([False, False, True]),
    route=st.sampled_from(list(Route)),
    abroad_people=COUNT,
    abroad_sensitive_people=st.sampled_from([None, 0, 5_000, 20_000]),
    important_data=st.sampled_from([False, False, True]),
    critical_operator=st.sampled_from([False, False, True]),
    child_rules=st.booleans(),
    told_elements=st.sampled_from([NOTICE_ELEMENTS, frozenset({"recipient_name"})]),
    agreement_on_record=st.booleans(),
    supervision_on_record=st.just(True),
    return_fixed=st.booleans(),
    undertaking=st.booleans(),
    succession_on_record=st.sampled_from([True, True, False]),
    feasible=st.booleans(),
    announcement=st.builds(
        Announcement,
        posted_on=DAY,
        popup_on=DAY,
        first_posted_on=DAY,
        taken_down_on=st.none(),
        recipient_changed_on=st.sampled_from([None, None, date(2026, 4, 20)]),
    ),
    transfer_on=st.sampled_from([None, date(2026, 5, 22), date(2026, 6, 30)]),
)
SEEDS = st.integers(0, 10_000)


def answered(question):
    """A whole opinion on a question, for every kind."""
    return Opinion(
        question, date(2026, 4, 1), Basis.CONTRACT, PURPOSES, frozenset({"basic", "purchase", "behaviour"}), "sha256:o"
    )


@CROWDS
@given(FLOWS, SEEDS)
def test_nobody_is_without_a_verdict_and_only_lawful_ones_are_given(flow, seed):
    decided = decide(crowd(Facts, seed), flow)
    assert (decided.outcome != 0).all()
    assert np.isin(decided.verdict, (Verdict.NOTHING, *STRICTNESS)).all()
    assert ((decided.verdict == Verdict.NOTHING) == (decided.row <= 1)).all()
    closed = at_cut_off(decided, flow)
    assert not closed.is_open().any()
    assert (closed.row == decided.row).all()


@CROWDS
@given(SENDERS, SEEDS, st.booleans())
def test_of_what_stays_too_every_cell_has_a_verdict(sender, seed, closed):
    decided = judge_remains(crowd(Remains, seed), sender, at_cut_off=closed)
    assert (decided.outcome != 0).all()
    assert not np.isin(decided.verdict, (Verdict.HAND_OVER, Verdict.TELL, Verdict.ASK, Verdict.NOT_MOVED)).any()


@CROWDS
@given(SENDERS, SEEDS, st.booleans(), st.sets(st.sampled_from(list(Question))))
def test_nothing_ends_while_a_period_runs_or_before_the_other_side_settled(sender, seed, closed, questions):
    remains = crowd(Remains, seed)
    given_opinions = replace(sender, opinions=tuple(answered(each) for each in sorted(questions)))
    decided = keep_or_end(remains, given_opinions, at_cut_off=closed)  # its guard would refuse
    ends = np.isin(decided.verdict, (Verdict.DESTROY, Verdict.ANONYMISE))
    assert not (ends & (remains.running == Running.RUNS)).any()
    assert not (ends & (remains.moved == Moved.UNSETTLED)).any()
    assert not (ends & remains.hold).any()
    assert not (ends & remains.duty_open).any()
    if Question.UNVERIFIED_PERIOD not in questions:
        assert not (ends & (remains.running == Running.RUNS_UNVERIFIED)).any()


@pytest.mark.parametrize("question", list(Question))
@EACH_OF_MANY
@given(flow=FLOWS, seed=SEEDS)
def test_the_strict_side_of_every_reading_holds_until_an_opinion_says_otherwise(question, flow, seed):
    facts = crowd(Facts, seed)
    strict, released = decide(facts, flow), decide(facts, replace(flow, opinions=(answered(question),)))
    moved_without = (strict.verdict == Verdict.HAND_OVER) & (released.verdict != Verdict.HAND_OVER)
    if question is Question.OTHER_BASIS:
        # Whoever agreed moved on that; on another basis the person must have been reached with everything.
        moved_without &= facts.answer != Answer.AGREE
    assert not moved_without.any()
    marked = (released.detail & np.uint16(Detail.ON_OPINION)) != 0
    assert (marked == ((released.outcome != strict.outcome) | (released.verdict != strict.verdict))).all()


@CROWDS
@given(flow=FLOWS, seed=SEEDS)
def test_an_opinion_on_one_kind_releases_no_other(flow, seed):
    facts = crowd(Facts, seed)
    # An item of several people meets the strictest verdict among them within its own kind only, too.
    narrow = tuple(replace(answered(each), categories=frozenset({"purchase"})) for each in Question)
    strict, released = decide(facts, flow), decide(facts, replace(flow, opinions=narrow))
    others = [0, 2]
    assert (strict.verdict[:, others] == released.verdict[:, others]).all()
    assert (strict.outcome[:, others] == released.outcome[:, others]).all()


@CROWDS
@given(sender=SENDERS, seed=SEEDS, closed=st.booleans())
def test_an_unverified_period_only_prolongs(sender, seed, closed):
    remains = crowd(Remains, seed)
    without = replace(remains, running=np.where(remains.running == Running.RUNS_UNVERIFIED, 0, remains.running))
    longer, shorter = (judge_remains(each, sender, at_cut_off=closed).verdict for each in (remains, without))
    changed = longer != shorter
    assert (longer[changed] == Verdict.SEAL).all()
    assert (remains.running[changed] == Running.RUNS_UNVERIFIED).all()


# What a flow may lack; without it no cell may move that did not move before.
GRANTS = [
    "recipient_identified",
    "key_matches",
    "agreement_on_record",
    "supervision_on_record",
    "undertaking",
    "succession_on_record",
    "same_purpose",
    "same_method",
    "child_rules",
    "feasible",
    "return_fixed",
]


@pytest.mark.parametrize("name", GRANTS)
@EACH_OF_MANY
@given(flow=FLOWS, seed=SEEDS)
def test_a_fact_that_nobody_recorded_moves_nobody(name, flow, seed):
    facts = crowd(Facts, seed)
    default = {each.name: each.default for each in fields(FlowFacts)}[name]
    known, unknown = decide(facts, replace(flow, **{name: True})), decide(facts, replace(flow, **{name: default}))
    moved_only_without = (unknown.verdict == Verdict.HAND_OVER) & (known.verdict != Verdict.HAND_OVER)
    if name in ("succession_on_record", "same_purpose", "same_method"):
        # Another handler's road is a road of its own: a consent to this very flow opens it.
        moved_only_without &= facts.answer != Answer.AGREE
    assert not moved_only_without.any()


# A no, a defect, an incapacity cannot be presumed of everyone: where nobody found one, none stands in the way.
AGAINST = {"answer", "child_suggested", "defects", "lacks_capacity", "purpose_withdrawn", "relatives_request"}
STRICT = {each.name: each.metadata["strict"] for each in fields(Facts) if "dtype" in each.metadata}
FOR = sorted(name for name, strict in STRICT.items() if strict is not None and name not in AGAINST)


@pytest.mark.parametrize("name", FOR)
@pytest.mark.parametrize("flow", [BUYER, SUCCESSOR], ids=["sale", "merger"])
def test_a_column_that_nobody_recorded_moves_nobody(flow, name):
    facts = crowd(Facts, 5, count=2_000)
    wide = replace(flow, needed=frozenset({"basic", "purchase", "behaviour"}))
    unrecorded = np.full(getattr(facts, name).shape, STRICT[name], getattr(facts, name).dtype)
    known, unknown = decide(facts, wide), decide(replace(facts, **{name: unrecorded}), wide)
    moves_more = (unknown.verdict == Verdict.HAND_OVER) & (known.verdict != Verdict.HAND_OVER)
    assert (known.verdict == Verdict.HAND_OVER).any()
    assert not moves_more.any()


@CROWDS
@given(FLOWS, FLOWS, SEEDS)
def test_the_ends_of_all_persons_sum_up_to_all_persons(first, second, seed):
    facts, other = crowd(Facts, seed), crowd(Facts, seed + 1)
    grounds = Grounds(
        customers=np.arange(CROWD),
        movements=(Movement("first", facts, first), Movement("second", other, second, settled=True)),
        remains=crowd(Remains, seed),
        sender=first.sender,
        at_cut_off=seed % 2 == 0,
    )
    decided = decide_all(grounds)
    ends = headline(flows=list(decided.flows.values()), remains=decided.remains)
    assert sum(count_ends(ends).values()) == CROWD


@pytest.mark.parametrize("flow", [BUYER, SUCCESSOR], ids=["sale", "merger"])
def test_pieces_of_persons_give_what_single_persons_give(flow):
    wide = replace(flow, needed=frozenset({"basic", "purchase", "behaviour"}))
    facts = crowd(Facts, 7, count=2 * PIECE + 77)
    whole = decide(facts, wide)
    source = np.random.default_rng(11)
    for index in [0, PIECE - 1, PIECE, 2 * PIECE, len(facts) - 1, *source.integers(0, len(facts), 40).tolist()]:
        alone = decide(facts.with_partners(np.array([index])), wide)
        assert (alone.outcome[0] == whole.outcome[index]).all()
        assert (alone.verdict[0] == whole.verdict[index]).all()
        assert (alone.detail[0] == whole.detail[index]).all()


def test_pieces_of_what_stays_give_what_single_persons_give():
    remains = crowd(Remains, 9, count=PIECE + 5)
    whole = judge_remains(remains, SUCCESSOR.sender, at_cut_off=True)
    for start in (0, PIECE - 3, PIECE):
        part = judge_remains(remains.part(slice(start, start + 5)), SUCCESSOR.sender, at_cut_off=True)
        assert (part.outcome == whole.outcome[start : start + 5]).all()
        assert (part.detail == whole.detail[start : start + 5]).all()


def test_every_open_verdict_is_one_of_three():
    assert set(OPEN) == {Verdict.TELL, Verdict.ASK, Verdict.STOP}
