"""Seeded companies and their customers, for the demo, the tests, the benches and training. All people are invented.

What lives here: companies with their own files (housekeeping, instruments, graphics), a small shop, the truth
behind them, what each customer would answer, large files for the benches, and how two real tables act as a company.
What does not: any judgment about what is written here.
Start with `write_company`, `answer_book`, and `Truth.identifiers` for the scan for leaks.
"""

from shouxin.ground.samples import real
from shouxin.ground.samples.answers import Contact, PlannedAnswer, answer_book, planned_answers
from shouxin.ground.samples.company import write_company, write_shop
from shouxin.ground.samples.people import COMPANY, GRAPHICS_FIRM, INSTRUMENT_FIRM, Shape
from shouxin.ground.samples.truth import RowRef, TruePerson, Truth

__all__ = [
    "COMPANY",
    "GRAPHICS_FIRM",
    "INSTRUMENT_FIRM",
    "Contact",
    "PlannedAnswer",
    "RowRef",
    "Shape",
    "TruePerson",
    "Truth",
    "answer_book",
    "planned_answers",
    "real",
    "write_company",
    "write_shop",
]
