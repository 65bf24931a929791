"""The gates: who may be handed over, asked, told, sealed, destroyed, per person and kind of information, and why.

Pure and vectorised: columns of facts in, columns of decisions out. `rows` holds both tables in their order, `facts`
what they read, `outcomes` what they can say and on which law; `decide` tries them, `explain` opens one cell,
`case_level` judges the whole case. Not decided here: anything that needs a database, a clock or a person.

    decisions = at_cut_off(decide(facts, flow), flow)          table A on the closing day
    remains = Remains.of(..., moved=moved_state(decisions, flow, settled=...), ...)
    ends = keep_or_end(remains, sender, at_cut_off=True)       table B
"""

from shouxin.ground.rulebook.gates.case_level import (
    CRIMINAL_ITEMS,
    CaseCheck,
    CaseFacts,
    case_level_checks,
    criminal_kind,
    reaches_criminal_threshold,
)
from shouxin.ground.rulebook.gates.codes import (
    OPEN,
    Age,
    Answer,
    Detail,
    End,
    FlowRole,
    Holding,
    Moved,
    Notice,
    PersonKind,
    PurposeState,
    Request,
    Several,
    Structure,
    Verdict,
)
from shouxin.ground.rulebook.gates.decide import (
    at_cut_off,
    check_may_end,
    decide,
    headline,
    keep_or_end,
    moved_state,
    no_flow,
)
from shouxin.ground.rulebook.gates.decisions import (
    Decisions,
    DecisionSet,
    check_decision_set,
    column_of,
    decision_set,
    detail_names,
)
from shouxin.ground.rulebook.gates.explain import Change, Explanation, FactRead, Tried, explain, explain_end
from shouxin.ground.rulebook.gates.facts import Facts, FlowFacts, Remains, SenderFacts, Shared
from shouxin.ground.rulebook.gates.outcomes import OUTCOMES, Outcome, Ruling, ruling
from shouxin.ground.rulebook.gates.rows import DECIDED_STRUCTURES, TABLE_A, TABLE_B, EndRow, Row

__all__ = [
    "CRIMINAL_ITEMS",
    "DECIDED_STRUCTURES",
    "OPEN",
    "OUTCOMES",
    "TABLE_A",
    "TABLE_B",
    "Age",
    "Answer",
    "CaseCheck",
    "CaseFacts",
    "Change",
    "DecisionSet",
    "Decisions",
    "Detail",
    "End",
    "EndRow",
    "Explanation",
    "FactRead",
    "Facts",
    "FlowFacts",
    "FlowRole",
    "Holding",
    "Moved",
    "Notice",
    "Outcome",
    "PersonKind",
    "PurposeState",
    "Remains",
    "Request",
    "Row",
    "Ruling",
    "SenderFacts",
    "Several",
    "Shared",
    "Structure",
    "Tried",
    "Verdict",
    "at_cut_off",
    "case_level_checks",
    "check_decision_set",
    "check_may_end",
    "column_of",
    "criminal_kind",
    "decide",
    "decision_set",
    "detail_names",
    "explain",
    "explain_end",
    "headline",
    "keep_or_end",
    "moved_state",
    "no_flow",
    "reaches_criminal_threshold",
    "ruling",
]
