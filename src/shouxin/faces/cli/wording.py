"""A case's notices from its wording file: the texts that ask for consent, or that tell of a change, in both languages.

The file is JSON: `shop`, and per language the words that the texts leave open. Where the case asks, `kinds` says which
kinds and fields; where it tells of a change, `changes` says what was so and will be so (`what`, `old`, `new`).
"""

import dataclasses
from collections.abc import Mapping
from typing import Any

from django.conf import settings

from shouxin.cases import queries as cases
from shouxin.ground.formats import papers
from shouxin.ground.formats.papers import Change, ChangeFacts, ChangeWording, NoticeFacts, NoticeText, Wording
from shouxin.ground.kernel.refusals import Refusal
from shouxin.ground.kernel.times import day_in_china
from shouxin.ground.rulebook.terms import LANGUAGES
from shouxin.stores.parties import queries as parties


def texts_of(case: str, given: Mapping[str, Any]) -> dict[str, NoticeText]:
    """The case's notice, per language.

    Raises:
        Refusal("notices.wording"): with the names that are missing, unknown or of another kind; ("papers.…").
    """
    return _asking(case, given) if cases.asks(case) else _telling(case, given)


def _asking(case: str, given: Mapping[str, Any]) -> dict[str, NoticeText]:
    _check(given, Wording, {"shop": str, "kinds": dict})
    row, company = cases.case(case), parties.company()
    recipient = parties.recipient(row.recipient)
    facts = NoticeFacts(
        shop=given["shop"],
        company=company.name,
        contact=company.contact,
        address=company.address,
        recipient=recipient.name,
        recipient_contact=recipient.contact,
        closing_on=day_in_china(row.closing_at),
        answer_by=day_in_china(row.answers_until),
        kinds={category: tuple(names) for category, names in given["kinds"].items()},
        public_address=settings.SHOUXIN.public_address,
    )
    return {each: papers.notice_text(facts, Wording(**_tuples(given[each])), language=each) for each in LANGUAGES}


def _telling(case: str, given: Mapping[str, Any]) -> dict[str, NoticeText]:
    _check(given, ChangeWording, {"shop": str, "changes": list})
    row, company = cases.case(case), parties.company()
    takes_over = parties.recipient(row.recipient) if row.recipient else None
    facts = ChangeFacts(
        shop=given["shop"],
        company=company.name,
        contact=company.contact,
        address=company.address,
        effective_on=day_in_china(row.closing_at),
        changes=tuple(_change(each, number) for number, each in enumerate(given["changes"], 1)),
        recipient=takes_over.name if takes_over else "",
        recipient_contact=takes_over.contact if takes_over else "",
        ask_until=day_in_china(row.answers_until),
    )
    structure = row.interview["playbook"]
    return {
        each: papers.change_text(facts, ChangeWording(**given[each]), language=each, structure=structure)
        for each in LANGUAGES
    }


def _change(plain: Any, number: int) -> Change:
    needed = {each.name for each in dataclasses.fields(Change)}
    if not isinstance(plain, dict) or set(plain) != needed or not all(isinstance(each, str) for each in plain.values()):
        raise Refusal("notices.wording", wrong=[f"changes.{number}"])
    return Change(**plain)


def _check(given: Mapping[str, Any], kind: type, whole: Mapping[str, type]) -> None:
    wrong = [name for name, sort in whole.items() if not isinstance(given.get(name), sort)]
    known = {each.name: each for each in dataclasses.fields(kind)}
    for language in LANGUAGES:
        told = given.get(language)
        plain = told if isinstance(told, dict) else {}
        lacking = [name for name, each in known.items() if name not in plain and each.default is dataclasses.MISSING]
        wrong += [f"{language}.{name}" for name in (*lacking, *sorted(set(plain) - set(known)))]
    if wrong:
        raise Refusal("notices.wording", wrong=wrong)


def _tuples(plain: Mapping[str, Any]) -> dict[str, Any]:
    return {name: tuple(value) if isinstance(value, list) else value for name, value in plain.items()}
