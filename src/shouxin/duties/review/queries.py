"""Reads of the assessment."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from shouxin.duties.inventory import queries as inventory
from shouxin.duties.review.models import Assessment, Reply
from shouxin.ground.formats import papers
from shouxin.ground.kernel.canonical import decode
from shouxin.ground.kernel.refusals import Refusal
from shouxin.stores.ledger import queries as ledger

SIGNATURES = 2
HAND_OVER_KINDS = ("transfer.packed",)


@dataclass(frozen=True)
class AssessmentView:
    """One edition. `document` holds the exact bytes whose digest was signed."""

    case: str
    edition: int
    state: str
    digest: str
    signers: tuple[str, ...]
    custodian: str
    drafted_at: datetime
    signed_at: datetime | None
    keep_until: date | None
    document: bytes = field(repr=False)
    envelope: bytes = field(repr=False)

    @property
    def plain(self) -> Mapping[str, Any]:
        """The document as data."""
        return decode(self.document, where="assessment")


def counted() -> dict[str, Any]:
    """What the assessment says in numbers, from the inventory: customers, children, customers per category."""
    totals = inventory.counts()
    held = inventory.categories_held()
    return {
        "customers": totals["customers"],
        "under_14": totals["children"],
        "age_unknown": totals["age_unknown"],
        "categories": {name: number for name, number in held.items() if number},
    }


def unanswered(case: str, roles: Collection[str]) -> list[papers.Question]:
    """The questions of this case that nobody has answered yet; each is asked once."""
    known = set(Reply.objects.filter(case=case).values_list("question", flat=True))
    return [each for each in papers.questions(counted(), roles) if each.id not in known]


def replies(case: str) -> dict[str, str]:
    """Question → answer, as it stands."""
    return dict(Reply.objects.filter(case=case).values_list("question", "answer"))


def assessment(case: str) -> AssessmentView:
    """The newest edition.

    Raises:
        Refusal("review.no_assessment").
    """
    row = Assessment.objects.filter(case=case).order_by("-edition").first()
    if row is None:
        raise Refusal("review.no_assessment", case=case)
    return view(row)


def handed_over(case: str) -> int | None:
    """The number of the ledger entry with which the case's first hand-over began, if it did."""
    for entry in ledger.entries(kinds=HAND_OVER_KINDS):
        if entry.scope == f"case:{case}" or entry.facts.get("case") == case:
            return entry.seq
    return None


def view(row: Assessment) -> AssessmentView:
    """A row as a value."""
    return AssessmentView(
        case=row.case,
        edition=row.edition,
        state=row.state,
        digest=row.digest,
        signers=tuple(mark["staff"] for mark in row.signers),
        custodian=row.custodian,
        drafted_at=row.drafted_at,
        signed_at=row.signed_at,
        keep_until=row.keep_until,
        document=bytes(row.document),
        envelope=bytes(row.envelope),
    )
