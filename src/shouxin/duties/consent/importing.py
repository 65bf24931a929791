"""Answer sheets taken in: each row wholly or not at all, under one entry, and nothing twice.

A sheet also says what people asked for beside an answer: a right, a complaint, a call. That is handed back as it was
read, with whose it is; the rooms that answer it take it in.
"""

import os
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from django.db import transaction

from shouxin.duties.consent import queries
from shouxin.duties.consent.actors import take_leave
from shouxin.duties.consent.models import Sheet
from shouxin.duties.consent.queries import WindowView
from shouxin.duties.consent.recording import ANSWERS, AnswerRow, check_row, counted, store
from shouxin.duties.consent.sheets import ReadRow, SheetFile, open_sheet, read_row
from shouxin.ground.kernel.canonical import encode
from shouxin.ground.kernel.ids import Entropy
from shouxin.ground.kernel.refusals import Refusal
from shouxin.ground.kernel.times import day_in_china, to_text

Resolve = Callable[[Collection[str]], Mapping[str, tuple[str, int] | Refusal]]
"""Reply codes in; for each, as it was said, case and customer out, or why it is nobody's."""
_DECIDED = (ANSWERS["agree"], ANSWERS["refuse"], ANSWERS["withdraw"])


@dataclass(frozen=True)
class RowRefusal:
    """A row of a sheet that was not recorded: its number in the file, the code and its facts."""

    row: int
    code: str
    facts: Mapping[str, object]


@dataclass(frozen=True)
class AskedRow:
    """What a person asked for, as a sheet tells it: a right, a complaint or a call back."""

    row: int
    customer: int
    kind: str
    route: str
    given_at: datetime
    wish: bytes = field(repr=False)


@dataclass(frozen=True)
class SheetResult:
    """What became of a sheet: rows that said something new, rows already known, rows refused with the reason of each;
    what was answered, and what was asked for.
    """

    rows: int
    recorded: int
    known: int
    refused: tuple[RowRefusal, ...]
    answers: Mapping[str, int]
    asked: tuple[AskedRow, ...]


@dataclass(frozen=True)
class _Judged:
    """One row: what it answers, what it asks, or why it is refused; nothing of it where it repeats what stands."""

    answer: AnswerRow | None = None
    asked: AskedRow | None = None
    refused: RowRefusal | None = None


def import_sheet(
    *,
    path: Path,
    case: str,
    texts_of: Callable[[Collection[int]], Mapping[int, str]],
    resolve: Resolve,
    by: str,
    at: datetime,
    entropy: Entropy = os.urandom,
) -> SheetResult:
    """Record an answer sheet: each row wholly or not at all, the good ones in one transaction under one entry.

    `resolve` says whose reply codes are, `texts_of` which texts customers were told (both from `notices`; each is asked
    once for the whole sheet). An answer that repeats what is on record is known, so a corrected sheet may be read
    again. What was asked for comes back with the result and is taken in by the caller, in the caller's transaction.

    Raises:
        Refusal("consent.sheet_known"): the very same file was read before; Refusal("consent.sheet_…") as `open_sheet`;
        Refusal("access.…").
    """
    file = open_sheet(path)
    with transaction.atomic():
        if Sheet.objects.filter(case=case, digest=file.digest).exists():
            raise Refusal("consent.sheet_known", file=file.name)
        judged = list(_judge_sheet(file, case=case, resolve=resolve, at=at))
        rows = [each.answer for each in judged if each.answer]
        if rows:
            window = queries.window(case)
            texts = texts_of({row.customer for row in rows})
            store(case, window.recipient, texts, rows, recorded_by=by, at=at, entropy=entropy)
        else:
            take_leave(by=by, purpose="answer", reason=f"consent:{case}", at=at)
        return _note(file, judged, case=case, by=by, at=at)


def _note(file: SheetFile, judged: Sequence[_Judged], *, case: str, by: str, at: datetime) -> SheetResult:
    """Remember the sheet, and say what became of it."""
    result = SheetResult(
        rows=len(file.rows),
        recorded=sum(1 for each in judged if each.answer or each.asked),
        known=judged.count(_Judged()),
        refused=tuple(each.refused for each in judged if each.refused),
        answers=counted(each.answer.answer for each in judged if each.answer),
        asked=tuple(each.asked for each in judged if each.asked),
    )
    Sheet.objects.create(
        case=case,
        digest=file.digest,
        rows=result.rows,
        recorded=result.recorded,
        known=result.known,
        refused=len(result.refused),
        by=by,
        at=at,
    )
    return result


def _judge_sheet(file: SheetFile, *, case: str, resolve: Resolve, at: datetime) -> Iterator[_Judged]:
    """Each row in order."""
    window = queries.window(case)
    standing = queries.standing(case)
    seen = queries.given(case)
    owners = resolve({written.words["reply_code"] for written in file.rows})
    for written in file.rows:
        try:
            read = read_row(written)
            customer = _whose(owners[read.reply_code], case=case)
            if read.answer not in ANSWERS:
                yield _Judged(asked=_request(read, customer, file=file, at=at))
                continue
            answer = _sheet_answer(read, customer, file=file, window=window)
            if (customer, int(ANSWERS[answer.answer]), answer.given_at) in seen:
                yield _Judged()
                continue
            judged = _judge(read, answer, file=file, window=window, standing=standing.get(customer), at=at)
        except Refusal as refused:
            yield _Judged(refused=RowRefusal(written.number, refused.code, refused.facts))
            continue
        if judged.answer:
            standing[customer] = int(ANSWERS[judged.answer.answer])
        yield judged


def _whose(owner: tuple[str, int] | Refusal, *, case: str) -> int:
    if isinstance(owner, Refusal):
        raise owner
    code_case, customer = owner
    if code_case != case:
        raise Refusal("consent.code_of_another_case")
    return customer


def _judge(
    read: ReadRow, answer: AnswerRow, *, file: SheetFile, window: WindowView, standing: int | None, at: datetime
) -> _Judged:
    """A wish to be called is an answer too, unless a yes or no stands: that it never takes back."""
    check_row(answer, window=window, standing=standing, at=at)
    if answer.answer != "call_me":
        return _Judged(answer=answer)
    call = _asked(read, answer.customer, "call_back", file=file, given_at=answer.given_at)
    return _Judged(answer=None if standing in _DECIDED else answer, asked=call)


def _request(read: ReadRow, customer: int, *, file: SheetFile, at: datetime) -> AskedRow:
    given_at = read.given_at.astimezone(UTC)
    if given_at > at:
        raise Refusal("consent.given_later", answer=read.answer)
    return _asked(read, customer, read.answer, file=file, given_at=given_at)


def _asked(read: ReadRow, customer: int, kind: str, *, file: SheetFile, given_at: datetime) -> AskedRow:
    wish = encode({**_shown(read, file), "asked": kind, "given_at": to_text(given_at), "wish": read.wish})
    return AskedRow(row=read.number, customer=customer, kind=kind, route=read.route, given_at=given_at, wish=wish)


def _sheet_answer(read: ReadRow, customer: int, *, file: SheetFile, window: WindowView) -> AnswerRow:
    given_at = read.given_at.astimezone(UTC)
    if read.day_only and day_in_china(given_at) == day_in_china(window.opens_at):
        given_at = window.opens_at  # the day the window opened, without an hour: not before it opened
    categories = window.categories if read.sensitive else window.categories - {"sensitive"}
    return AnswerRow(
        customer=customer,
        answer=read.answer,
        categories=frozenset(categories) if read.answer == "agree" else frozenset(),
        sensitive_agreed=read.sensitive and read.answer == "agree",
        guardian=read.guardian,
        route=read.route,
        given_at=given_at,
        proof=encode(_shown(read, file)) if read.proof else b"",
        initiative=read.initiative,
    )


def _shown(read: ReadRow, file: SheetFile) -> dict[str, object]:
    """Where it was written down, by whom, on what proof."""
    return {"sheet": file.digest, "row": read.number, "taken_by": read.taken_by, "proof": read.proof}
