"""The question first: about ten plain questions, asked before any data, fix structure, rule, flows and what blocks.

Pure: answers in, a ruling out, no database and no clock. `answers` reads what was said and refuses what is missing;
`ruling` derives what the law makes of it: who the handler is before and after, each flow's role, the articles, the
notices owed even where nothing moves (table C of the gates' design), what common advice gets wrong, what blocks.
Not here: the days (`rulebook.windows`), the judgment on one person (`rulebook.gates`).

    ruling = rule_on(answers)          Refusal("interview.…") names every question that is open
    ruling.playbook, ruling.flows, ruling.blocks, ruling.advice, ruling.owed
"""

from shouxin.cases.interview.answers import (
    BUSINESS_KINDS,
    QUESTIONS,
    RECIPIENT_KINDS,
    UNDECLARED_FLOWS,
    Answers,
    FlowAnswer,
    read,
)
from shouxin.cases.interview.points import ADVICE, BLOCKS, OWED, Flow, Point
from shouxin.cases.interview.ruling import BRANCHES, Ruling, rule_on

__all__ = [
    "ADVICE",
    "BLOCKS",
    "BRANCHES",
    "BUSINESS_KINDS",
    "OWED",
    "QUESTIONS",
    "RECIPIENT_KINDS",
    "UNDECLARED_FLOWS",
    "Answers",
    "Flow",
    "FlowAnswer",
    "Point",
    "Ruling",
    "read",
    "rule_on",
]
