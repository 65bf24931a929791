"""Where a transfer stands, and what its chain says: nothing here that is not in a signed envelope."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from shouxin.ground.formats.pit import draws
from shouxin.ground.formats.pit.chain import Message, Parties, Role
from shouxin.ground.kernel.findings import Missing
from shouxin.ground.kernel.ids import check_id
from shouxin.ground.kernel.refusals import Refusal
from shouxin.ground.kernel.times import check_instant, to_text

Totals = Mapping[str, Mapping[str, Any]]

MOST_ROUNDS = 3


class Status(StrEnum):
    """The states of PIT-1."""

    DRAFT = "DRAFT"
    OFFERED = "OFFERED"
    ACCEPTED = "ACCEPTED"
    SEALED = "SEALED"
    DELIVERED = "DELIVERED"
    IMPORTED = "IMPORTED"
    SETTLED = "SETTLED"
    HOLD = "HOLD"
    PERMITTED = "PERMITTED"
    DESTROYED = "DESTROYED"
    CLOSED = "CLOSED"
    REFUSED = "REFUSED"
    VOID = "VOID"
    EXPIRED = "EXPIRED"
    DISPUTED = "DISPUTED"


@dataclass(frozen=True)
class Transfer:
    """One transfer as its chain tells it. `before` is the state one envelope earlier (see `give_way`)."""

    tid: str
    contract: str
    simulated: bool
    parties: Parties
    status: Status = Status.DRAFT
    messages: tuple[Message, ...] = field(default=(), repr=False)
    before: "Transfer | None" = field(default=None, repr=False, compare=False)

    @classmethod
    def start(cls, *, tid: str, contract: str, simulated: bool, parties: Parties) -> "Transfer":
        """A transfer with no message yet.

        Raises:
            Refusal("id.shape"): not a transfer's id.
        """
        return cls(tid=check_id(tid, "tid"), contract=contract, simulated=simulated, parties=parties)

    @property
    def head(self) -> str | None:
        """The digest of the last envelope: the next one's `prev`."""
        return self.messages[-1].digest if self.messages else None

    @property
    def seq(self) -> int:
        """The number the next envelope gets."""
        return len(self.messages) + 1

    def last(self, kind: str, role: Role | None = None) -> Message | None:
        """The newest message of a kind, by a role when one is named."""
        return next((each for each in reversed(self.messages) if each.kind == kind and role in (None, each.role)), None)

    def acknowledged(self, message: Message, role: Role) -> Message | None:
        """The newest acknowledgement of a message by a role; None when there is none."""
        answers = (each for each in reversed(self.messages) if each.kind == "ack" and each.role == role)
        return next((each for each in answers if each["answers"] == message.digest), None)

    def the(self, kind: str) -> Message:
        """The newest message of a kind.

        Raises:
            Refusal("transfer.out_of_turn"): there is none.
        """
        found = self.last(kind)
        if found is None:
            raise Refusal("transfer.out_of_turn", missing=kind, status=self.status.value)
        return found

    def named(self, digest: str, role: Role | None = None) -> Message:
        """The message of that digest, by a role when one is named.

        Raises:
            Refusal("transfer.no_such_message").
        """
        for each in self.messages:
            if each.digest == digest and role in (None, each.role):
                return each
        raise Refusal("transfer.no_such_message")

    def is_later(self, one: Message | None, other: Message | None) -> bool:
        """Whether `one` exists and stands behind `other` (which may be absent)."""
        return one is not None and (other is None or one["seq"] > other["seq"])

    def taken(self, message: Message, status: Status) -> "Transfer":
        """The state with one message more."""
        return replace(self, status=status, messages=(*self.messages, message), before=replace(self, before=None))

    @property
    def buckets(self) -> dict[str, int]:
        """Buckets per table, fixed by the first PACKAGE."""
        first = next((each for each in self.messages if each.kind == "package"), None)
        return {} if first is None else {name: each["buckets"] for name, each in first["tables"].items()}

    @property
    def epoch(self) -> int | None:
        """The current suppression epoch; none before the first PACKAGE."""
        for each in reversed(self.messages):
            if each.kind in ("withdraw", "package"):
                return each["epoch"]
        return None

    def expected(self, epoch: int | None) -> Totals | None:
        """What every table must come to at an epoch, by A's word; none where A has not said so yet."""
        found: Totals | None = None
        first = next((each for each in self.messages if each.kind == "package"), None)
        if first is not None and first["epoch"] == epoch:
            found = {name: total_of(each) for name, each in first["tables"].items()}
        for each in self.messages:
            if each.role == "A" and each.kind in ("withdraw", "ack") and each["tables"] and each["epoch"] == epoch:
                found = each["tables"]
        return found

    @property
    def imported(self) -> Message | None:
        """The newest IMPORTED of the newest PACKAGE."""
        found = self.last("imported")
        return found if self.is_later(found, self.last("package")) else None

    @property
    def is_full(self) -> bool:
        """Whether the newest import has the current epoch, comes to what was expected and has no exceptions."""
        found = self.imported
        if found is None or found["epoch"] != self.epoch or found["exceptions"]:
            return False
        return not self.differing(found)

    def differing(self, imported: Message) -> list[str]:
        """The tables of an import that do not come to what was expected at its epoch."""
        wanted = self.expected(imported["epoch"]) or {}
        return [name for name, each in sorted(imported["tables"].items()) if total_of(each) != wanted.get(name)]

    @property
    def rounds(self) -> int:
        """How many rounds of re-sending a mismatch there have been."""
        return sum(each.kind == "resend" and each["reason"] == "mismatch" for each in self.messages)

    @property
    def settled(self) -> Message | None:
        """The SETTLED that left nothing open."""
        found = self.last("settled")
        return found if found is not None and not found["unsettled"] else None

    @property
    def unacknowledged(self) -> Message | None:
        """The last WITHDRAW, when the other side has not acknowledged it."""
        found = self.last("withdraw")
        if found is None:
            return None
        answers = (each for each in self.messages if each.kind == "ack" and each["answers"] == found.digest)
        return None if any(answers) else found

    @property
    def challenge_passed(self) -> bool:
        """Whether B answered a challenge after the newest PACKAGE, and every bucket drawn was the expected one."""
        package = self.last("package")
        return any(
            each.kind == "answer" and self.is_later(each, package) and self.is_right(each) for each in self.messages
        )

    def is_right(self, answer: Message) -> bool:
        """Whether an ANSWER's buckets lie under the roots expected at its epoch."""
        wanted = self.expected(answer["epoch"])
        return wanted is not None and draws.passed(answer["tables"], wanted, self.buckets)

    @property
    def is_quarantined(self) -> bool:
        """Whether B must not use any row yet: nothing imported, or the newest suppression not applied."""
        found = self.imported
        return found is None or found["epoch"] != self.epoch

    @property
    def is_incident(self) -> bool:
        """Whether somebody holds a package he should not have: PIPL 57 applies to A."""
        found = self.last("refused")
        return found is not None and found["reason"] in ("cannot_open", "wrong_recipient") and bool(found["ciphertext"])


def check_may_import(transfer: Transfer, at: datetime) -> None:
    """Refuse an import that B must not begin.

    Raises:
        Refusal("transfer.expired"): past the PACKAGE's `expires`; delete it and sign REFUSED(expired).
        Refusal("transfer.out_of_turn"): nothing is delivered.
    """
    if transfer.status not in (Status.SEALED, Status.DELIVERED):
        raise Refusal("transfer.out_of_turn", status=transfer.status.value)
    package = transfer.the("package")
    if check_instant(at) > package.expires:
        raise Refusal("transfer.expired", expires=package["expires"])


def overdue(transfer: Transfer, at: datetime) -> tuple[Missing, ...]:
    """What the other side should have sent by now: an answer to the offer, an import, an acknowledgement."""
    found: list[Missing] = []
    awaited = {Status.OFFERED: "offer", Status.SEALED: "package", Status.DELIVERED: "package"}.get(transfer.status)
    message = transfer.last(awaited) if awaited else None
    if message is not None and check_instant(at) > message.expires:
        found.append(Missing(f"transfer.overdue.{awaited}", owner="B", due=message["expires"]))
    withdraw = transfer.unacknowledged
    if withdraw is not None:
        due = withdraw.issued + timedelta(hours=transfer.the("offer")["ack_hours"])
        owner = "B" if withdraw.role == "A" else "A"
        if check_instant(at) > due:
            found.append(Missing("transfer.overdue.ack", owner=owner, due=to_text(due)))
    return tuple(found)


def total_of(each: Mapping[str, Any]) -> dict[str, Any]:
    """Root and rows of a table, out of what a message says of it."""
    return {"root": each["root"], "rows": each["rows"]}
