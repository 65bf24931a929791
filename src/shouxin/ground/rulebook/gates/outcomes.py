"""Every way in which a row can decide: its verdict, its reason sentence, the law, and how far that is verified.

An outcome's number stands in columns that are kept as evidence, so it never changes: a new outcome takes the next free
number, and one that no row gives any more stays readable. What a period rests on (B07) is named by its record class.
"""

from dataclasses import dataclass
from enum import IntEnum

import numpy as np

from shouxin.ground.kernel.refusals import Refusal
from shouxin.ground.rulebook import law
from shouxin.ground.rulebook.gates.codes import Verdict


class Outcome(IntEnum):
    """The outcomes by name; their rows are in `OUTCOMES`."""

    UNDECIDED = 0
    NOTHING_HELD = 1
    NO_FLOW = 77
    A01_GONE = 2
    A02_RESTRICTED = 3
    A02_NOT_IDENTIFIED = 4
    A02_KEY_MISMATCH = 5
    A02_NOT_CHECKED = 57
    A03_FOREIGN_REQUEST = 6
    A04_SURPLUS = 7
    A05_NO_ROUTE = 8
    A05_ROUTE_TOO_WEAK = 58
    A05_SENSITIVE = 59
    A06_HOLD = 9
    A07_DELETE = 10
    A07_REQUEST = 11
    A08_REFUSED = 12
    A08_WITHDREW = 13
    A09_RELATIVES = 14
    A09_DEAD = 15
    A10_UNREAD = 16
    A10_SEVERAL = 17
    A11_NO_CHILD_RULES = 18
    A11_GUARDIAN = 19
    A12_REPRESENTATIVE = 20
    A13_TELL = 21
    A13_ASK = 22
    A14_HAND_OVER = 23
    A14_NO_AGREEMENT = 24
    A14_MANDATE_ENDS = 60
    A15_NO_UNDERTAKING = 25
    A15_TELL = 26
    A15_HAND_OVER = 27
    A15_WAIT = 61
    A16_NOT_VERIFIED = 62
    A16_NOT_OWN = 63
    A16_NOT_FEASIBLE = 64
    A16_HARMS_OTHERS = 65
    A16_HAND_OVER = 66
    A17_ASK = 67
    A18_ASK = 68
    A19_UNREACHABLE = 69
    A19_TELL = 70
    A20_WAIT = 71
    A21_OBJECTED = 72
    A22_HAND_OVER = 73
    A23_OBJECTED = 30
    A23_HAND_OVER = 31
    A23_TELL = 32
    A24_ASK = 33
    A25_ASK = 34
    A26_NOT_TOLD = 35
    A26_NOT_SEPARATE = 36
    A27_HAND_OVER = 37
    A99_NO_ROW = 39
    CUT_OFF_NOT_AGREED = 40
    CUT_OFF_NOT_TOLD = 41
    CUT_OFF_NOT_RESOLVED = 42
    TRAVELS_ASK = 74
    TRAVELS_TELL = 75
    TRAVELS_STOP = 76
    B01_SEAL = 43
    B01_KEEP = 44
    B03_KEEP = 45
    B04_HOLD = 46
    B04_REQUEST = 47
    B04_CUSTODIAN = 78
    B06_KEEP = 48
    B06_WIND_UP = 79
    B07_SEAL = 49
    B07_SEAL_UNVERIFIED = 50
    B08_SEAL = 51
    B08_REPORT = 80
    B09_ARCHIVE = 81
    B09_CLAIMS = 82
    B10_ANONYMISE = 83
    B11_DESTROY = 54
    B99_NO_ROW = 56
    EARLIER_A16 = 28
    EARLIER_A17 = 29
    EARLIER_A99 = 38
    EARLIER_B09 = 52
    EARLIER_B10 = 53
    EARLIER_B99 = 55


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


_O, _V, _EARLIER = Outcome, Verdict, "gates.not_decided_here"
_CUSTODY = ("PIPL-22b", "PIPL-47b")

_ANY_RECIPIENT = (
    Ruling(_O.UNDECIDED, 0, _V.NOTHING, "gates.A99.no_row", ()),
    Ruling(_O.NOTHING_HELD, 0, _V.NOTHING, "gates.nothing_held", ("PIT-1",)),
    Ruling(_O.NO_FLOW, 0, _V.NOTHING, "gates.no_flow", ()),
    Ruling(_O.A01_GONE, 1, _V.NOTHING, "gates.A01.gone", ("PIT-1",)),
    Ruling(_O.A02_RESTRICTED, 2, _V.STOP, "gates.A02.restricted", ("PIPL-42",)),
    Ruling(_O.A02_NOT_IDENTIFIED, 2, _V.STOP, "gates.A02.not_identified", ("NDSR-12a",)),
    Ruling(_O.A02_KEY_MISMATCH, 2, _V.STOP, "gates.A02.key_mismatch", ("NDSR-12a",)),
    Ruling(_O.A02_NOT_CHECKED, 2, _V.STOP, "gates.A02.not_checked", ("PIPL-42",)),
    Ruling(_O.A03_FOREIGN_REQUEST, 3, _V.STOP, "gates.A03.foreign_request", ("PIPL-41", "DSL-36")),
    Ruling(_O.A04_SURPLUS, 4, _V.NOT_MOVED, "gates.A04.surplus", ("PIPL-6",)),
    Ruling(_O.A05_NO_ROUTE, 5, _V.STOP, "gates.A05.no_route", ("PIPL-38", "PIPL-40", "NDSR-35", "SH-10")),
    Ruling(
        _O.A05_ROUTE_TOO_WEAK, 5, _V.STOP, "gates.A05.route_too_weak", ("PIPL-38", "PIPL-40", "SH-10", "AUDIT-GUIDE-15")
    ),
    Ruling(_O.A05_SENSITIVE, 5, _V.STOP, "gates.A05.sensitive", ("SH-10", "PIPL-38")),
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
)

_BY_ROLE = (
    Ruling(_O.A14_HAND_OVER, 14, _V.HAND_OVER, "gates.A14.hand_over", ("PIPL-21a", "NDSR-12a")),
    Ruling(_O.A14_NO_AGREEMENT, 14, _V.STOP, "gates.A14.no_agreement", ("PIPL-21a", "NDSR-12a")),
    Ruling(_O.A14_MANDATE_ENDS, 14, _V.STOP, "gates.A14.mandate_ends", ("PIPL-21b",)),
    Ruling(_O.A15_NO_UNDERTAKING, 15, _V.STOP, "gates.A15.no_undertaking", _CUSTODY, True),
    Ruling(_O.A15_TELL, 15, _V.TELL, "gates.A15.tell", ("PIPL-22a", "SH-9b"), True),
    Ruling(_O.A15_WAIT, 15, _V.TELL, "gates.A15.wait", ("SH-9b", "CC-201"), True),
    Ruling(_O.A15_HAND_OVER, 15, _V.HAND_OVER, "gates.A15.hand_over", ("PIPL-22a", "PIPL-47b"), True),
    Ruling(_O.A16_NOT_VERIFIED, 16, _V.NOT_MOVED, "gates.A16.not_verified", ("PIPL-45", "NDSR-25")),
    Ruling(_O.A16_NOT_OWN, 16, _V.NOT_MOVED, "gates.A16.not_own", ("PIPL-45", "NDSR-25")),
    Ruling(_O.A16_NOT_FEASIBLE, 16, _V.NOT_MOVED, "gates.A16.not_feasible", ("PIPL-45", "NDSR-25")),
    Ruling(_O.A16_HARMS_OTHERS, 16, _V.NOT_MOVED, "gates.A16.harms_others", ("PIPL-45", "NDSR-25")),
    Ruling(_O.A16_HAND_OVER, 16, _V.HAND_OVER, "gates.A16.hand_over", ("PIPL-45", "NDSR-25")),
    Ruling(_O.A17_ASK, 17, _V.ASK, "gates.A17.ask", ("PIPL-22c",)),
    Ruling(_O.A18_ASK, 18, _V.ASK, "gates.A18.ask", ("PIPL-29", "PIPL-13"), True),
    Ruling(_O.A19_UNREACHABLE, 19, _V.NOT_MOVED, "gates.A19.unreachable", ("PIPL-22a",), True),
    Ruling(_O.A19_TELL, 19, _V.TELL, "gates.A19.tell", ("PIPL-22a",)),
    Ruling(_O.A20_WAIT, 20, _V.TELL, "gates.A20.wait", ("SH-9a", "SH-9b", "CC-201"), True),
    Ruling(_O.A21_OBJECTED, 21, _V.STOP, "gates.A21.objected", ("PIPL-44",), True),
    Ruling(_O.A22_HAND_OVER, 22, _V.HAND_OVER, "gates.A22.hand_over", ("PIPL-22a", "NDSR-14")),
    Ruling(_O.A23_OBJECTED, 23, _V.STOP, "gates.A23.objected", ("PIPL-44",)),
    Ruling(_O.A23_HAND_OVER, 23, _V.HAND_OVER, "gates.A23.hand_over", ("PIPL-13", "PIPL-23a", "AUDIT-GUIDE-8"), True),
    Ruling(_O.A23_TELL, 23, _V.TELL, "gates.A23.tell", ("PIPL-23a", "PIPL-30"), True),
    Ruling(_O.A24_ASK, 24, _V.ASK, "gates.A24.ask", ("PIPL-23a",)),
    Ruling(_O.A25_ASK, 25, _V.ASK, "gates.A25.ask", ("PIPL-14a", "PIPL-16", "PIPL-23a", "NDSR-62")),
    Ruling(_O.A26_NOT_TOLD, 26, _V.ASK, "gates.A26.not_told", ("PIPL-30",)),
    Ruling(_O.A26_NOT_SEPARATE, 26, _V.ASK, "gates.A26.not_separate", ("PIPL-29",)),
    Ruling(_O.A27_HAND_OVER, 27, _V.HAND_OVER, "gates.A27.hand_over", ("PIPL-23a",)),
    Ruling(_O.A99_NO_ROW, 99, _V.STOP, "gates.A99.no_row", ()),
)

_AT_CUT_OFF = (
    Ruling(_O.CUT_OFF_NOT_AGREED, 0, _V.NOT_MOVED, "gates.cut_off.not_agreed", ("PIPL-23a",)),
    Ruling(_O.CUT_OFF_NOT_TOLD, 0, _V.NOT_MOVED, "gates.cut_off.not_told", ("PIPL-22a", "PIPL-23a")),
    Ruling(_O.CUT_OFF_NOT_RESOLVED, 0, _V.NOT_MOVED, "gates.cut_off.not_resolved", ("PIPL-23a",), True),
    Ruling(_O.TRAVELS_ASK, 0, _V.HAND_OVER, "gates.travels.ask", ("CC-67", "PIPL-22b"), True),
    Ruling(_O.TRAVELS_TELL, 0, _V.HAND_OVER, "gates.travels.tell", ("CC-67", "PIPL-22b"), True),
    Ruling(_O.TRAVELS_STOP, 0, _V.HAND_OVER, "gates.travels.stop", ("CC-67", "PIPL-22b"), True),
)

_STAYING = (
    Ruling(_O.B01_SEAL, 1, _V.SEAL, "gates.B01.seal", ("PIT-1",)),
    Ruling(_O.B01_KEEP, 1, _V.KEEP, "gates.B01.keep", ("PIT-1",)),
    Ruling(_O.B03_KEEP, 3, _V.KEEP, "gates.B03.keep", ("PIPL-13", "CO-234", "CO-235", "CC-570")),
    Ruling(_O.B04_HOLD, 4, _V.SEAL, "gates.B04.hold", ("PIPL-47b",), True),
    Ruling(_O.B04_REQUEST, 4, _V.STOP, "gates.B04.request", ("PIPL-50",), True),
    Ruling(_O.B04_CUSTODIAN, 4, _V.SEAL, "gates.B04.custodian", ("PIPL-50", "PIPL-47b"), True),
    Ruling(_O.B06_KEEP, 6, _V.KEEP, "gates.B06.keep", ("PIPL-17b",)),
    Ruling(_O.B06_WIND_UP, 6, _V.STOP, "gates.B06.wind_up", ("PIPL-17b", "CO-234")),
    Ruling(_O.B07_SEAL, 7, _V.SEAL, "gates.B07.seal", ("PIPL-47b",)),
    Ruling(_O.B07_SEAL_UNVERIFIED, 7, _V.SEAL, "gates.B07.seal_unverified", ("PIPL-47b",), True),
    Ruling(_O.B08_SEAL, 8, _V.SEAL, "gates.B08.seal", ("PIPL-47b", "SH-12")),
    Ruling(_O.B08_REPORT, 8, _V.STOP, "gates.B08.report", ("SH-12",)),
    Ruling(_O.B09_ARCHIVE, 9, _V.ARCHIVE, "gates.B09.archive", ("PIPL-47b",), True),
    Ruling(_O.B09_CLAIMS, 9, _V.SEAL, "gates.B09.claims", ("CC-188",), True),
    Ruling(_O.B10_ANONYMISE, 10, _V.ANONYMISE, "gates.B10.anonymise", ("PIPL-73", "GBT-42460")),
    Ruling(_O.B11_DESTROY, 11, _V.DESTROY, "gates.B11.destroy", ("PIPL-47a", "PIPL-21b")),
    Ruling(_O.B99_NO_ROW, 99, _V.STOP, "gates.B99.no_row", ()),
)

# Given by an earlier edition, which left these rows to a person.
_NO_LONGER_GIVEN = (
    Ruling(_O.EARLIER_A16, 16, _V.STOP, _EARLIER, ("PIPL-45", "NDSR-25")),
    Ruling(_O.EARLIER_A17, 17, _V.STOP, _EARLIER, ("PIPL-22c",)),
    Ruling(_O.EARLIER_A99, 99, _V.STOP, _EARLIER, ()),
    Ruling(_O.EARLIER_B09, 9, _V.STOP, _EARLIER, ("CC-188",), True),
    Ruling(_O.EARLIER_B10, 10, _V.STOP, _EARLIER, ("PIPL-73", "GBT-42460")),
    Ruling(_O.EARLIER_B99, 99, _V.STOP, _EARLIER, ()),
)

# In the order of their numbers, which leave no gap.
OUTCOMES: tuple[Ruling, ...] = tuple(
    sorted((*_ANY_RECIPIENT, *_BY_ROLE, *_AT_CUT_OFF, *_STAYING, *_NO_LONGER_GIVEN), key=lambda each: each.outcome)
)

ROW_OF = np.array([each.row for each in OUTCOMES], dtype=np.uint8)
VERDICT_OF = np.array([each.verdict for each in OUTCOMES], dtype=np.uint8)


def ruling(outcome: int) -> Ruling:
    """Return what an outcome's number says.

    Raises:
        Refusal("gates.unknown_outcome"): no outcome has this number.
    """
    if not 0 <= outcome < len(OUTCOMES):
        raise Refusal("gates.unknown_outcome", outcome=int(outcome))
    return OUTCOMES[outcome]
