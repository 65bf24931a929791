"""Every way in which a row can decide: its verdict, its reason sentence, the law, and how far that is verified.

The place in the table is the number that stands in a column; 0 means that no row has decided yet. What a period
rests on (B07) is named by its record class in `retention`, not here.
"""

from dataclasses import dataclass
from enum import IntEnum, auto

import numpy as np

from shouxin.ground.kernel.refusals import Refusal
from shouxin.ground.rulebook import law
from shouxin.ground.rulebook.gates.codes import Verdict


class Outcome(IntEnum):
    """The outcomes by name; their rows are in `OUTCOMES`."""

    UNDECIDED = 0
    NOTHING_HELD = auto()
    A01_GONE = auto()
    A02_RESTRICTED = auto()
    A02_NOT_IDENTIFIED = auto()
    A02_KEY_MISMATCH = auto()
    A03_FOREIGN_REQUEST = auto()
    A04_SURPLUS = auto()
    A05_NO_ROUTE = auto()
    A06_HOLD = auto()
    A07_DELETE = auto()
    A07_REQUEST = auto()
    A08_REFUSED = auto()
    A08_WITHDREW = auto()
    A09_RELATIVES = auto()
    A09_DEAD = auto()
    A10_UNREAD = auto()
    A10_SEVERAL = auto()
    A11_NO_CHILD_RULES = auto()
    A11_GUARDIAN = auto()
    A12_REPRESENTATIVE = auto()
    A13_TELL = auto()
    A13_ASK = auto()
    A14_HAND_OVER = auto()
    A14_NO_AGREEMENT = auto()
    A15_NO_UNDERTAKING = auto()
    A15_TELL = auto()
    A15_HAND_OVER = auto()
    A16_NOT_HERE = auto()
    A17_NOT_HERE = auto()
    A23_OBJECTED = auto()
    A23_HAND_OVER = auto()
    A23_TELL = auto()
    A24_ASK = auto()
    A25_ASK = auto()
    A26_NOT_TOLD = auto()
    A26_NOT_SEPARATE = auto()
    A27_HAND_OVER = auto()
    A99_NOT_HERE = auto()
    A99_NO_ROW = auto()
    CUT_OFF_NOT_AGREED = auto()
    CUT_OFF_NOT_TOLD = auto()
    CUT_OFF_NOT_RESOLVED = auto()
    B01_SEAL = auto()
    B01_KEEP = auto()
    B03_KEEP = auto()
    B04_HOLD = auto()
    B04_REQUEST = auto()
    B06_KEEP = auto()
    B07_SEAL = auto()
    B07_SEAL_UNVERIFIED = auto()
    B08_SEAL = auto()
    B09_NOT_HERE = auto()
    B10_NOT_HERE = auto()
    B11_DESTROY = auto()
    B99_NOT_HERE = auto()
    B99_NO_ROW = auto()


@dataclass(frozen=True)
class Ruling:
    """What an outcome says: row, verdict, the code of its sentence, the law it rests on, whether it is a reading."""

    outcome: Outcome
    row: int
    verdict: Verdict
    code: str
    law: tuple[str, ...]
    is_reading: bool = False

    @property
    def is_verified(self) -> bool:
        """Whether all law behind this outcome is verified and none of it is a reading."""
        return not self.is_reading and all(law.is_verified(id) for id in self.law)


_O, _V, _HERE = Outcome, Verdict, "gates.not_decided_here"

OUTCOMES: tuple[Ruling, ...] = (
    Ruling(_O.UNDECIDED, 0, _V.NOTHING, "gates.A99.no_row", ()),
    Ruling(_O.NOTHING_HELD, 0, _V.NOTHING, "gates.nothing_held", ("PIT-1",)),
    Ruling(_O.A01_GONE, 1, _V.NOTHING, "gates.A01.gone", ("PIT-1",)),
    Ruling(_O.A02_RESTRICTED, 2, _V.STOP, "gates.A02.restricted", ("PIPL-42",)),
    Ruling(_O.A02_NOT_IDENTIFIED, 2, _V.STOP, "gates.A02.not_identified", ("NDSR-12a",)),
    Ruling(_O.A02_KEY_MISMATCH, 2, _V.STOP, "gates.A02.key_mismatch", ("NDSR-12a",)),
    Ruling(_O.A03_FOREIGN_REQUEST, 3, _V.STOP, "gates.A03.foreign_request", ("PIPL-41", "DSL-36")),
    Ruling(_O.A04_SURPLUS, 4, _V.NOT_MOVED, "gates.A04.surplus", ("PIPL-6",)),
    Ruling(_O.A05_NO_ROUTE, 5, _V.STOP, "gates.A05.no_route", ("PIPL-38", "PIPL-40", "NDSR-35", "SH-10")),
    Ruling(_O.A06_HOLD, 6, _V.STOP, "gates.A06.hold", ("CC-67", "PIPL-22", "NDSR-14"), True),
    Ruling(_O.A07_DELETE, 7, _V.NOT_MOVED, "gates.A07.delete", ("PIPL-47a", "PIPL-50")),
    Ruling(_O.A07_REQUEST, 7, _V.STOP, "gates.A07.request", ("PIPL-44", "PIPL-45", "PIPL-46", "PIPL-48", "PIPL-50")),
    Ruling(_O.A08_REFUSED, 8, _V.NOT_MOVED, "gates.A08.refused", ("PIPL-23a", "PIPL-16", "NDSR-22")),
    Ruling(_O.A08_WITHDREW, 8, _V.NOT_MOVED, "gates.A08.withdrew", ("PIPL-15", "PIPL-16", "NDSR-22")),
    Ruling(_O.A09_RELATIVES, 9, _V.STOP, "gates.A09.relatives", ("PIPL-49",)),
    Ruling(_O.A09_DEAD, 9, _V.NOT_MOVED, "gates.A09.dead", ("PIPL-49",), True),
    Ruling(_O.A10_UNREAD, 10, _V.NOT_MOVED, "gates.A10.unread", ("PIPL-23a", "PIPL-29"), True),
    Ruling(_O.A10_SEVERAL, 10, _V.NOT_MOVED, "gates.A10.several", ("PIPL-23a", "PIPL-29", "NDSR-25"), True),
    Ruling(_O.A11_NO_CHILD_RULES, 11, _V.STOP, "gates.A11.no_child_rules", ("PIPL-31",)),
    Ruling(_O.A11_GUARDIAN, 11, _V.ASK, "gates.A11.guardian", ("PIPL-28", "PIPL-31")),
    Ruling(_O.A12_REPRESENTATIVE, 12, _V.ASK, "gates.A12.representative", ("CC-19", "CC-21", "CC-22"), True),
    Ruling(_O.A13_TELL, 13, _V.TELL, "gates.A13.tell", ("PIPL-39", "SH-10")),
    Ruling(_O.A13_ASK, 13, _V.ASK, "gates.A13.ask", ("PIPL-39", "SH-10", "CAC-QA-2026")),
    Ruling(_O.A14_HAND_OVER, 14, _V.HAND_OVER, "gates.A14.hand_over", ("PIPL-21a", "NDSR-12a")),
    Ruling(_O.A14_NO_AGREEMENT, 14, _V.STOP, "gates.A14.no_agreement", ("PIPL-21a", "NDSR-12a")),
    Ruling(_O.A15_NO_UNDERTAKING, 15, _V.STOP, "gates.A15.no_undertaking", ("PIPL-22b", "PIPL-47b"), True),
    Ruling(_O.A15_TELL, 15, _V.TELL, "gates.A15.tell", ("PIPL-22a", "SH-9b"), True),
    Ruling(_O.A15_HAND_OVER, 15, _V.HAND_OVER, "gates.A15.hand_over", ("PIPL-22a", "PIPL-47b"), True),
    Ruling(_O.A16_NOT_HERE, 16, _V.STOP, _HERE, ("PIPL-45", "NDSR-25")),
    Ruling(_O.A17_NOT_HERE, 17, _V.STOP, _HERE, ("PIPL-22c",)),
    Ruling(_O.A23_OBJECTED, 23, _V.STOP, "gates.A23.objected", ("PIPL-44",)),
    Ruling(_O.A23_HAND_OVER, 23, _V.HAND_OVER, "gates.A23.hand_over", ("PIPL-13", "PIPL-23a", "AUDIT-GUIDE-8"), True),
    Ruling(_O.A23_TELL, 23, _V.TELL, "gates.A23.tell", ("PIPL-23a", "PIPL-30"), True),
    Ruling(_O.A24_ASK, 24, _V.ASK, "gates.A24.ask", ("PIPL-23a",)),
    Ruling(_O.A25_ASK, 25, _V.ASK, "gates.A25.ask", ("PIPL-14a", "PIPL-16", "PIPL-23a", "NDSR-62")),
    Ruling(_O.A26_NOT_TOLD, 26, _V.ASK, "gates.A26.not_told", ("PIPL-30",)),
    Ruling(_O.A26_NOT_SEPARATE, 26, _V.ASK, "gates.A26.not_separate", ("PIPL-29",)),
    Ruling(_O.A27_HAND_OVER, 27, _V.HAND_OVER, "gates.A27.hand_over", ("PIPL-23a",)),
    Ruling(_O.A99_NOT_HERE, 99, _V.STOP, _HERE, ()),
    Ruling(_O.A99_NO_ROW, 99, _V.STOP, "gates.A99.no_row", ()),
    Ruling(_O.CUT_OFF_NOT_AGREED, 0, _V.NOT_MOVED, "gates.cut_off.not_agreed", ("PIPL-23a",)),
    Ruling(_O.CUT_OFF_NOT_TOLD, 0, _V.NOT_MOVED, "gates.cut_off.not_told", ("PIPL-22a", "PIPL-23a")),
    Ruling(_O.CUT_OFF_NOT_RESOLVED, 0, _V.NOT_MOVED, "gates.cut_off.not_resolved", ("PIPL-23a",), True),
    Ruling(_O.B01_SEAL, 1, _V.SEAL, "gates.B01.seal", ("PIT-1",)),
    Ruling(_O.B01_KEEP, 1, _V.KEEP, "gates.B01.keep", ("PIT-1",)),
    Ruling(_O.B03_KEEP, 3, _V.KEEP, "gates.B03.keep", ("PIPL-13", "CC-570")),
    Ruling(_O.B04_HOLD, 4, _V.SEAL, "gates.B04.hold", ("PIPL-47b",), True),
    Ruling(_O.B04_REQUEST, 4, _V.STOP, "gates.B04.request", ("PIPL-50",), True),
    Ruling(_O.B06_KEEP, 6, _V.KEEP, "gates.B06.keep", ("PIPL-17b",)),
    Ruling(_O.B07_SEAL, 7, _V.SEAL, "gates.B07.seal", ("PIPL-47b",)),
    Ruling(_O.B07_SEAL_UNVERIFIED, 7, _V.SEAL, "gates.B07.seal_unverified", ("PIPL-47b",), True),
    Ruling(_O.B08_SEAL, 8, _V.SEAL, "gates.B08.seal", ("PIPL-47b", "SH-12")),
    Ruling(_O.B09_NOT_HERE, 9, _V.STOP, _HERE, ("CC-188",), True),
    Ruling(_O.B10_NOT_HERE, 10, _V.STOP, _HERE, ("PIPL-73", "GBT-42460")),
    Ruling(_O.B11_DESTROY, 11, _V.DESTROY, "gates.B11.destroy", ("PIPL-47a", "PIPL-21b")),
    Ruling(_O.B99_NOT_HERE, 99, _V.STOP, _HERE, ()),
    Ruling(_O.B99_NO_ROW, 99, _V.STOP, "gates.B99.no_row", ()),
)

ROW_OF = np.array([ruling.row for ruling in OUTCOMES], dtype=np.uint8)
VERDICT_OF = np.array([ruling.verdict for ruling in OUTCOMES], dtype=np.uint8)


def ruling(outcome: int) -> Ruling:
    """Return what an outcome's number says.

    Raises:
        Refusal("gates.unknown_outcome"): no outcome has this number.
    """
    if not 0 <= outcome < len(OUTCOMES):
        raise Refusal("gates.unknown_outcome", outcome=int(outcome))
    return OUTCOMES[outcome]
