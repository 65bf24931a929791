"""The answer book: what each customer would answer, by which route, decided by the seed and nothing else.

Rules:
- Whoever cannot be reached, and whoever is dead, is silent. Silence is no answer and is written down as none.
- A minor's answer is given by the guardian (`by_guardian`).
- Routes follow what is on record: page, reply code and telephone need one; paper needs an address.
- The handfuls (withdrawals, complaints, disputes) are separate people, so that each shows its own end.

    book = answer_book(truth, seed=7)
    book["p000001"].answer   # "agree"
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from shouxin.ground.samples.draws import Draws, quota
from shouxin.ground.samples.truth import Truth

PAGE, REPLY_CODE, TELEPHONE, PAPER = "page", "reply_code", "telephone", "paper"
AGREE, REFUSE, SILENT = "agree", "refuse", "silent"
CALL_ME, CORRECT, COPY, DELETE = "call_me", "correct", "copy", "delete"

AGREE_SHARE, REFUSE_SHARE, OTHER_SHARE = 0.62, 0.18, 0.03
_NOT_SENSITIVE_SHARE = 0.04


@dataclass(frozen=True, slots=True)
class Contact:
    """What the book must know of a customer: how to reach, who decides, whether alive."""

    key: str
    channels: tuple[str, ...]
    dead: bool = False
    minor: bool = False


@dataclass(frozen=True, slots=True)
class PlannedAnswer:
    """What one customer will answer. `then` is the answer that follows a request (call me, correct, copy), or none."""

    person_key: str
    route: str
    """page, reply_code, telephone, paper; empty when silent."""
    answer: str
    """agree, refuse, call_me, correct, copy, delete, silent."""
    then: str = ""
    sensitive_agreed: bool = False
    by_guardian: bool = False
    withdraws: str = ""
    """A yes that is taken back: before_packing or after_packing; empty when it stands."""
    complains: bool = False
    disputes: bool = False
    """A fact for the case: a hold is placed over this customer's information."""
    correction: tuple[str, str] | None = None
    """Field id and new text of a correction."""

    @property
    def final(self) -> str:
        """What stands at the cut-off, before any withdrawal: agree, refuse, delete or silent."""
        return self.then or (SILENT if self.answer == CALL_ME else self.answer)


def answer_book(truth: Truth, *, seed: int) -> dict[str, PlannedAnswer]:
    """The planned answer of every customer of a generated company, by person key; the shop has no page."""
    contacts = [
        Contact(person.key, person.channels, dead=person.dead, minor=bool(person.guardian))
        for person in truth.customers()
    ]
    return planned_answers(contacts, seed=seed, electronic=truth.story != "shop")


def planned_answers(contacts: Sequence[Contact], *, seed: int, electronic: bool) -> dict[str, PlannedAnswer]:
    """The same book for any list of customers: 62 % agree, 18 % refuse, 3 % ask for something, the rest are silent.

    With `electronic=False` only telephone and paper are used.
    """
    draws = Draws(seed, "answers")
    able = draws.some([c for c in contacts if c.channels and not c.dead], len(contacts))
    answers = _answers(len(contacts), len(able))
    book = {c.key: PlannedAnswer(c.key, route="", answer=SILENT) for c in contacts}
    for contact, answer in zip(able, answers, strict=True):
        if answer != SILENT:
            book[contact.key] = _planned(draws, contact, answer, electronic=electronic)
    _add_handfuls(draws, book, [c.key for c in able])
    return book


def _answers(count: int, able: int) -> list[str]:
    others = quota(count, OTHER_SHARE, least=4)
    asked = [(CALL_ME, CORRECT, COPY, DELETE)[place % 4] for place in range(others)]
    spoken = asked + [REFUSE] * quota(count, REFUSE_SHARE) + [AGREE] * quota(count, AGREE_SHARE)
    return (spoken + [SILENT] * max(0, able - len(spoken)))[:able]


def _planned(draws: Draws, contact: Contact, answer: str, *, electronic: bool) -> PlannedAnswer:
    then = {CALL_ME: draws.pick((AGREE, REFUSE)), CORRECT: AGREE, COPY: draws.pick((AGREE, REFUSE))}.get(answer, "")
    return PlannedAnswer(
        contact.key,
        route=_route(draws, contact, electronic=electronic),
        answer=answer,
        then=then,
        sensitive_agreed=AGREE in (answer, then) and not draws.chance(_NOT_SENSITIVE_SHARE),
        by_guardian=contact.minor,
        correction=("frequency", draws.pick(("每周三上午", "隔周周五"))) if answer == CORRECT else None,
    )


def _route(draws: Draws, contact: Contact, *, electronic: bool) -> str:
    if "phone" not in contact.channels and "email" not in contact.channels:
        return PAPER
    lot = draws.one(100)
    if not electronic:
        return PAPER if "address" in contact.channels and lot < 15 else TELEPHONE
    if "email" in contact.channels:
        return PAGE if lot < 70 or "phone" not in contact.channels else REPLY_CODE if lot < 90 else TELEPHONE
    return REPLY_CODE if lot < 60 else TELEPHONE


def _add_handfuls(draws: Draws, book: dict[str, PlannedAnswer], able: list[str]) -> None:
    """A few of each, never the same person twice; those who agreed to everything come first in the drawn order."""
    agreed = draws.some([k for k in able if book[k].answer == AGREE and not book[k].by_guardian], len(able))
    few = min(6, max(1, len(book) // 100))
    for change in (
        {"withdraws": "before_packing"},
        {"withdraws": "after_packing"},
        {"complains": True},
        {"disputes": True},
        {"sensitive_agreed": False},
    ):
        chosen, agreed = agreed[:few], agreed[few:]
        for key in chosen:
            book[key] = replace(book[key], **change)  # type: ignore[arg-type]
    refused = [k for k in able if book[k].answer == REFUSE]
    for key in refused[:few]:
        book[key] = replace(book[key], complains=True)
