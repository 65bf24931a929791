"""What a notice and a recipient's agreement must say, checked by machine before a human signs.

A notice that asks for separate consent carries the five elements of PIPL 23, what follows from each answer, a way to
answer without tapping a link, and that a no costs nothing; it sells nothing (CON-29) and asks for no codes or cards.
The check reads the text itself: an element counts when its very words stand in the text. It says everything that is
missing. It cannot judge whether the words are true or kind; that is what the two signatures are for.
"""

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from shouxin.ground.kernel.findings import Missing

SMS_CHARACTERS = 350
FIRST_SCREEN_CHARACTERS = 120


@dataclass(frozen=True)
class NoticeElements:
    """The words that must stand in a notice, in the notice's language.

    `categories` are the names of the kinds as written in the text; `consequences` maps an answer (`agree`, `refuse`,
    `none`) to its sentence; `sensitive` holds necessity and impact where something sensitive is asked for (PIPL 30).
    """

    sender_name: str
    sender_contact: str
    recipient_name: str
    recipient_contact: str
    purposes: Sequence[str]
    methods: Sequence[str]
    categories: Sequence[str]
    consequences: Mapping[str, str]
    answer_until: str
    reply_code: str = "{code}"
    sensitive: Sequence[str] = field(default=())
    asks_sensitive: bool = False
    language: str = "zh"


_ANSWERS = ("agree", "refuse", "none")
_PLACEHOLDER = re.compile(
    r"_{3,}|＿{2,}|…{2,}|\.{4,}|TODO|TBD|待定|待填|【\s*】|\[\s*\]|（\s*）|XXX|某某", re.IGNORECASE
)
_CLAUSE = re.compile(r"[^。！？!?\n;；，,：]+")

_FREE_REFUSAL = {
    "zh": re.compile(r"不同意[^。！？\n]{0,30}(不影响|不受影响|没有影响|不会影响|不会因此)"),
    "en": re.compile(
        r"(refus|no\b|not agree|decline)[^.\n]{0,80}(lose nothing|costs? nothing|not affect|no effect)", re.I
    ),
}
_ASKS_SECRET = {
    "zh": re.compile(r"验证码|校验码|密码|银行卡|卡号|转账|汇款|身份证号"),
    "en": re.compile(r"verification code|one-time code|password|\bPIN\b|bank card|card number|transfer money", re.I),
}
# Naming a kind of information (银行卡号, 门锁密码) is not asking for it; a clause that asks has a verb of asking.
_ASKS = {
    "zh": re.compile(r"请|回复|发送|发给|输入|填写|(转账|汇款)[至到给]"),
    "en": re.compile(r"\b(please|send|reply|enter|give|tell|provide|confirm|type)\b", re.I),
}
_DENIES = {
    "zh": re.compile(r"不会|不要|切勿|从不|绝不|不索要|不需要|无需|勿"),
    "en": re.compile(r"\b(never|not|no|don't|do not|won't)\b", re.I),
}
_SELLS = {
    "zh": re.compile(
        r"优惠|折扣|打折|促销|特价|满减|返现|红包|领券|优惠券|抽奖|免费体验|限时|抢购|秒杀|新客|会员充值|办卡|下单立减|赠送|买[一二三\d]+送|立即购买|点击购买"
    ),
    "en": re.compile(
        r"\b(discount|% off|coupon|voucher|special offer|promo|sale price|free trial|buy now|lucky draw)", re.I
    ),
}


def _plain(text: str) -> str:
    """Text as it is compared: full-width folded, spaces and case ignored."""
    return "".join(unicodedata.normalize("NFKC", text).split()).casefold()


def _stands_in(words: str, text: str) -> bool:
    return bool(words.strip()) and _plain(words) in text


def check_notice(text: str, elements: NoticeElements) -> list[Missing]:
    """Return everything that a notice asking for separate consent lacks or must not contain; empty when it may be sent.

    Codes: `notice.element` (which of the five, PIPL 23), `notice.sender` (PIPL 17), `notice.sensitive` (PIPL 30),
    `notice.consequence`, `notice.refusal_is_free` (PIPL 16), `notice.reply_code`, `notice.answer_until`,
    `notice.sells` (CON-29), `notice.asks_secret`, `notice.silence` (PIPL 14), `notice.placeholder`, `notice.language`.
    """
    if elements.language not in _SELLS:
        return [Missing("notice.language", {"language": elements.language})]
    plain = _plain(text)
    return [
        *_missing_elements(plain, elements),
        *_missing_answers(text, plain, elements),
        *_forbidden(text, elements.language),
    ]


@dataclass(frozen=True)
class ToldElements:
    """The words that must stand in a notice that asks for nothing, in the notice's language.

    `changed` are the new values of what was told before (PIPL 17-2); `recipient` is name and contact of who takes over
    or keeps, owed where the duties pass on (PIPL 22).
    """

    sender_name: str
    sender_contact: str
    changed: Sequence[str]
    recipient: tuple[str, str]
    passes_on: bool
    effective_on: str
    language: str = "zh"


_SILENCE = {
    "zh": re.compile(
        r"(不回复|未回复|不答复|未答复|逾期|没有回复|不提出异议|未提出异议)[^。！？\n]{0,12}(视为|即为|等于|就算|默认)(您)?(已经|已)?同意"
    ),
    "en": re.compile(
        r"(no (reply|answer|objection)|if you do not (reply|answer|object)|silence)[^.\n]{0,60}"
        r"(deemed|taken as|counts? as|regarded as|means)(?:(?!\bnot?\b)[^.\n]){0,30}(consent|agree)",
        re.I,
    ),
}


def check_told(text: str, elements: ToldElements) -> list[Missing]:
    """Return everything that a notice of a change lacks or must not contain; empty when it may be sent.

    Codes: `notice.sender` (PIPL 17), `notice.changed` (PIPL 17-2), `notice.effective_on`, `notice.element` (the
    recipient's name or contact, PIPL 22), `notice.sells` (CON-29), `notice.asks_secret`, `notice.silence`,
    `notice.placeholder`, `notice.language`.
    """
    if elements.language not in _SELLS:
        return [Missing("notice.language", {"language": elements.language})]
    plain = _plain(text)
    found = _missing_sender(plain, elements.sender_name, elements.sender_contact)
    found += [
        Missing("notice.changed", {"number": number}, owner="privacy_officer")
        for number, words in enumerate(elements.changed, 1)
        if not _stands_in(words, plain)
    ]
    if not _stands_in(elements.effective_on, plain):
        found.append(Missing("notice.effective_on", {}, owner="privacy_officer"))
    if elements.passes_on:
        found += [
            Missing("notice.element", {"element": name}, owner="privacy_officer")
            for name, words in zip(("recipient_name", "recipient_contact"), elements.recipient, strict=True)
            if not _stands_in(words, plain)
        ]
    return [*found, *_forbidden(text, elements.language)]


def _missing_sender(plain: str, name: str, contact: str) -> list[Missing]:
    return [
        Missing("notice.sender", {"element": element}, owner="privacy_officer")
        for element, words in (("name", name), ("contact", contact))
        if not _stands_in(words, plain)
    ]


def _missing_elements(plain: str, elements: NoticeElements) -> list[Missing]:
    five: dict[str, Sequence[str]] = {
        "recipient_name": [elements.recipient_name],
        "recipient_contact": [elements.recipient_contact],
        "purpose": elements.purposes,
        "method": elements.methods,
        "categories": elements.categories,
    }
    found = [
        Missing("notice.element", {"element": name}, owner="privacy_officer")
        for name, words in five.items()
        if not words or not all(_stands_in(word, plain) for word in words)
    ]
    found += _missing_sender(plain, elements.sender_name, elements.sender_contact)
    told = bool(elements.sensitive) and all(_stands_in(words, plain) for words in elements.sensitive)
    if elements.asks_sensitive and not told:
        found.append(Missing("notice.sensitive", {}, owner="privacy_officer"))
    return found


def _missing_answers(text: str, plain: str, elements: NoticeElements) -> list[Missing]:
    found = [
        Missing("notice.consequence", {"answer": answer}, owner="privacy_officer")
        for answer in _ANSWERS
        if not _stands_in(elements.consequences.get(answer, ""), plain)
    ]
    if not _FREE_REFUSAL[elements.language].search(text):
        found.append(Missing("notice.refusal_is_free", {}, owner="privacy_officer"))
    for code, words in (("notice.reply_code", elements.reply_code), ("notice.answer_until", elements.answer_until)):
        if not _stands_in(words, plain):
            found.append(Missing(code, {}, owner="privacy_officer"))
    return found


def _forbidden(text: str, language: str) -> list[Missing]:
    found = []
    selling = _SELLS[language].search(text)
    if selling:
        found.append(Missing("notice.sells", {"words": selling.group(0)}, owner="privacy_officer"))
    silence = _SILENCE[language].search(text)
    if silence:
        found.append(Missing("notice.silence", {"words": silence.group(0)}, owner="privacy_officer"))
    for clause in _CLAUSE.findall(text):
        secret = _ASKS_SECRET[language].search(clause)
        if secret and _ASKS[language].search(clause) and not _DENIES[language].search(clause):
            found.append(Missing("notice.asks_secret", {"words": secret.group(0)}, owner="privacy_officer"))
    blank = _PLACEHOLDER.search(text)
    if blank:
        found.append(Missing("notice.placeholder", {"words": blank.group(0)}, owner="privacy_officer"))
    return found


def length_hints(text: str, *, channel: str) -> list[Missing]:
    """Return hints, which stop nothing: a text message that splits into many, a first screen that is too full."""
    length = len(text.strip())
    if channel == "sms" and length > SMS_CHARACTERS:
        return [Missing("notice.long_for_sms", {"characters": length, "hint": SMS_CHARACTERS})]
    first = text.strip().split("\n\n", maxsplit=1)[0]
    if channel == "page" and len(first) > FIRST_SCREEN_CHARACTERS:
        return [Missing("notice.long_first_screen", {"characters": len(first), "hint": FIRST_SCREEN_CHARACTERS})]
    return []


# What an agreement must say, by the recipient's role: NDSR 12 for everyone, PIPL 21 for processors, custodian's
# undertaking (storage and statutory answers only). `scope` names the kinds of information.
AGREEMENT_CLAUSES: Mapping[str, tuple[str, ...]] = {
    "other_handler": (
        "purpose",
        "method",
        "scope",
        "security_duties",
        "supervision",
        "destruction_or_return",
        "sub_processing",
    ),
    "processor": (
        "purpose",
        "method",
        "scope",
        "period",
        "security_duties",
        "rights_and_duties",
        "supervision",
        "destruction_or_return",
        "sub_processing",
    ),
    "custodian": ("scope", "storage_only", "security_duties", "answers_requests", "destruction_date", "sub_processing"),
}
_SHORTEST_CLAUSE = 6


def check_agreement(clauses: Mapping[str, Any], *, role: str = "other_handler") -> list[str]:
    """Return the ids of the clauses that an agreement lacks (NDSR 12, PIPL 21 and 23), empty when it is complete.

    A clause that is blank, has a gap to fill in, or only a word or two counts as missing. A clause may be a text, a
    list of texts, or a text per language. For a role without its own list NDSR 12's clauses are asked.
    """
    needed = AGREEMENT_CLAUSES.get(role, AGREEMENT_CLAUSES["other_handler"])
    return [name for name in needed if not _is_said(clauses.get(name))]


def _is_said(clause: Any) -> bool:
    if isinstance(clause, Mapping):
        return bool(clause) and all(_is_said(side) for side in clause.values())
    if isinstance(clause, (list, tuple)):
        clause = "；".join(str(part) for part in clause)
    words = clause.strip() if isinstance(clause, str) else ""
    return len(words) >= _SHORTEST_CLAUSE and not _PLACEHOLDER.search(words)
