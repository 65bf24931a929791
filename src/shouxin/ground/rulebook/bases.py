"""Lawful bases (PIPL 13) and what makes a consent unfit for a flow (PIPL 14, 16, 23; NDSR 62).

A consent stands only for the recipient, purposes, methods and categories it names, in the text that was shown. A basis
that is not recorded is treated like consent: nobody is moved on a basis that nobody wrote down.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from enum import IntEnum, IntFlag
from functools import cache

NOTICE_ELEMENTS = frozenset({"recipient_name", "recipient_contact", "purpose", "method", "categories"})


class Basis(IntEnum):
    """The lawful bases of PIPL 13(1), by item; UNKNOWN is treated like consent."""

    UNKNOWN = 0
    CONSENT = 1
    CONTRACT = 2
    DUTY = 3
    EMERGENCY = 4
    NEWS = 5
    PUBLIC = 6
    OTHER_LAW = 7

    @property
    def rests_on_consent(self) -> bool:
        """Whether the person's no ends processing on this basis (PIPL 15)."""
        return self in (Basis.UNKNOWN, Basis.CONSENT)


class Defect(IntFlag):
    """Why a consent on record does not carry a flow; bits in the order in which they are named to people."""

    RECIPIENT = 1
    PURPOSE = 2
    METHOD = 4
    CATEGORY = 8
    TEXT = 16
    BUNDLED = 32
    TWO_RECIPIENTS = 64
    PRE_TICKED = 128
    BLANKET = 256
    WRONG_PERSON = 512
    AFTER_FACT = 1024
    BEFORE_CHANGE = 2048
    INDUCED = 4096
    NO_PROOF = 8192


@dataclass(frozen=True)
class Asked:
    """What a flow needs a person's agreement to."""

    recipient: str
    purposes: frozenset[str]
    methods: frozenset[str]
    categories: frozenset[str]
    handed_over_at: datetime | None = None
    changed_at: datetime | None = None


@dataclass(frozen=True)
class ConsentForm:
    """The form of a consent on record, the same for all who answered the same text by the same act and channel.

    `elements` are those of PIPL 23 that the text shown contained; `given_at` is the earliest of the group for
    `changed_at`, the latest for `handed_over_at`, so group by day where those dates are near.
    """

    recipients: frozenset[str]
    purposes: frozenset[str]
    methods: frozenset[str]
    categories: frozenset[str]
    elements: frozenset[str]
    given_at: datetime
    bundled: bool = False
    pre_ticked: bool = False
    by_entitled_person: bool = True
    induced: bool = False
    has_proof: bool = True


def defects_of(consent: ConsentForm, asked: Asked) -> Defect:
    """Return every defect of a consent form against what a flow needs; no bit set means that it carries the flow."""
    found = {
        Defect.RECIPIENT: bool(consent.recipients) and asked.recipient not in consent.recipients,
        Defect.PURPOSE: not asked.purposes <= consent.purposes,
        Defect.METHOD: not asked.methods <= consent.methods,
        Defect.CATEGORY: not asked.categories <= consent.categories,
        Defect.TEXT: not consent.elements >= NOTICE_ELEMENTS,
        Defect.BUNDLED: consent.bundled,
        Defect.TWO_RECIPIENTS: len(consent.recipients) > 1,
        Defect.PRE_TICKED: consent.pre_ticked,
        Defect.BLANKET: not consent.recipients,
        Defect.WRONG_PERSON: not consent.by_entitled_person,
        Defect.AFTER_FACT: asked.handed_over_at is not None and consent.given_at >= asked.handed_over_at,
        Defect.BEFORE_CHANGE: asked.changed_at is not None and consent.given_at < asked.changed_at,
        Defect.INDUCED: consent.induced,
        Defect.NO_PROOF: not consent.has_proof,
    }
    return Defect(sum(defect for defect, holds in found.items() if holds))


@cache
def name_defects(defects: int) -> tuple[str, ...]:
    """Return the term ids of the defects in a number, in the order in which they are named to people."""
    return tuple(f"defect.{str(defect.name).lower()}" for defect in Defect if defects & defect)


def covers(agreed: Collection[str], needed: Collection[str]) -> bool:
    """Whether what was agreed to contains all that is needed (PIPL 23: recipient stays within what was told)."""
    return set(needed) <= set(agreed)
