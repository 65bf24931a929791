"""A lawyer's signed opinion, and where it chooses a reading other than the strict one.

Without an opinion the tables take the stricter side of every reading and of every text that was not checked. An
opinion counts only when it is signed and dated, answers the very question, and names basis, purpose and kinds of
information; it releases those kinds and no other, and what rests on it is marked so (`Detail.ON_OPINION`).
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from types import MappingProxyType

import numpy as np
import numpy.typing as npt

from shouxin.ground.rulebook.bases import Basis
from shouxin.ground.rulebook.gates.codes import Question

# The law, verified or not, that leaves each question open.
QUESTION_LAW: Mapping[Question, tuple[str, ...]] = MappingProxyType(
    {
        Question.SUCCESSION: ("PIPL-22", "AUDIT-GUIDE-7", "REGR-38"),
        Question.BANKRUPTCY: ("PIPL-22",),
        Question.ROUTE_ABROAD: ("SH-10", "CB-5", "PIPL-40"),
        Question.HELD_MOVES: ("CC-67", "PIPL-22", "NDSR-14"),
        Question.DEAD: ("PIPL-49",),
        Question.SEVERAL_PEOPLE: ("PIPL-23a", "NDSR-25"),
        Question.OWN_CONSENT: ("CC-19", "CC-21", "CC-22"),
        Question.CONSENT_ABROAD: ("PIPL-39", "CAC-QA-2026"),
        Question.CUSTODY_WITHOUT_WAITING: ("PIPL-22a", "SH-9b"),
        Question.ORIGINAL_CONSENT: ("PIPL-29", "PIPL-13"),
        Question.UNREACHABLE: ("PIPL-22a",),
        Question.EACH_TOLD: ("SH-9b",),
        Question.RENAMING: ("SH-9b",),
        Question.FIRST_DAY: ("CC-201",),
        Question.OBJECTION: ("PIPL-44",),
        Question.OTHER_BASIS: ("PIPL-13", "PIPL-23a", "AUDIT-GUIDE-8"),
        Question.DEPOSIT: ("CC-570",),
        Question.UNVERIFIED_PERIOD: ("PIPL-47b",),
        Question.FUTURE_CLAIMS: ("CC-188",),
    }
)

_NEEDS_ANOTHER_BASIS = frozenset({Question.OTHER_BASIS, Question.CONSENT_ABROAD})


@dataclass(frozen=True)
class Opinion:
    """One question answered by a lawyer: on which lawful basis, for which purposes and kinds; `document` is the digest
    of the signed paper. An opinion that leaves one of them out counts for nothing.
    """

    question: Question
    given_on: date
    basis: Basis
    purposes: frozenset[str]
    categories: frozenset[str]
    document: str

    @property
    def is_whole(self) -> bool:
        """Whether it names basis, purpose, kinds and paper, and a basis that can carry its answer."""
        if self.question in _NEEDS_ANOTHER_BASIS and self.basis.rests_on_consent:
            return False
        named = self.basis is not Basis.UNKNOWN
        return bool(named and self.purposes and self.categories and self.document)


def counting(
    opinions: Iterable[Opinion], question: Question, *, purposes: frozenset[str] | None, on: date | None
) -> tuple[Opinion, ...]:
    """Return the opinions that answer a question for these purposes (None: any that they name) and were given by `on`.

    Purposes that nobody recorded are covered by no opinion.
    """
    return tuple(
        each
        for each in opinions
        if each.question is question
        and each.is_whole
        and (purposes is None or (purposes and purposes <= each.purposes))
        and (on is None or each.given_on <= on)
    )


def columns_of_kinds(categories: Sequence[str], kinds: frozenset[str]) -> npt.NDArray[np.bool_]:
    """Return which columns are of these kinds; a part (`behaviour:free_text`) goes with its whole."""
    return np.array([[name in kinds or name.partition(":")[0] in kinds for name in categories]], dtype=np.bool_)


def columns_chosen(opinions: Iterable[Opinion], categories: Sequence[str]) -> npt.NDArray[np.bool_]:
    """Return the columns that any of these opinions names."""
    kinds = frozenset().union(*(each.categories for each in opinions))
    return columns_of_kinds(categories, kinds)
