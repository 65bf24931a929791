"""Reads of the answers, as arrays for the gates and as views for people."""

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from functools import cache

import numpy as np

from shouxin.duties.consent.models import Answer, Window
from shouxin.ground.kernel.refusals import Refusal
from shouxin.ground.rulebook import bases, terms
from shouxin.ground.rulebook.gates import codes

KINDS = ("consent.window_opened", "consent.recorded")
AGREE = codes.Answer.AGREE
_MOST_NAMED = 900
_COLUMNS = ("customer", "answer", "categories", "sensitive_agreed", "guardian", "defects", "recipient")


@dataclass(frozen=True)
class WindowView:
    """What a case asks and until when."""

    case: str
    recipient: str
    texts: tuple[str, ...]
    categories: frozenset[str]
    opens_at: datetime
    cut_off: datetime


@dataclass(frozen=True)
class AnswerView:
    """One recorded answer."""

    id: int
    case: str
    customer: int
    recipient: str
    text_digest: str
    answer: str
    categories: frozenset[str]
    sensitive_agreed: bool
    guardian: bool
    defects: tuple[str, ...]
    route: str
    recorded_by: str
    given_at: datetime
    at: datetime
    proof_digest: str


@dataclass(frozen=True)
class AnswerColumns:
    """The standing answer of everyone who answered, one NumPy column each, in the order of customer numbers.

    `answer` is a `gates` Answer, `categories_mask` has bit = compartment, `defect` holds `bases.Defect` bits.
    """

    customer: np.ndarray
    answer: np.ndarray
    categories_mask: np.ndarray
    sensitive: np.ndarray
    guardian: np.ndarray
    defect: np.ndarray
    recipient_match: np.ndarray

    def __len__(self) -> int:
        return len(self.customer)


def mask_of(categories: Iterable[str]) -> int:
    """The mask of category names, bit = compartment.

    Raises:
        Refusal("consent.no_such_category").
    """
    known = terms.categories()
    mask = 0
    for name in categories:
        if name not in known:
            raise Refusal("consent.no_such_category", category=name)
        mask |= 1 << known[name].compartment
    return mask


@cache
def names_of(mask: int) -> frozenset[str]:
    """The category names of a mask."""
    return frozenset(name for name, each in terms.categories().items() if mask >> each.compartment & 1)


def window(case: str) -> WindowView:
    """What a case asks.

    Raises:
        Refusal("consent.not_asked"): the case has asked nothing yet.
    """
    row = Window.objects.filter(case=case).first()
    if row is None:
        raise Refusal("consent.not_asked", case=case)
    return WindowView(
        case=row.case,
        recipient=row.recipient,
        texts=tuple(row.texts),
        categories=names_of(row.categories),
        opens_at=row.opens_at,
        cut_off=row.cut_off,
    )


def answers(case: str, at: datetime) -> AnswerColumns:
    """The standing answers of a case as far as they were recorded by `at`: of each customer the one given last."""
    row = Window.objects.filter(case=case).first()
    asked = row.recipient if row else ""
    standing: dict[int, tuple[object, ...]] = {}
    rows = Answer.objects.filter(case=case, at__lte=at).order_by("given_at", "id").values_list(*_COLUMNS)
    for each in rows.iterator(chunk_size=10_000):
        standing[each[0]] = each
    ordered = [standing[customer] for customer in sorted(standing)]
    columns = list(zip(*ordered, strict=True)) if ordered else [()] * len(_COLUMNS)
    return AnswerColumns(
        customer=np.array(columns[0], np.int64),
        answer=np.array(columns[1], np.uint8),
        categories_mask=np.array(columns[2], np.int32),
        sensitive=np.array(columns[3], bool),
        guardian=np.array(columns[4], bool),
        defect=np.array(columns[5], np.int32),
        recipient_match=np.array([recipient == asked for recipient in columns[6]], bool),
    )


def standing(case: str, customers: Collection[int] | None = None) -> dict[int, int]:
    """Customer → the answer that stands now (`gates` Answer as a number); None: everyone who answered."""
    rows = Answer.objects.filter(case=case)
    if customers is not None and len(customers) <= _MOST_NAMED:
        rows = rows.filter(customer__in=list(customers))
    return dict(rows.order_by("given_at", "id").values_list("customer", "answer"))


def given(case: str) -> frozenset[tuple[int, int, datetime]]:
    """Customer, answer and when it was given, of every answer on record: what a sheet may repeat."""
    return frozenset(Answer.objects.filter(case=case).values_list("customer", "answer", "given_at"))


def refusals(case: str) -> frozenset[int]:
    """Who clearly said no, or took a yes back, and has not changed their mind: never asked again (NDSR 22)."""
    no = (int(codes.Answer.REFUSE), int(codes.Answer.WITHDRAW))
    return frozenset(customer for customer, answer in standing(case).items() if answer in no)


def call_backs(case: str) -> frozenset[int]:
    """Who asked to be called and has not answered since."""
    wanted = int(codes.Answer.CALL_ME)
    return frozenset(customer for customer, answer in standing(case).items() if answer == wanted)


def history(customer: int, case: str) -> list[AnswerView]:
    """Every answer of one customer in a case, first to last."""
    return [view(row) for row in Answer.objects.filter(case=case, customer=customer).order_by("given_at", "id")]


def every_answer(case: str) -> Iterator[AnswerView]:
    """Every answer of a case, the later behind the earlier, in one read."""
    rows = Answer.objects.filter(case=case).order_by("given_at", "id")
    return (view(row) for row in rows.iterator(chunk_size=10_000))


def counts(case: str, at: datetime) -> dict[str, int]:
    """How many standing answers of each kind; defective agreements are counted apart as well."""
    found = answers(case, at)
    result = {code.name.lower(): int((found.answer == code).sum()) for code in codes.Answer if code}
    agreed = found.answer == codes.Answer.AGREE
    return {**result, "agree_defective": int((agreed & (found.defect != 0)).sum())}


def view(row: Answer) -> AnswerView:
    """A row as a value."""
    return AnswerView(
        id=row.pk,
        case=row.case,
        customer=row.customer,
        recipient=row.recipient,
        text_digest=row.text_digest,
        answer=codes.Answer(row.answer).name.lower(),
        categories=names_of(row.categories),
        sensitive_agreed=row.sensitive_agreed,
        guardian=row.guardian,
        defects=bases.name_defects(row.defects),
        route=row.route,
        recorded_by=row.recorded_by,
        given_at=row.given_at,
        at=row.at,
        proof_digest=row.proof_digest,
    )
