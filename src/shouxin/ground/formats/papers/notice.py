"""The notice of an asset sale, in four forms: letter or mail, short message, telephone script, announcement.

Rules:
- Facts of the case are filled in when the text is adopted; the reply code and the personal link per person, when sent.
- The link stands in a text only when a public address is configured; without it the text is as complete.
- A short message holds at most `SHORT_LIMIT` characters with the code and without the link; when it would hold more,
  kinds are named by category.
- Sensitive kinds without necessity and impact are refused (PIPL 30).
"""

import string
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import date
from functools import cache
from importlib import resources
from typing import Any

from shouxin.ground.kernel.canonical import encode
from shouxin.ground.kernel.digests import digest
from shouxin.ground.kernel.findings import Missing
from shouxin.ground.kernel.refusals import Refusal
from shouxin.ground.rulebook import messages, terms

FORMS = ("long", "short", "phone", "announcement")
SHORT_LIMIT = {"zh": 350, "en": 1200}
LINK_SLOT = "{link}"
CODE_SLOT = "{code}"
_CODE_LENGTH = 9
_ASKED_FOR = "notice.asks_secret"


@dataclass(frozen=True)
class NoticeFacts:
    """What is the same in each language: who, to whom, when, which kinds (category → field ids of `terms`)."""

    shop: str
    company: str
    contact: str
    address: str
    recipient: str
    recipient_contact: str
    closing_on: date
    answer_by: date
    kinds: Mapping[str, tuple[str, ...]]
    public_address: str = ""


@dataclass(frozen=True)
class Wording:
    """What the case says in one language. `settlement` is what a no does not touch: 退款和未完成的服务."""

    business: str
    goods: str
    purposes: tuple[str, ...]
    methods: tuple[str, ...]
    period: str
    settlement: str
    necessity: str = ""
    impact: str = ""


@dataclass(frozen=True)
class NoticeText:
    """A whole text in one language: its forms with the slots for code and link, and its elements as data."""

    structure: str
    version: str
    language: str
    subject: str
    forms: Mapping[str, str]
    elements: Mapping[str, Any]

    @property
    def plain(self) -> dict[str, Any]:
        """The plain value that is digested and stored."""
        return {
            "structure": self.structure,
            "version": self.version,
            "language": self.language,
            "subject": self.subject,
            "forms": dict(self.forms),
            "elements": dict(self.elements),
        }

    @property
    def digest(self) -> str:
        """The digest of the whole text: what the customer saw is evidence."""
        return digest(encode(self.plain))

    @property
    def has_link(self) -> bool:
        """Whether the text offers a personal link."""
        return any(LINK_SLOT in form for form in self.forms.values())

    def fill(self, form: str, *, code: str, link: str = "") -> str:
        """One person's text.

        Raises:
            Refusal("papers.link_missing"): the text offers a link and none is given.
        """
        if LINK_SLOT in self.forms[form] and not link:
            raise Refusal("papers.link_missing", form=form, language=self.language)
        return self.forms[form].replace(CODE_SLOT, code).replace(LINK_SLOT, link)


def missing_in_asking(text: NoticeText) -> tuple[Missing, ...]:
    """Everything that the law asks for and a form of the text lacks, or that no form may contain; each names its form.

    The announcement takes no answers: in place of a reply code it must name the number to call.
    """
    return tuple(
        Missing(each.code, {**each.facts, "form": form}, owner=each.owner)
        for form in FORMS
        for each in _missing_in_form(text, form)
    )


def _missing_in_form(text: NoticeText, form: str) -> list[Missing]:
    body, said = text.forms[form], text.elements["said"]
    elements = _check_elements(text, form)
    found = messages.check_notice(body, elements)
    # The law makes the notice name kinds such as 门锁密码 or 银行卡号; the lists that name them ask nobody for them.
    for naming in said["lists"]:
        body = body.replace(naming, "", 1) if naming else body
    still = {each.facts["words"] for each in messages.check_notice(body, elements) if each.code == _ASKED_FOR}
    return [each for each in found if each.code != _ASKED_FOR or each.facts["words"] in still]


def _check_elements(text: NoticeText, form: str) -> messages.NoticeElements:
    elements, said = text.elements, text.elements["said"]
    sensitive = elements.get("sensitive", {})
    return messages.NoticeElements(
        sender_name=elements["handler"]["shop"],
        sender_contact=elements["handler"]["contact"],
        recipient_name=elements["recipient"]["name"],
        recipient_contact=elements["recipient"]["contact"],
        purposes=elements["purposes"],
        methods=elements["methods"],
        categories=said["categories"],
        consequences=said["consequences"][form],
        answer_until=said["answer_until"],
        reply_code=elements["handler"]["contact"] if form == "announcement" else CODE_SLOT,
        sensitive=tuple(sensitive.values()),
        asks_sensitive="sensitive" in elements["kinds"],
        language=text.language,
    )


def from_plain(plain: Mapping[str, Any]) -> NoticeText:
    """The text that was stored as `NoticeText.plain`."""
    return NoticeText(**{each.name: plain[each.name] for each in fields(NoticeText)})


def day_text(day: date, language: str) -> str:
    """A day as a reader of that language writes it: 2026年12月31日, 31 December 2026."""
    if language == "zh":
        return f"{day.year}年{day.month}月{day.day}日"
    return f"{day.day} {_MONTHS[day.month - 1]} {day.year}"


_MONTHS = (
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
)


@cache
def template(structure: str, language: str) -> Mapping[str, Any]:
    """The words of a notice in one language.

    Raises:
        Refusal("papers.no_template").
    """
    path = resources.files(__package__).joinpath(f"{structure}.{language}.toml")
    if language not in terms.LANGUAGES or not path.is_file():
        raise Refusal("papers.no_template", structure=structure, language=language)
    return tomllib.loads(path.read_text(encoding="utf-8"))


def notice_text(facts: NoticeFacts, wording: Wording, *, language: str, structure: str = "asset_sale") -> NoticeText:
    """The whole notice in one language, its facts filled in.

    Raises:
        Refusal("papers.no_template"): no text for this structure in this language.
        Refusal("papers.facts_missing"): an empty fact; all are named.
        Refusal("papers.sensitive_unexplained"): sensitive kinds without necessity and impact (PIPL 30).
        Refusal("papers.braces"): a fact holds braces and would be read as a slot.
        Refusal("papers.too_long"): the short form does not fit; with its length and the limit.
    """
    words = template(structure, language)
    _check_facts(facts, wording)
    said = _said(facts, wording, words, language)
    forms = {form: _fill_form(words, form, said, facts.public_address) for form in FORMS}
    if sent_length(forms["short"]) > SHORT_LIMIT[language]:
        brief = {**said, "kinds": _category_words(facts, words, language)}
        forms["short"] = _fill_form(words, "short", brief, facts.public_address)
    length = sent_length(forms["short"])
    if length > SHORT_LIMIT[language]:
        raise Refusal("papers.too_long", language=language, length=length, limit=SHORT_LIMIT[language])
    return NoticeText(
        structure=structure,
        version=words["version"],
        language=language,
        subject=words["subject"].format_map(said),
        forms=forms,
        elements=_elements(facts, wording, structure=structure, said=said, template=words, language=language),
    )


def _check_facts(facts: NoticeFacts, wording: Wording) -> None:
    optional = {"public_address", "necessity", "impact"}
    both = {**vars(facts), **vars(wording)}
    missing = sorted(name for name, value in both.items() if not value and name not in optional)
    if missing:
        raise Refusal("papers.facts_missing", missing=missing)
    if "sensitive" in facts.kinds and not (wording.necessity and wording.impact):
        raise Refusal("papers.sensitive_unexplained", law="PIPL-30")
    braced = sorted(
        name for name, value in both.items() if any(sign in str(value) for sign in "{}") and name != "kinds"
    )
    if braced:
        raise Refusal("papers.braces", fields=braced)


def _said(facts: NoticeFacts, wording: Wording, template: Mapping[str, Any], language: str) -> dict[str, str]:
    marks = template["marks"]
    return {
        **{name: value for name, value in vars(facts).items() if isinstance(value, str)},
        **{name: value for name, value in vars(wording).items() if isinstance(value, str)},
        "closing_on": day_text(facts.closing_on, language),
        "answer_by": day_text(facts.answer_by, language),
        "purposes": marks["list"].join(wording.purposes),
        "methods": marks["list"].join(wording.methods),
        "kinds": _kind_words(facts, template, language),
        "sensitive_kinds": marks["list"].join(_field_words(facts.kinds.get("sensitive", ()), language)),
    }


def _field_words(ids: tuple[str, ...], language: str) -> list[str]:
    return [terms.term(f"field.{each}").say(language) for each in ids]


def _kind_words(facts: NoticeFacts, template: Mapping[str, Any], language: str) -> str:
    marks = template["marks"]
    return marks["list"].join(
        marks["group"].format(
            category=terms.term(f"category.{category}").say(language),
            fields=marks["list"].join(_field_words(ids, language)),
        )
        for category, ids in facts.kinds.items()
    )


def _category_words(facts: NoticeFacts, template: Mapping[str, Any], language: str) -> str:
    return template["marks"]["list"].join(terms.term(f"category.{each}").say(language) for each in facts.kinds)


def _fill_form(template: Mapping[str, Any], form: str, said: Mapping[str, str], public_address: str) -> str:
    parts = template["parts"][form]
    slots = {
        **said,
        "code": CODE_SLOT,
        "link": parts["link"] if public_address else "",
        "sensitive": parts["sensitive"].format_map(said) if said["sensitive_kinds"] else "",
    }
    return string.Formatter().vformat(template[form], (), slots)


def sent_length(form: str) -> int:
    """Characters with the code and without the link: the link's length is the address's, not the text's."""
    return len(form.replace(CODE_SLOT, "x" * _CODE_LENGTH).replace(LINK_SLOT, ""))


def _elements(
    facts: NoticeFacts,
    wording: Wording,
    *,
    structure: str,
    said: Mapping[str, str],
    template: Mapping[str, Any],
    language: str,
) -> dict[str, Any]:
    """The elements as data, so that a consent can be held against recipient × purpose × method × category × text."""
    found: dict[str, Any] = {
        "structure": structure,
        "handler": {"name": facts.company, "shop": facts.shop, "contact": facts.contact, "address": facts.address},
        "recipient": {"name": facts.recipient, "contact": facts.recipient_contact},
        "purposes": list(wording.purposes),
        "methods": list(wording.methods),
        "kinds": {category: list(ids) for category, ids in facts.kinds.items()},
        "period": wording.period,
        "closing_on": facts.closing_on.isoformat(),
        "answer_by": facts.answer_by.isoformat(),
        "settlement": wording.settlement,
        "asks": True,
        "said": {
            "categories": [terms.term(f"category.{each}").say(language) for each in facts.kinds],
            "lists": [said["kinds"], said["sensitive_kinds"]],
            "answer_until": said["answer_by"],
            "consequences": {form: dict(template["consequences"][form]) for form in FORMS},
        },
    }
    if "sensitive" in facts.kinds:
        found["sensitive"] = {"necessity": wording.necessity, "impact": wording.impact}
    return found
