"""What is true of the company that holds the information, and of one flow: a movement of information to someone.

What was not recorded takes the stricter side: a recipient is not identified, information goes abroad, purposes change,
head counts are neither small enough to announce nor large enough not to wait.
"""

from dataclasses import dataclass
from datetime import date

from shouxin.ground.rulebook.gates.codes import Business, FlowRole, Question, Route, Structure
from shouxin.ground.rulebook.gates.opinions import Opinion, counting

SMALL_HANDLER_BELOW = 100_000
_ENDING = frozenset({Structure.DISSOLUTION, Structure.BANKRUPTCY, Structure.DEREGISTRATION, Structure.OPERATOR_CHANGE})
_MERGING = frozenset({Structure.MERGER, Structure.DIVISION})


@dataclass(frozen=True)
class SenderFacts:
    """Who changes, how, and whether it goes on; counts are of natural persons: customers, contacts, staff, sealed."""

    structures: frozenset[Structure]
    ends_business: bool
    goes_on: bool = True
    statistics_release: bool = False
    business: Business | None = None
    people_at_announcement: int | None = None
    people_at_cut_off: int | None = None
    own_online_service: bool = True
    custodian: bool = False
    inability_reported: bool = False
    opinions: tuple[Opinion, ...] = ()

    @property
    def ends(self) -> bool:
        """Whether the handler itself ends; dissolution, bankruptcy, deregistration, another operator end it."""
        return not self.goes_on or bool(self.structures & _ENDING)

    @property
    def ends_by_merger(self) -> bool:
        """Whether the sender ends by merger or division, so that a successor takes over (Civil Code 67)."""
        return not self.goes_on and bool(self.structures & _MERGING)

    @property
    def must_wait(self) -> bool:
        """Whether the small handlers' days of announcement bind (SH-9): small, or not counted, at either moment."""
        counts = (self.people_at_announcement, self.people_at_cut_off)
        return any(count is None or count < SMALL_HANDLER_BELOW for count in counts)

    @property
    def may_announce(self) -> bool:
        """Whether an announcement tells people (SH-9): counted as small at both moments."""
        counts = (self.people_at_announcement, self.people_at_cut_off)
        return all(count is not None and count < SMALL_HANDLER_BELOW for count in counts)


@dataclass(frozen=True)
class Announcement:
    """When a recipient's name and contact were announced. `posted_on` is the first day of the text that stands,
    `first_posted_on` that of the earliest text, `recipient_changed_on` when name or contact last changed.
    """

    posted_on: date | None = None
    taken_down_on: date | None = None
    popup_on: date | None = None
    first_posted_on: date | None = None
    recipient_changed_on: date | None = None


@dataclass(frozen=True)
class FlowFacts:
    """What is true of one flow. `recipient_restricted` None: nobody looked into the list (PIPL 42)."""

    role: FlowRole
    sender: SenderFacts
    recipient: str
    needed: frozenset[str]
    surplus: frozenset[str] = frozenset()
    purposes: frozenset[str] = frozenset()
    same_purpose: bool = False
    same_method: bool = False
    recipient_identified: bool = False
    recipient_restricted: bool | None = None
    key_matches: bool = False
    foreign_request: bool = False
    foreign_request_approved: bool = False
    abroad: bool = True
    route: Route = Route.NONE
    abroad_people: int | None = None
    abroad_sensitive_people: int | None = None
    important_data: bool = True
    critical_operator: bool = True
    child_rules: bool = False
    opinions: tuple[Opinion, ...] = ()
    told_elements: frozenset[str] = frozenset()
    agreement_on_record: bool = False
    supervision_on_record: bool = False
    return_fixed: bool = False
    undertaking: bool = False
    succession_on_record: bool = False
    feasible: bool = False
    announcement: Announcement = Announcement()
    transfer_on: date | None = None


def counting_for(flow: FlowFacts, question: Question) -> tuple[Opinion, ...]:
    """Return the opinions that answer a question for a flow's purposes and were given before it moves."""
    return counting(flow.opinions, question, purposes=flow.purposes, on=flow.transfer_on)


def counting_for_sender(sender: SenderFacts, question: Question) -> tuple[Opinion, ...]:
    """Return the opinions that answer a question about what stays."""
    return counting(sender.opinions, question, purposes=None, on=None)


def carries_open_questions(flow: FlowFacts) -> bool:
    """Whether a sender that ends by merger or division moves what is open, sealed; the successor asks (CC-67, R)."""
    return flow.role is FlowRole.SUCCESSOR and flow.succession_on_record and flow.sender.ends_by_merger
