"""What one can ask about the parties."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from shouxin.ground.kernel import dsse
from shouxin.ground.kernel.canonical import encode, from_base64, to_base64
from shouxin.ground.kernel.digests import digest
from shouxin.ground.kernel.findings import Missing
from shouxin.ground.kernel.refusals import Refusal
from shouxin.ground.kernel.times import to_text
from shouxin.stores.ledger import queries as ledger
from shouxin.stores.parties import cards
from shouxin.stores.parties.models import COMPANY, Agreement, Card, Company, Issued, Key, Recipient, Staff, Undertaking

AGREEMENT = "agreement/v1"


@dataclass(frozen=True)
class CompanyView:
    """Who we are."""

    name: str
    uscc: str
    contact: str
    address: str
    key_id: str
    public: bytes


@dataclass(frozen=True)
class StaffView:
    """Someone who works or worked here. The name is for screens and the card, never for entries or logs."""

    id: str
    name: str
    role: str
    key_id: str
    public: bytes
    has_undertaken: bool
    revoked_at: datetime | None


@dataclass(frozen=True)
class KeyView:
    """One key of the company or of staff: from which entry on it was known, whether it is in use, retired or
    revoked.
    """

    key_id: str
    owner: str
    public: bytes
    entry: int
    added_at: datetime
    retired_at: datetime | None
    revoked_at: datetime | None


@dataclass(frozen=True)
class RecipientView:
    """A pinned recipient: who it is, what for, how, in which role, and its keys."""

    id: str
    name: str
    uscc: str
    address: str
    contact: str
    origin: str
    key_id: str
    public: bytes
    role: str
    purposes: tuple[str, ...]
    methods: tuple[str, ...]
    staff: tuple[cards.StaffKey, ...]
    card_digest: str
    entry: int


@dataclass(frozen=True)
class AgreementView:
    """The newest agreement with a recipient: what it says, what it lacks, which keys signed it."""

    recipient: str
    clauses: Mapping[str, Any]
    clauses_digest: str
    document_digest: str
    missing: tuple[str, ...]
    signed_by: tuple[str, ...]
    envelopes: tuple[bytes, ...]
    recorded_at: datetime
    entry: int


@dataclass(frozen=True)
class IssuedView:
    """A grant as it was given."""

    actor: str
    role: str
    purpose: str
    categories: tuple[str, ...]
    reason: str
    at: datetime
    until: datetime
    entry: int


def is_founded() -> bool:
    """Whether the company stands here."""
    return Company.objects.exists()


def company() -> CompanyView:
    """Who we are. Raises Refusal("parties.not_founded")."""
    row = Company.objects.first()
    key = Key.objects.filter(owner=COMPANY, retired_at=None, revoked_at=None).first()
    if row is None or key is None:
        raise Refusal("parties.not_founded")
    return CompanyView(
        name=row.name,
        uscc=row.uscc,
        contact=row.contact,
        address=row.address,
        key_id=key.key_id,
        public=bytes(key.public),
    )


def staff(*, include_revoked: bool = False) -> list[StaffView]:
    """Those who work here, in the order in which they came; with those who left when asked."""
    keys = list(Key.objects.exclude(owner=COMPANY).order_by("entry"))
    came = {key.owner: place for place, key in reversed(list(enumerate(keys)))}
    newest = {key.owner: key for key in keys}
    undertaken = set(Undertaking.objects.values_list("staff_id", flat=True))
    rows = Staff.objects.all() if include_revoked else Staff.objects.filter(revoked_at=None)
    return [
        _staff_view(row, newest[row.id], row.id in undertaken) for row in sorted(rows, key=lambda each: came[each.id])
    ]


def staff_member(staff_id: str) -> StaffView:
    """One member of staff, also one who left. Raises Refusal("parties.no_staff")."""
    for each in staff(include_revoked=True):
        if each.id == staff_id:
            return each
    raise Refusal("parties.no_staff", staff=staff_id)


def key_history() -> list[KeyView]:
    """Every key of the company and its staff, in the order of the entries that recorded them."""
    return [
        KeyView(
            key_id=row.key_id,
            owner=row.owner,
            public=bytes(row.public),
            entry=row.entry or 0,
            added_at=row.added_at,
            retired_at=row.retired_at,
            revoked_at=row.revoked_at,
        )
        for row in Key.objects.order_by("entry", "key_id")
    ]


def public_keys(*, recipient: str | None = None) -> dict[str, bytes]:
    """Key id → public key of the company and all its staff, retired keys included, revoked ones not; with a
    recipient's, when named.

    Raises:
        Refusal("parties.no_recipient").
    """
    found = {row.key_id: bytes(row.public) for row in Key.objects.filter(revoked_at=None).order_by("entry")}
    if recipient is not None:
        found |= recipient_keys(recipient)
    return found


def recipient_keys(recipient_id: str) -> dict[str, bytes]:
    """Key id → public key of a recipient and of those who sign for it. Raises Refusal("parties.no_recipient")."""
    pinned = _pinned(recipient_id)
    return {pinned.key_id: pinned.public} | {each.key_id: each.public for each in pinned.staff}


def distinct_signers(signatures: Iterable[str]) -> tuple[str, ...]:
    """The different members of our staff behind these key ids (`Opened.signed_by`), sorted.

    "Signed by two" is two of them: two keys, each under its own passphrase. The company's key is nobody's, a second
    key of the same person adds nobody, and a revoked key counts for nothing.
    """
    rows = Key.objects.filter(key_id__in=list(signatures), revoked_at=None).exclude(owner=COMPANY)
    return tuple(sorted(set(rows.values_list("owner", flat=True))))


def recipient(recipient_id: str) -> RecipientView:
    """One recipient. Raises Refusal("parties.no_recipient")."""
    return _pinned(recipient_id)


def recipients() -> list[RecipientView]:
    """Everyone to whom information may go, in the order in which they were pinned."""
    return [_recipient_view(row) for row in Recipient.objects.order_by("entry")]


def agreement(recipient_id: str) -> AgreementView | None:
    """The newest agreement with this recipient; None when there is none."""
    row = Agreement.objects.filter(recipient_id=recipient_id).order_by("-entry").first()
    if row is None:
        return None
    return AgreementView(
        recipient=recipient_id,
        clauses=row.clauses,
        clauses_digest=row.clauses_digest,
        document_digest=row.document_digest,
        missing=tuple(row.missing),
        signed_by=tuple(row.signed_by),
        envelopes=tuple(from_base64(each, where="agreement") for each in row.envelopes),
        recorded_at=row.recorded_at,
        entry=row.entry,
    )


def agreement_gaps(recipient_id: str) -> tuple[Missing, ...]:
    """What the newest agreement lacks: clauses, our signature, theirs. Raises Refusal("parties.no_recipient").

    Where the recipient signed on paper, two of our staff vouch for the document with their own keys instead.
    """
    pinned, found = _pinned(recipient_id), agreement(recipient_id)
    if found is None:
        return (Missing(code="parties.no_agreement", facts={"recipient": pinned.id}, owner="privacy_officer"),)
    gaps = [
        Missing(code="parties.clause_missing", facts={"clause": each}, owner="privacy_officer")
        for each in found.missing
    ]
    signed = set(found.signed_by)
    ours = signed & set(public_keys())
    if not ours:
        gaps.append(Missing(code="parties.unsigned_by_us", facts={"recipient": pinned.id}, owner="owner"))
    if not signed & set(recipient_keys(recipient_id)) and len(distinct_signers(ours)) < 2:
        gaps.append(Missing(code="parties.unsigned_by_them", facts={"recipient": pinned.id}, owner=pinned.id))
    return tuple(gaps)


def has_complete_agreement(recipient_id: str) -> bool:
    """Whether the newest agreement lacks nothing. Raises Refusal("parties.no_recipient")."""
    return not agreement_gaps(recipient_id)


def agreement_statement(*, recipient: str, clauses: Mapping[str, Any], document_digest: str) -> dict[str, Any]:
    """The statement that both sides sign: the document's digest, the clauses' digest, the two companies' keys in order.

    Raises:
        Refusal("parties.no_recipient"); Corrupt: clauses without one spelling.
    """
    pinned = _pinned(recipient)
    predicate = {
        "clauses": digest(encode(dict(clauses))),
        "companies": sorted([company().key_id, pinned.key_id]),
        "simulated": ledger.is_simulated(),
    }
    return dsse.statement(subject={"agreement": document_digest}, predicate_type=AGREEMENT, predicate=predicate)


def card() -> bytes:
    """The card that was issued last. Raises Refusal("parties.no_card")."""
    row = Card.objects.order_by("-entry").first()
    if row is None:
        raise Refusal("parties.no_card")
    return bytes(row.raw)


def card_content(*, at: datetime) -> dict[str, Any]:
    """What a card of this moment says: who we are, the log's origin, our key, and who signs for us."""
    own = company()
    members = [
        cards.staff_plain(cards.StaffKey(each.id, each.name, each.role, each.key_id, each.public)) for each in staff()
    ]
    return {
        "name": own.name,
        "uscc": own.uscc,
        "contact": own.contact,
        "address": own.address,
        "origin": ledger.origin(),
        "public": to_base64(own.public),
        "simulated": ledger.is_simulated(),
        "staff": members,
        "issued": to_text(at),
    }


def grants(*, actors: Collection[str] | None = None) -> list[IssuedView]:
    """Who was let in to what, why and until when: the report of an access review."""
    rows = Issued.objects.order_by("entry")
    if actors is not None:
        rows = rows.filter(actor__in=list(actors))
    return [
        IssuedView(
            actor=row.actor,
            role=row.role,
            purpose=row.purpose,
            categories=tuple(row.categories),
            reason=row.reason,
            at=row.at,
            until=row.until,
            entry=row.entry,
        )
        for row in rows
    ]


def _staff_view(row: Staff, key: Key, has_undertaken: bool) -> StaffView:
    return StaffView(
        id=row.id,
        name=row.name,
        role=row.role,
        key_id=key.key_id,
        public=bytes(key.public),
        has_undertaken=has_undertaken,
        revoked_at=row.revoked_at,
    )


def _pinned(recipient_id: str) -> RecipientView:
    row = Recipient.objects.filter(id=recipient_id).first()
    if row is None:
        raise Refusal("parties.no_recipient", recipient=recipient_id)
    return _recipient_view(row)


def _recipient_view(row: Recipient) -> RecipientView:
    return RecipientView(
        id=row.id,
        name=row.name,
        uscc=row.uscc,
        address=row.address,
        contact=row.contact,
        origin=row.origin,
        key_id=row.key_id,
        public=bytes(row.public),
        role=row.role,
        purposes=tuple(row.purposes),
        methods=tuple(row.methods),
        staff=tuple(cards.staff_key(each) for each in row.staff),
        card_digest=row.card_digest,
        entry=row.entry,
    )
