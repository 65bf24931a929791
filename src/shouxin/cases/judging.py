"""The gates asked about a whole case at one moment: table A on its main flow, then table B on what stays."""

from dataclasses import dataclass
from datetime import datetime

import numpy as np

from shouxin.cases import facts
from shouxin.cases.models import Case
from shouxin.duties.transfer import queries as transfer
from shouxin.ground.rulebook import gates


@dataclass(frozen=True)
class Judged:
    """Facts, decisions on the flow and on what stays, and each person's headline end, in the order of the customers.

    `is_final`: the last day for answers is over, so that the cut-off rule has closed every open cell.
    """

    gathered: facts.Gathered
    flow: gates.Decisions
    remains: gates.Remains
    stays: gates.Decisions
    headline: np.ndarray
    is_final: bool

    @property
    def handed_over(self) -> np.ndarray:
        """Which cells go to the recipient."""
        return self.flow.verdict == gates.Verdict.HAND_OVER

    def place(self, customer: int) -> int | None:
        """The row of one customer; None for somebody who is not among them."""
        customers = self.gathered.customers
        at = int(np.searchsorted(customers, customer))
        return at if at < len(customers) and customers[at] == customer else None

    def explain(self, place: int, category: str) -> tuple[gates.Explanation | None, gates.Explanation]:
        """Why one person's cell goes or not (None without a flow), and why what stays of it ends as it does."""
        gathered = self.gathered
        goes = (
            None
            if gathered.flow is None
            else gates.explain(gathered.facts, gathered.flow, place, category, cut_off=self.is_final)
        )
        return goes, gates.explain_end(self.remains, gathered.sender, place, category, at_cut_off=self.is_final)


def judge(row: Case, at: datetime) -> Judged:
    """Judge every person and category of a case on the facts as recorded by `at`."""
    gathered, is_final = facts.gather(row, at), at > row.answers_until
    flow = _on_flow(gathered, is_final=is_final)
    remains = facts.remains_of(
        row,
        gathered,
        handed_over=flow.verdict == gates.Verdict.HAND_OVER,
        settled=transfer.settled_mask(row.id, gathered.customers, flow.categories),
    )
    stays = gates.keep_or_end(remains, gathered.sender, at_cut_off=is_final)
    headline = gates.headline(flows=[flow], remains=stays)
    return Judged(gathered, flow, remains, stays, headline, is_final)


def _on_flow(gathered: facts.Gathered, *, is_final: bool) -> gates.Decisions:
    """Table A on the main flow; without one nothing goes anywhere and table B alone decides."""
    if gathered.flow is None:
        return gates.no_flow(gathered.facts)
    flow = gates.decide(gathered.facts, gathered.flow)
    return gates.at_cut_off(flow, gathered.flow) if is_final else flow
