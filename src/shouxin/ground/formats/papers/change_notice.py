"""The notice of a change about which nobody is asked: what changed, who takes over, who keeps what after the end.

It names each thing told before that is now another (PIPL 17-2), the recipient's name and contact where the company's
duties pass on or something is kept (PIPL 22), and where to turn, with which number; it asks for nothing and sells
nothing. Four forms as in `notice`; the texts stand in `<structure>.<language>.toml` beside this module.
"""

import string
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from shouxin.ground.formats.papers.notice import (
    CODE_SLOT,
    FORMS,
    SHORT_LIMIT,
    NoticeText,
    day_text,
    sent_length,
    template,
)
from shouxin.ground.kernel.findings import Missing
from shouxin.ground.kernel.refusals import Refusal
from shouxin.ground.rulebook import messages, terms

STRUCTURES = ("address", "equity", "merger_division", "deregistration")
_PASSING_ON = ("merger_division", "deregistration")


@dataclass(frozen=True)
class Change:
    """One thing that customers were told before and that is now another; `what` is a word of `terms` (`told.…`)."""

    what: str
    old: str
    new: str


@dataclass(frozen=True)
class ChangeFacts:
    """What is the same in each language. `recipient`: who takes over or keeps; empty where nobody does."""

    shop: str
    company: str
    contact: str
    address: str
    effective_on: date
    changes: tuple[Change, ...] = ()
    recipient: str = ""
    recipient_contact: str = ""
    ask_until: date | None = None


@dataclass(frozen=True)
class ChangeWording:
    """What the case says in one language: the business, and what becomes of balances, deposits and open orders."""

    business: str
    settlement: str


def change_text(facts: ChangeFacts, wording: ChangeWording, *, language: str, structure: str) -> NoticeText:
    """The whole notice in one language, its facts filled in.

    Raises:
        Refusal("papers.no_template"); ("papers.facts_missing"): empty facts, all are named; ("papers.braces"): a fact
        holds braces and would be read as a slot; ("papers.too_long"): the short form does not fit.
    """
    if structure not in STRUCTURES:
        raise Refusal("papers.no_template", structure=structure, language=language)
    words = template(structure, language)
    _check_facts(facts, wording, structure)
    said = _said(facts, wording, words, language)
    forms = {form: string.Formatter().vformat(words[form], (), said) for form in FORMS}
    length = sent_length(forms["short"])
    if length > SHORT_LIMIT[language]:
        raise Refusal("papers.too_long", language=language, length=length, limit=SHORT_LIMIT[language])
    return NoticeText(
        structure=structure,
        version=words["version"],
        language=language,
        subject=words["subject"].format_map(said),
        forms=forms,
        elements=_elements(facts, said, structure),
    )


def missing_in_change(text: NoticeText) -> tuple[Missing, ...]:
    """Everything that a form of a change's notice lacks, or that no form may contain; each names its form."""
    elements, said = text.elements, text.elements["said"]
    told = messages.ToldElements(
        sender_name=elements["handler"]["shop"],
        sender_contact=elements["handler"]["contact"],
        changed=tuple(said["changed"]),
        recipient=(elements["recipient"]["name"], elements["recipient"]["contact"]),
        passes_on=elements["passes_on"],
        effective_on=said["effective_on"],
        language=text.language,
    )
    return tuple(
        Missing(each.code, {**each.facts, "form": form}, owner=each.owner)
        for form in FORMS
        for each in messages.check_told(text.forms[form], told)
    )


def _check_facts(facts: ChangeFacts, wording: ChangeWording, structure: str) -> None:
    needed = {name: getattr(facts, name) for name in ("shop", "company", "contact", "address")}
    needed |= vars(wording)
    if structure in _PASSING_ON:
        needed |= {name: getattr(facts, name) for name in ("recipient", "recipient_contact", "ask_until")}
    else:
        needed |= {"changes": facts.changes}
    missing = sorted(name for name, value in needed.items() if not value)
    missing += [f"changes.{each.what}" for each in facts.changes if not (each.old.strip() and each.new.strip())]
    if missing:
        raise Refusal("papers.facts_missing", missing=missing)
    braced = sorted(name for name, value in (vars(facts) | vars(wording)).items() if set("{}") & set(str(value)))
    if braced:
        raise Refusal("papers.braces", fields=braced)


def _said(facts: ChangeFacts, wording: ChangeWording, words: Mapping[str, Any], language: str) -> dict[str, str]:
    marks = words["marks"]
    changed = _changed(facts, words, language)
    return {
        **{name: value for name, value in (vars(facts) | vars(wording)).items() if isinstance(value, str)},
        "code": CODE_SLOT,
        "effective_on": day_text(facts.effective_on, language),
        "ask_until": day_text(facts.ask_until, language) if facts.ask_until else "",
        "changes": marks["list"].join(changed),
        "change_lines": "\n".join(changed),
    }


def _changed(facts: ChangeFacts, words: Mapping[str, Any], language: str) -> list[str]:
    line = words["marks"]["change"]
    return [
        line.format(what=terms.term(f"told.{each.what}").say(language), old=each.old, new=each.new)
        for each in facts.changes
    ]


def _elements(facts: ChangeFacts, said: Mapping[str, str], structure: str) -> dict[str, Any]:
    """The elements as data, so that what people were told can be held against what happened."""
    return {
        "structure": structure,
        "asks": False,
        "passes_on": structure in _PASSING_ON,
        "handler": {"name": facts.company, "shop": facts.shop, "contact": facts.contact, "address": facts.address},
        "recipient": {"name": facts.recipient, "contact": facts.recipient_contact},
        "changes": [vars(each) for each in facts.changes],
        "effective_on": facts.effective_on.isoformat(),
        "kinds": {},
        "purposes": [],
        "methods": [],
        "said": {"changed": [each.new for each in facts.changes], "effective_on": said["effective_on"]},
    }
