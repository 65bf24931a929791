"""The question first: ten plain answers fix the structure, the rule, the flows and what blocks, each with its article.

Pure. The stricter reading is taken wherever the text leaves two: a sale of assets is not named in article 22's
"等原因", so article 23's separate consent is asked (R).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from shouxin.ground.kernel.refusals import Refusal
from shouxin.ground.rulebook import terms

BUSINESS_KINDS = ("limited_company", "individual_business", "sole_proprietorship", "branch")
STRUCTURES_DECIDED_HERE = ("asset_sale",)
UNDECLARED_FLOWS = (
    "due_diligence_room",
    "computers_and_storage",
    "telephones_and_numbers",
    "wechat_accounts",
    "platform_accounts",
    "customer_groups",
    "bookkeeping_agency",
)


@dataclass(frozen=True)
class Block:
    """Something that stands in the way, with its article."""

    code: str
    law: str


@dataclass(frozen=True)
class Flow:
    """One movement of information to someone."""

    role: str
    recipient: str
    purposes: tuple[str, ...]
    methods: tuple[str, ...]
    categories: tuple[str, ...]
    abroad: bool = False


@dataclass(frozen=True)
class Ruling:
    """What the interview fixes."""

    structure: str
    handler_changes: bool
    rule: str
    reading: str
    flows: tuple[Flow, ...]
    undeclared: tuple[str, ...]
    blocks: tuple[Block, ...]
    laws: tuple[str, ...]
    answers_until: date
    closing_on: date
    ends_business: bool

    def to_plain(self) -> dict[str, Any]:
        """For the case's row and the evidence."""
        return {
            "structure": self.structure,
            "handler_changes": self.handler_changes,
            "rule": self.rule,
            "reading": self.reading,
            "flows": [
                {**vars(flow), **{k: list(v) for k, v in vars(flow).items() if isinstance(v, tuple)}}
                for flow in self.flows
            ],
            "undeclared": list(self.undeclared),
            "blocks": [vars(block) for block in self.blocks],
            "laws": list(self.laws),
            "answers_until": self.answers_until.isoformat(),
            "closing_on": self.closing_on.isoformat(),
            "ends_business": self.ends_business,
        }


def rule_on(answers: Mapping[str, Any]) -> Ruling:
    """Fix structure, rule and flows from the answers.

    Raises:
        Refusal("interview.missing"): questions without an answer; ("interview.unknown"): an answer not on the list;
        ("interview.not_decided_here"): a structure that this edition does not carry; ("interview.dates"): the
        answers' last day is not before the closing day.
    """
    _check_answers(answers)
    structure = answers["structure"]
    until, closing = _day(answers, "answers_until"), _day(answers, "closing_on")
    if not until < closing:
        raise Refusal("interview.dates", answers_until=str(until), closing_on=str(closing))
    flow = Flow(
        role="other_handler",
        recipient=answers["recipient"],
        purposes=tuple(answers["purposes"]),
        methods=tuple(answers["methods"]),
        categories=tuple(answers["categories"]),
        abroad=bool(answers["abroad"]),
    )
    undeclared = tuple(name for name in UNDECLARED_FLOWS if answers["undeclared"].get(name))
    return Ruling(
        structure=structure,
        handler_changes=False,
        rule="PIPL-23",
        reading="法条未列举资产转让,按较严的第二十三条取得单独同意",
        flows=(flow,),
        undeclared=undeclared,
        blocks=_blocks(answers),
        laws=("PIPL-23a", "PIPL-29", "PIPL-55", "NDSR-12a", "CON-29a", "PIPL-47a"),
        answers_until=until,
        closing_on=closing,
        ends_business=bool(answers["ends_business"]),
    )


QUESTIONS = (
    "business_kind",
    "structure",
    "legal_person_stays",
    "recipient",
    "purposes",
    "methods",
    "categories",
    "abroad",
    "important_data",
    "ends_business",
    "undeclared",
    "answers_until",
    "closing_on",
)


_YES_NO = ("legal_person_stays", "abroad", "important_data", "ends_business")
_LISTS = ("purposes", "methods", "categories")


def _check_answers(answers: Mapping[str, Any]) -> None:
    missing = [name for name in QUESTIONS if name not in answers]
    undeclared = answers.get("undeclared", {})
    known = undeclared if isinstance(undeclared, Mapping) else {}
    missing += [f"undeclared.{name}" for name in UNDECLARED_FLOWS if name not in known]
    if missing:
        raise Refusal("interview.missing", questions=missing)
    if answers["business_kind"] not in BUSINESS_KINDS:
        raise Refusal("interview.unknown", question="business_kind", choices=list(BUSINESS_KINDS))
    for name in _YES_NO:
        if not isinstance(answers[name], bool):
            raise Refusal("interview.unknown", question=name, choices=["true", "false"])
    for name in _LISTS:
        given = answers[name]
        if not isinstance(given, list | tuple) or not given or not all(isinstance(each, str) for each in given):
            raise Refusal("interview.unknown", question=name, choices=["[…]"])
    if not set(answers["categories"]) <= set(terms.categories()):
        raise Refusal("interview.unknown", question="categories", choices=list(terms.categories()))
    if answers["structure"] not in STRUCTURES_DECIDED_HERE:
        raise Refusal(
            "interview.not_decided_here", structure=str(answers["structure"]), decided=list(STRUCTURES_DECIDED_HERE)
        )


def _day(answers: Mapping[str, Any], name: str) -> date:
    try:
        return date.fromisoformat(str(answers[name]))
    except ValueError as error:
        raise Refusal("interview.unknown", question=name, choices=["2026-12-31"]) from error


def _blocks(answers: Mapping[str, Any]) -> tuple[Block, ...]:
    found = []
    if answers["abroad"]:
        found.append(Block("interview.abroad_needs_route", "PIPL-38"))
    if answers["important_data"]:
        found.append(Block("interview.important_data_needs_report", "NDSR-32"))
    if not answers["ends_business"]:
        found.append(Block("interview.business_goes_on_not_decided_here", "PIPL-47a"))
    return tuple(found)
