"""The impact assessment of PIPL 55 and 56: why it is owed, the facts as counted, the three contents, for two to sign.

The document is plain data (canonical JSON is what two people sign); the PDF is one way to print it.
"""

import tomllib
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from importlib import resources
from typing import Any

from shouxin.ground.formats.papers.typesetting import to_pdf
from shouxin.ground.kernel.canonical import encode
from shouxin.ground.kernel.digests import digest
from shouxin.ground.kernel.refusals import Refusal
from shouxin.ground.kernel.times import to_text
from shouxin.ground.rulebook import terms
from shouxin.ground.rulebook.gates.codes import FlowRole

FORM = "shouxin-assessment/1"
SECTIONS = ("lawful", "impact", "measures")
LEAST_ANSWER = 4


@dataclass(frozen=True)
class Question:
    """One thing only a person can say; `when` names the fact that makes it owed (empty: always)."""

    id: str
    section: str
    law: str
    when: str
    zh: str
    en: str


@cache
def _tree() -> Mapping[str, Any]:
    return tomllib.loads(resources.files(__package__).joinpath("assessment.questions.toml").read_text("utf-8"))


@cache
def _all_questions() -> tuple[Question, ...]:
    found = []
    for key, entry in _tree()["questions"].items():
        terms.check_whole(f"questions.{key}", entry)
        found.append(Question(key, entry["section"], entry["law"], entry.get("when", ""), entry["zh"], entry["en"]))
    return tuple(found)


def questions(counts: Mapping[str, Any], roles: Collection[str]) -> tuple[Question, ...]:
    """The questions that are owed: by the counts (sensitive kinds, PIPL 28; children, PIPL 31), by the roles of those
    who would receive something (`FlowRole`), and the rest always.
    """
    facts = _when(counts, roles)
    return tuple(each for each in _all_questions() if not each.when or facts[each.when])


def _when(counts: Mapping[str, Any], roles: Collection[str]) -> dict[str, bool]:
    hands_over = bool(set(roles) & {FlowRole.OTHER_HANDLER, FlowRole.SUCCESSOR, FlowRole.CUSTODIAN})
    return {
        "hands_over": hands_over,
        "keeps": not hands_over,
        "asks": FlowRole.OTHER_HANDLER in roles,
        "has_recipient": bool(roles),
        "sensitive": bool(counts.get("categories", {}).get("sensitive")),
        "minors": bool(counts.get("under_14")),
    }


def assessment_document(
    *,
    case: str,
    company: str,
    facts: Mapping[str, Any],
    counts: Mapping[str, Any],
    answers: Mapping[str, str],
    at: datetime,
) -> dict[str, Any]:
    """The assessment as data: grounds (PIPL 55), facts, counts and the three contents of PIPL 56.

    `facts`: structure, custodian, `roles` of the recipients; and where there is one: recipient, recipient_contact,
    purposes, methods. `counts`: customers, under_14,
    categories (category → customers).

    Raises:
        Refusal("review.unanswered"): questions without an answer; all are named.
        Refusal("review.facts_missing"): case facts the document needs; all are named.
    """
    roles = facts["roles"]
    owed = questions(counts, roles)
    empty = [each.id for each in owed if len(answers.get(each.id, "").strip()) < LEAST_ANSWER]
    if empty:
        raise Refusal("review.unanswered", questions=empty)
    received = ("recipient", "recipient_contact", "purposes", "methods") if roles else ()
    needed = (*received, "structure", "custodian")
    missing = [name for name in needed if not facts.get(name)]
    if missing:
        raise Refusal("review.facts_missing", missing=missing)
    return {
        "form": FORM,
        "case": case,
        "company": company,
        "drafted_at": to_text(at),
        "grounds": _grounds(counts, roles),
        "facts": {name: facts[name] for name in needed},
        "counts": {name: counts[name] for name in sorted(counts)},
        "sections": [
            {
                "id": section,
                "law": "PIPL-56",
                "answers": [
                    {"question": each.id, "law": each.law, "answer": answers[each.id].strip()}
                    for each in owed
                    if each.section == section
                ],
            }
            for section in SECTIONS
        ],
    }


def _grounds(counts: Mapping[str, Any], roles: Collection[str]) -> list[str]:
    """Which of article 55's cases make it owed; another great influence on people where none of them does."""
    facts = _when(counts, roles)
    found = {
        "PIPL-55-3": facts["has_recipient"],
        "PIPL-55-1": facts["sensitive"],
        "PIPL-55-5": not (facts["has_recipient"] or facts["sensitive"]),
    }
    return [ground for ground, holds in found.items() if holds]


def assessment_pdf(document: Mapping[str, Any], *, language: str, at: datetime) -> bytes:
    """The document printed in one language, its digest on every page, with room for two signatures."""
    return to_pdf("assessment.typ", _printed(document, language), at=at)


def _printed(document: Mapping[str, Any], language: str) -> dict[str, Any]:
    asked = {each.id: each for each in _all_questions()}
    words = _tree()["sections"]
    parts = [{"title": _SAID["counted"][language], "law": "PIPL-55", "rows": _count_rows(document, language)}]
    for section in document["sections"]:
        rows = [[_side(asked[item["question"]], language), item["answer"]] for item in section["answers"]]
        parts.append({"title": words[section["id"]][language], "law": section["law"], "rows": rows})
    return {
        "title": terms.term("impact_assessment").say(language),
        "digest": digest(encode(dict(document))),
        "head": [f"{document['company']} · {document['case']}", document["drafted_at"]],
        "parts": parts,
        "signatures": [_SAID["first"][language], _SAID["second"][language]],
    }


_SAID = {
    "counted": {"zh": "情况", "en": "The facts"},
    "customers": {"zh": "客户人数", "en": "Customers"},
    "under_14": {"zh": "其中不满十四周岁", "en": "Under fourteen among them"},
    "recipient": {"zh": "接收方", "en": "Recipient"},
    "recipient_contact": {"zh": "接收方联系方式", "en": "Recipient's contact"},
    "purposes": {"zh": "处理目的", "en": "Purposes"},
    "methods": {"zh": "处理方式", "en": "Methods"},
    "structure": {"zh": "变更方式", "en": "Structure"},
    "custodian": {"zh": "报告保管人（至少三年）", "en": "Custodian of this report (three years at least)"},
    "first": {"zh": "第一签字人", "en": "First signer"},
    "second": {"zh": "第二签字人", "en": "Second signer"},
}


def _side(question: Question, language: str) -> str:
    return question.zh if language == "zh" else question.en


def _count_rows(document: Mapping[str, Any], language: str) -> list[list[str]]:
    facts, counts = document["facts"], document["counts"]
    rows = [[_SAID[name][language], _flat(facts[name])] for name in facts if name != "structure"]
    rows.append([_SAID["structure"][language], terms.term(f"structure.{facts['structure']}").say(language)])
    rows += [[_SAID[name][language], str(counts.get(name, 0))] for name in ("customers", "under_14")]
    for category, count in counts.get("categories", {}).items():
        rows.append([terms.term(f"category.{category}").say(language), str(count)])
    return rows


def _flat(value: Any) -> str:
    return "；".join(value) if isinstance(value, list | tuple) else str(value)
