"""The gates: who may be handed over, asked, told, sealed, destroyed, per person and kind of information, and why.

Pure and vectorised: columns of facts in, columns of decisions out. `tables` holds both tables in their order, `facts`
and `flows` what they read, `outcomes` what they can say and on which law, `opinions` where a lawyer may choose
another reading. `grounds` decides a whole case, `decide` one flow, `person` explains one customer, `compare` lays two
sets side by side; `case_level`, `deregistration` and `owed` (table C) judge the case. Not decided here: anything that
needs a database, a clock or a person.

    decided = decide_all(Grounds(customers, (Movement("buyer", facts, flow),), remains, sender, at_cut_off=True))
    decided.frozen(case=…, cutoff=…, height=…)
"""

from shouxin.ground.rulebook.gates.case_level import (
    CRIMINAL_ITEMS,
    CaseCheck,
    CaseFacts,
    case_level_checks,
    criminal_kind,
    items_over_recipients,
    reaches_criminal_threshold,
)
from shouxin.ground.rulebook.gates.codes import (
    OPEN,
    Age,
    Answer,
    Business,
    Detail,
    End,
    FlowRole,
    Holding,
    Moved,
    Notice,
    PersonKind,
    PurposeState,
    Question,
    Request,
    Route,
    Several,
    Structure,
    Verdict,
)
from shouxin.ground.rulebook.gates.compare import Changed, Difference, compare, with_causes
from shouxin.ground.rulebook.gates.decide import (
    STRICTNESS,
    at_cut_off,
    check_may_end,
    decide,
    keep_or_end,
    moved_by_all,
    moved_state,
    no_flow,
)
from shouxin.ground.rulebook.gates.decisions import (
    Decisions,
    DecisionSet,
    FurtherFlow,
    check_decision_set,
    column_of,
    decision_set,
    detail_names,
)
from shouxin.ground.rulebook.gates.deregistration import (
    OBSTACLES,
    DeregistrationFacts,
    Left,
    Signatory,
    deregistration_checks,
    what_is_left,
    who_signs,
)
from shouxin.ground.rulebook.gates.ends import all_ends, count_ends, ends_of, headline
from shouxin.ground.rulebook.gates.explain import Change, Explanation, FactRead, Kept, Tried, explain, explain_end
from shouxin.ground.rulebook.gates.facts import Facts, Remains, Shared
from shouxin.ground.rulebook.gates.flows import SMALL_HANDLER_BELOW, Announcement, FlowFacts, SenderFacts
from shouxin.ground.rulebook.gates.grounds import Decided, Grounds, Movement, decide_all
from shouxin.ground.rulebook.gates.opinions import QUESTION_LAW, Opinion
from shouxin.ground.rulebook.gates.outcomes import OUTCOMES, Outcome, Ruling, ruling
from shouxin.ground.rulebook.gates.owed import ChangeFacts, Owed, To, Told, notices_owed
from shouxin.ground.rulebook.gates.person import PersonExplained, explain_person, say
from shouxin.ground.rulebook.gates.recipients import ROLE_OF, UNDECLARED, RecipientKind, UndeclaredFlow
from shouxin.ground.rulebook.gates.rows import EndRow, Row
from shouxin.ground.rulebook.gates.tables import TABLE_A, TABLE_B
from shouxin.ground.rulebook.gates.waiting import Waiting, latest_announcement, waiting, waiting_for

__all__ = [
    "CRIMINAL_ITEMS",
    "OBSTACLES",
    "OPEN",
    "OUTCOMES",
    "QUESTION_LAW",
    "ROLE_OF",
    "SMALL_HANDLER_BELOW",
    "STRICTNESS",
    "TABLE_A",
    "TABLE_B",
    "UNDECLARED",
    "Age",
    "Announcement",
    "Answer",
    "Business",
    "CaseCheck",
    "CaseFacts",
    "Change",
    "ChangeFacts",
    "Changed",
    "Decided",
    "DecisionSet",
    "Decisions",
    "DeregistrationFacts",
    "Detail",
    "Difference",
    "End",
    "EndRow",
    "Explanation",
    "FactRead",
    "Facts",
    "FlowFacts",
    "FlowRole",
    "FurtherFlow",
    "Grounds",
    "Holding",
    "Kept",
    "Left",
    "Moved",
    "Movement",
    "Notice",
    "Opinion",
    "Outcome",
    "Owed",
    "PersonExplained",
    "PersonKind",
    "PurposeState",
    "Question",
    "RecipientKind",
    "Remains",
    "Request",
    "Route",
    "Row",
    "Ruling",
    "SenderFacts",
    "Several",
    "Shared",
    "Signatory",
    "Structure",
    "To",
    "Told",
    "Tried",
    "UndeclaredFlow",
    "Verdict",
    "Waiting",
    "all_ends",
    "at_cut_off",
    "case_level_checks",
    "check_decision_set",
    "check_may_end",
    "column_of",
    "compare",
    "count_ends",
    "criminal_kind",
    "decide",
    "decide_all",
    "decision_set",
    "deregistration_checks",
    "detail_names",
    "ends_of",
    "explain",
    "explain_end",
    "explain_person",
    "headline",
    "items_over_recipients",
    "keep_or_end",
    "latest_announcement",
    "moved_by_all",
    "moved_state",
    "no_flow",
    "notices_owed",
    "reaches_criminal_threshold",
    "ruling",
    "say",
    "waiting",
    "waiting_for",
    "what_is_left",
    "who_signs",
    "with_causes",
]
