"""The writers of answers.

Rules:
- Silence is no answer; only an agreement recorded by the cut-off counts. A refusal or a withdrawal counts always.
- A later answer stands above an earlier one. After a clear no the company asks no second time (NDSR 22); the person may
  change their mind.
- Sensitive kinds are agreed to apart (PIPL 29). What is wrong with an agreement is recorded with it, never mended.
- The raw proof is sealed under the person's evidence key; outside stands its salted digest.

    record(case=…, customer=7, recipient=…, text_digest=…, answer="agree", categories={"basic"}, …, at=at)
"""

import os
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from django.db import transaction

from shouxin.duties.consent import queries
from shouxin.duties.consent.actors import check_staff, take_leave
from shouxin.duties.consent.models import Answer, Window
from shouxin.duties.consent.proofs import Proof, seal_proofs
from shouxin.duties.consent.queries import AnswerView, WindowView
from shouxin.ground.kernel.canonical import encode
from shouxin.ground.kernel.digests import digest
from shouxin.ground.kernel.ids import Entropy
from shouxin.ground.kernel.refusals import Refusal
from shouxin.ground.kernel.times import check_instant, to_text
from shouxin.ground.rulebook import bases
from shouxin.ground.rulebook.gates import codes
from shouxin.stores.ledger import services as ledger
from shouxin.stores.vault import services as vault

ANSWERS = {name: codes.Answer[name.upper()] for name in ("agree", "refuse", "call_me", "withdraw")}
ROUTES = ("page", "reply_code", "telephone", "paper", "counter")
INITIATIVES = ("person", "company")
_NO = (codes.Answer.REFUSE, codes.Answer.WITHDRAW)


@dataclass(frozen=True)
class AnswerRow:
    """One answer to be recorded. `initiative` says who spoke first: the person, or the company that asked again.

    `defects` are those the recorder saw (`bundled`, `wrong_person`, …); what can be computed is added.
    """

    customer: int
    answer: str
    categories: frozenset[str]
    sensitive_agreed: bool
    guardian: bool
    route: str
    given_at: datetime
    proof: bytes = field(default=b"", repr=False)
    initiative: str = "person"
    defects: tuple[str, ...] = ()


@transaction.atomic
def open_window(
    *,
    case: str,
    recipient: str,
    texts: Sequence[str],
    categories: Collection[str],
    opens_at: datetime,
    cut_off: datetime,
    by: str,
    at: datetime,
) -> WindowView:
    """Say what a case asks and until when; said again, it adds texts or moves the cut-off later, never earlier.

    Raises:
        Refusal("consent.window_backwards"): the cut-off is not after the opening, or earlier than announced before;
        Refusal("consent.recipient_changed"): another recipient needs another case (PIPL 23);
        Refusal("consent.no_such_category"), Refusal("consent.nothing_asked"): no text or no category.
    """
    check_staff(by)
    check_instant(opens_at), check_instant(cut_off)
    mask = queries.mask_of(categories)
    if not texts or not mask:
        raise Refusal("consent.nothing_asked", case=case)
    row = Window.objects.select_for_update().filter(case=case).first()
    if cut_off <= opens_at or (row is not None and cut_off < row.cut_off):
        raise Refusal("consent.window_backwards", case=case)
    if row is None:
        row = Window(case=case, recipient=recipient, texts=[], opens_at=opens_at)
    if row.recipient != recipient:
        raise Refusal("consent.recipient_changed", case=case, recipient=row.recipient)
    row.texts = sorted({*row.texts, *texts})
    row.categories = mask
    row.cut_off = cut_off
    row.save()
    facts = {
        "recipient": recipient,
        "texts": row.texts,
        "categories": sorted(categories),
        "opens_at": to_text(opens_at),
        "cut_off": to_text(cut_off),
    }
    ledger.append(kind="consent.window_opened", scope=f"case:{case}", at=at, by=by, facts=facts)
    return queries.window(case)


def record(
    *,
    case: str,
    customer: int,
    recipient: str,
    text_digest: str,
    answer: str,
    categories: Collection[str],
    sensitive_agreed: bool,
    guardian: bool,
    route: str,
    proof: bytes,
    recorded_by: str,
    at: datetime,
    given_at: datetime | None = None,
    initiative: str = "person",
    defects: Collection[str] = (),
    entropy: Entropy = os.urandom,
) -> AnswerView:
    """Record one answer with who, how and proof.

    Raises:
        Refusal("consent.window_over"): agreement after the cut-off; Refusal("consent.already_refused"): the company
        asked again after a clear no (NDSR 22); Refusal("consent.not_given"): nothing to take back;
        Refusal("consent.not_asked" | "consent.nothing_agreed" | "consent.before_window" | "consent.given_later");
        Refusal("consent.no_such_answer" | "consent.no_such_route" | "consent.no_such_defect");
        Refusal("access.…"): this member of staff may not record answers.
    """
    row = AnswerRow(
        customer=customer,
        answer=answer,
        categories=frozenset(categories),
        sensitive_agreed=sensitive_agreed,
        guardian=guardian,
        route=route,
        given_at=given_at or at,
        proof=proof,
        initiative=initiative,
        defects=tuple(defects),
    )
    with transaction.atomic():
        stored = store(case, recipient, text_digest, [row], recorded_by=recorded_by, at=at, entropy=entropy)
    return queries.view(stored[0])


def record_many(
    *,
    case: str,
    recipient: str,
    text_digest: str | Mapping[int, str],
    rows: Sequence[AnswerRow],
    recorded_by: str,
    at: datetime,
    entropy: Entropy = os.urandom,
) -> dict[str, int]:
    """Record many answers in one transaction under one entry; all or none. Counts per answer.

    `text_digest` is one text or customer → the text that customer was shown. Raises as `record`, with the row's number.
    """
    if not rows:
        return {}
    with transaction.atomic():
        store(case, recipient, text_digest, rows, recorded_by=recorded_by, at=at, entropy=entropy)
    return {
        name: sum(row.answer == name for row in rows) for name in ANSWERS if any(row.answer == name for row in rows)
    }


def check_row(row: AnswerRow, *, window: WindowView, standing: int | None, at: datetime) -> None:
    """Judge one answer against the window and what stands before it; raises what `record` raises."""
    _check_words(row)
    answer = ANSWERS[row.answer]
    if check_instant(row.given_at) > at:
        raise Refusal("consent.given_later", answer=row.answer)
    if answer == codes.Answer.AGREE:
        _check_agreement(row, window=window, standing=standing, at=at)
    if answer == codes.Answer.WITHDRAW and standing != codes.Answer.AGREE:
        raise Refusal("consent.not_given")
    if answer == codes.Answer.CALL_ME and standing in _NO and row.initiative == "company":
        raise Refusal("consent.already_refused", law="NDSR-22")


def _check_words(row: AnswerRow) -> None:
    if row.answer not in ANSWERS:
        raise Refusal("consent.no_such_answer", known=sorted(ANSWERS))
    if row.route not in ROUTES or row.initiative not in INITIATIVES:
        raise Refusal("consent.no_such_route", known=list(ROUTES))
    unknown = [name for name in row.defects if name.upper() not in bases.Defect.__members__]
    if unknown:
        raise Refusal("consent.no_such_defect", unknown=unknown)


def _check_agreement(row: AnswerRow, *, window: WindowView, standing: int | None, at: datetime) -> None:
    if at > window.cut_off:
        raise Refusal("consent.window_over", cut_off=to_text(window.cut_off))
    if row.given_at < window.opens_at:
        raise Refusal("consent.before_window", opens_at=to_text(window.opens_at))
    if not row.categories:
        raise Refusal("consent.nothing_agreed")
    if standing in _NO and row.initiative == "company":
        raise Refusal("consent.already_refused", law="NDSR-22")


def store(
    case: str,
    recipient: str,
    text_digest: str | Mapping[int, str],
    rows: Sequence[AnswerRow],
    *,
    recorded_by: str,
    at: datetime,
    entropy: Entropy,
) -> list[Answer]:
    """Write answers that belong together under one entry, inside the caller's transaction; raises as `record_many`."""
    window = queries.window(case)
    take_leave(by=recorded_by, purpose="answer", reason=f"consent:{case}", at=at)
    _check_all(rows, window=window, standing=queries.standing(case, {row.customer for row in rows}), at=at)
    digests = seal_proofs(
        proofs=[Proof(row.customer, _sealed_words(row, recorded_by, at)) for row in rows],
        kind="answer",
        at=at,
        entropy=entropy,
    )
    built = [
        _build(
            row, window=window, recipient=recipient, text=_text_of(text_digest, row), by=recorded_by, at=at, proof=proof
        )
        for row, proof in zip(rows, digests, strict=True)
    ]
    stored = Answer.objects.bulk_create(built, batch_size=2_000)
    _tell_ledger(case, stored, by=recorded_by, at=at)
    return stored


def _text_of(text_digest: str | Mapping[int, str], row: AnswerRow) -> str:
    return text_digest if isinstance(text_digest, str) else text_digest.get(row.customer, "")


def _check_all(rows: Sequence[AnswerRow], *, window: WindowView, standing: dict[int, int], at: datetime) -> None:
    for number, row in enumerate(rows, start=1):
        try:
            check_row(row, window=window, standing=standing.get(row.customer), at=at)
        except Refusal as refused:
            if len(rows) == 1:
                raise
            raise Refusal(refused.code, **{**refused.facts, "row": number}) from refused
        standing[row.customer] = int(ANSWERS[row.answer])


def _sealed_words(row: AnswerRow, recorded_by: str, at: datetime) -> bytes:
    """What is sealed: the answer with who, how and when, and the raw proof behind it."""
    head = {
        "answer": row.answer,
        "route": row.route,
        "given_at": to_text(row.given_at),
        "recorded_by": recorded_by,
        "recorded_at": to_text(at),
    }
    return encode(head) + b"\n" + row.proof


def _build(
    row: AnswerRow, *, window: WindowView, recipient: str, text: str, by: str, at: datetime, proof: str
) -> Answer:
    return Answer(
        case=window.case,
        customer=row.customer,
        recipient=recipient,
        text_digest=text,
        answer=int(ANSWERS[row.answer]),
        categories=queries.mask_of(row.categories),
        sensitive_agreed=row.sensitive_agreed,
        guardian=row.guardian,
        defects=_defects(row, window=window, recipient=recipient, text=text),
        route=row.route,
        initiative=row.initiative,
        recorded_by=by,
        given_at=row.given_at,
        at=at,
        proof_digest=proof,
    )


def _defects(row: AnswerRow, *, window: WindowView, recipient: str, text: str) -> int:
    """The recorder's defects and those that show by themselves; only an agreement can be defective."""
    if ANSWERS[row.answer] != codes.Answer.AGREE:
        return 0
    found = bases.Defect(0)
    for name in row.defects:
        found |= bases.Defect[name.upper()]
    if recipient != window.recipient:
        found |= bases.Defect.RECIPIENT
    if text not in window.texts:
        found |= bases.Defect.TEXT
    if not row.categories <= window.categories:
        found |= bases.Defect.CATEGORY
    if not row.proof:
        found |= bases.Defect.NO_PROOF
    return int(found)


def _tell_ledger(case: str, stored: Sequence[Answer], *, by: str, at: datetime) -> None:
    """One entry: counts per answer and route, the digest over the proofs, and one tag or the digest over all tags."""
    event = f"consent.recorded:{case}:{stored[0].pk}"
    tags = vault.tags(customers=sorted({row.customer for row in stored}), event=event)
    facts: dict[str, object] = {
        "answers": counted(codes.Answer(row.answer).name.lower() for row in stored),
        "routes": counted(row.route for row in stored),
        "defective": sum(1 for row in stored if row.defects),
        "texts": sorted({row.text_digest for row in stored}),
        "event": event,
        "proofs": digest("\n".join(row.proof_digest for row in stored).encode()),
    }
    if len(tags) == 1:
        facts["tag"] = next(iter(tags.values()))
    else:
        facts["tags"] = digest("\n".join(sorted(tags.values())).encode())
        facts["people"] = len(tags)
    ledger.append(kind="consent.recorded", scope=f"case:{case}", at=at, by=by, facts=facts)


def counted(words: Iterable[str]) -> dict[str, int]:
    """How often each word stands there."""
    found: dict[str, int] = {}
    for word in words:
        found[word] = found.get(word, 0) + 1
    return found
