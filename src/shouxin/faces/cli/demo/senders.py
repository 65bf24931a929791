"""Company A of a telling: what it says, its own files, what its customers answer, and the days on which it happens."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

from shouxin.faces.cli.demo import words
from shouxin.ground.samples import COMPANY, PlannedAnswer, Shape, Truth, answer_book, write_company, write_shop

START = datetime(2026, 11, 23, 1, 0, tzinfo=UTC)
SMALL = 200


Correct = Callable[[dict[str, Any]], dict[str, Any]]
"""How a plan file is corrected by hand."""


@dataclass(frozen=True)
class Sender:
    """Whose customers a telling is about. `write` lays the company's files into a folder and gives the truth."""

    says: words.Speech
    write: Callable[[Path], Truth]
    answer: Callable[[Truth], Mapping[str, PlannedAnswer]]
    starts: datetime = START
    has_mail: bool = True
    has_page: bool = True
    """Whether customers can open a page of their own."""
    corrections: Mapping[str, Correct] = field(default_factory=dict)
    """File name → how whoever knows it corrects the suggested plan; the others' plans are confirmed as suggested."""

    @property
    def answers_until(self) -> date:
        """The last day for answers."""
        return (self.starts + timedelta(days=21)).date()

    @property
    def answers_over(self) -> datetime:
        """The morning after it."""
        return self.starts + timedelta(days=22, hours=1)

    @property
    def closing_on(self) -> date:
        """The day on which the business ends for everyone."""
        return (self.starts + timedelta(days=25)).date()

    @property
    def cooled_off(self) -> datetime:
        """When the hand-over's cooling-off is over."""
        return self.starts + timedelta(days=29, hours=1)


def made_up(*, customers: int, seed: int, says: words.Speech = words.HOUSEKEEPING, shape: Shape = COMPANY) -> Sender:
    """A company of so many customers; a housekeeping company below 200 is a shop with one workbook, without e-mail and
    page.
    """
    is_small = customers < SMALL and shape is COMPANY
    size: dict[str, Any] = {"customers": customers, "seed": seed, "as_of": START.date()}
    return Sender(
        says=says,
        write=lambda folder: write_shop(folder, **size) if is_small else write_company(folder, **size, shape=shape),
        answer=lambda truth: answer_book(truth, seed=seed),
        has_mail=not is_small,
        has_page=not is_small,
    )
