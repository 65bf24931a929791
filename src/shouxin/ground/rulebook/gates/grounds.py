"""What a whole case decides on: its flows with their facts, what stays, whether the cut-off has come; and the decision.

decided = decide_all(Grounds(customers, (Movement("buyer", facts, flow),), remains, sender, at_cut_off=True))
decided.frozen(case=…, cutoff=…, height=…)        the set that a case keeps and passes down
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime

import numpy as np
import numpy.typing as npt

from shouxin.ground.kernel.refusals import Refusal
from shouxin.ground.rulebook.gates.decide import at_cut_off, decide, keep_or_end, moved_by_all, moved_state
from shouxin.ground.rulebook.gates.decisions import Decisions, DecisionSet, decision_set
from shouxin.ground.rulebook.gates.facts import Facts, Flags, Remains
from shouxin.ground.rulebook.gates.flows import FlowFacts, SenderFacts


@dataclass(frozen=True)
class Movement:
    """One flow of a case: its name, what is known of the persons towards it, of the flow, and what was settled."""

    id: str
    facts: Facts
    flow: FlowFacts
    settled: Flags | bool = False


@dataclass(frozen=True)
class Grounds:
    """Everything that a case's decision rests on. The `moved` of `remains` is replaced by what the flows decide."""

    customers: npt.NDArray[np.int64]
    movements: tuple[Movement, ...]
    remains: Remains
    sender: SenderFacts
    at_cut_off: bool

    def place(self, customer: int) -> int:
        """The row of a customer.

        Raises:
            Refusal("gates.unknown_person"): the case knows no such customer.
        """
        found = np.flatnonzero(self.customers == customer)
        if not len(found):
            raise Refusal("gates.unknown_person")
        return int(found[0])


@dataclass(frozen=True)
class Decided:
    """What was decided on every flow, by its name, and on what stays."""

    customers: npt.NDArray[np.int64]
    flows: Mapping[str, Decisions]
    remains: Decisions

    def frozen(self, *, case: str, cutoff: datetime, height: int) -> DecisionSet:
        """The set with its digest; without any flow the first one says that nothing goes to anyone.

        Raises:
            Refusal("gates.shape"): as `decision_set`.
        """
        nothing = Decisions.without_flow(len(self.customers), self.remains.categories)
        first, *others = list(self.flows.items()) or [("", nothing)]
        return decision_set(
            case=case,
            cutoff=cutoff,
            height=height,
            customers=self.customers,
            flow=first[1],
            further=dict(others),
            remains=self.remains,
        )


def decide_flow(movement: Movement, *, closed: bool) -> Decisions:
    """Return table A's decision on one flow; `closed` once the cut-off has come.

    Raises:
        Refusal("workdays.unknown_year"): the days of announcement leave the calendar.
    """
    decisions = decide(movement.facts, movement.flow)
    return at_cut_off(decisions, movement.flow) if closed else decisions


def remains_after(grounds: Grounds, flows: Mapping[str, Decisions]) -> Remains:
    """Return what stays, with what became of each cell over all flows."""
    shape = grounds.remains.moved.shape
    states = (moved_state(flows[each.id], each.flow, settled=each.settled) for each in grounds.movements)
    return replace(grounds.remains, moved=moved_by_all(states, (shape[0], shape[1])))


def decide_all(grounds: Grounds) -> Decided:
    """Return the whole case's decision: table A for every flow, then table B.

    Raises:
        Refusal("gates.statutory_period_runs"), Refusal("gates.not_settled"): as `keep_or_end`;
        Refusal("workdays.unknown_year"): as `decide`.
    """
    flows = {each.id: decide_flow(each, closed=grounds.at_cut_off) for each in grounds.movements}
    remains = remains_after(grounds, flows)
    return Decided(grounds.customers, flows, keep_or_end(remains, grounds.sender, at_cut_off=grounds.at_cut_off))
