"""The writers of the parties.

1. The company has one key in use; a new one is an entry of the ledger, and the old one's history stays.
2. Each member of staff signs with an own key under an own passphrase that opens nobody else's key.
3. Nobody gets a grant before an undertaking signed with the own key; no grant outlives its time, and each leaves an
   entry.
4. A recipient is who its own card says, under the key on that card; real and simulated companies refuse each other.
5. An agreement is recorded with what it lacks; nothing here calls it complete that is not.

    found_company(name=…, uscc=…, contact=…, address=…, company_passphrase=…, at=at)
    own = company_signer(passphrase=…)
    ledger.found(origin=…, simulated=False, company=name, signer=own, at=at)
    officer = add_staff(name=…, role="privacy_officer", passphrase=…, by="system", at=at)
    sign_undertaking(staff=officer, passphrase=…, text_digest=…, at=at)
"""

import re
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction

from shouxin.ground.kernel import dsse
from shouxin.ground.kernel.canonical import encode, to_base64
from shouxin.ground.kernel.digests import digest
from shouxin.ground.kernel.ids import new_id
from shouxin.ground.kernel.refusals import Corrupt, Refusal
from shouxin.ground.kernel.signing import Signer, new_private, signer
from shouxin.ground.kernel.times import check_instant, to_text
from shouxin.ground.rulebook import access
from shouxin.ground.rulebook.access import Grant
from shouxin.ground.rulebook.messages import check_agreement
from shouxin.stores.ledger import queries as ledger_queries
from shouxin.stores.ledger import services as ledger
from shouxin.stores.parties import cards, queries
from shouxin.stores.parties.authority import role_of
from shouxin.stores.parties.models import COMPANY, Agreement, Card, Company, Issued, Key, Recipient, Staff, Undertaking
from shouxin.stores.parties.private_keys import opener
from shouxin.stores.parties.queries import CompanyView

STAFF_ROLES = tuple(role for role in access.ROLES if role not in ("system", "customer"))
RECIPIENT_ROLES = ("successor", "other_handler", "processor", "custodian", "subject_directed")
UNDERTAKING = "undertaking/v1"
_LAID_ASIDE = encode({"parked": True})
STAFF_GRANT, CUSTOMER_GRANT = timedelta(hours=8), timedelta(minutes=30)
_DIGEST = re.compile(r"sha256:[0-9a-f]{64}")
_CODE = re.compile(r"[a-z0-9][a-z0-9_.:-]{0,63}")
_USCC = re.compile(r"[0-9A-Z]{18}")


@transaction.atomic
def found_company(
    *, name: str, uscc: str, contact: str, address: str, company_passphrase: bytes, at: datetime
) -> CompanyView:
    """The company with its signing key, sealed under the company's passphrase. The ledger's entry 0 records the key.

    Raises:
        Refusal("parties.founded_already"), Refusal("parties.missing", fields=…), Refusal("parties.uscc"): not 18
        characters, Refusal("passphrase.short").
    """
    if Company.objects.exists():
        raise Refusal("parties.founded_already")
    _check_present(name=name, contact=contact, address=address)
    if not _USCC.fullmatch(uscc):
        raise Refusal("parties.uscc", length=len(uscc))
    Company.objects.create(name=name, uscc=uscc, contact=contact, address=address, founded_at=check_instant(at))
    _new_key(owner=COMPANY, passphrase=company_passphrase, entry=0, at=at)
    return queries.company()


def company_signer(*, passphrase: bytes) -> Signer:
    """Who signs for the company; its name is the log's origin.

    Raises:
        Refusal("parties.not_founded"), Refusal("passphrase.wrong").
    """
    name = ledger_queries.origin() if ledger_queries.is_founded() else COMPANY
    return _open(_key_in_use(COMPANY), passphrase, name)


def staff_signer(*, staff: str, passphrase: bytes) -> Signer:
    """Who signs as this member of staff.

    Raises:
        Refusal("parties.no_staff"), Refusal("parties.staff_revoked"), Refusal("passphrase.wrong").
    """
    row = _staff(staff)
    if row.revoked_at is not None:
        raise Refusal("parties.staff_revoked", staff=staff)
    return _open(_key_in_use(staff), passphrase, staff)


@transaction.atomic
def add_staff(*, name: str, role: str, passphrase: bytes, by: str, at: datetime) -> str:
    """A new member of staff with an own key under an own passphrase; the entry holds the public key, not the name.

    Raises:
        Refusal("parties.role", role=…), Refusal("parties.missing"), Refusal("passphrase.short"),
        Refusal("passphrase.shared"): it opens a colleague's key.
    """
    if role not in STAFF_ROLES:
        raise Refusal("parties.role", role=role, roles=STAFF_ROLES)
    _check_present(name=name)
    _refuse_shared(passphrase, but="")
    staff = "staff:" + new_id("s").removeprefix("s_")
    Staff.objects.create(id=staff, name=name, role=role, added_at=check_instant(at))
    _add_staff_key(staff, role=role, passphrase=passphrase, kind="parties.staff_added", by=by, at=at)
    return staff


@transaction.atomic
def revoke_staff(*, staff: str, by: str, at: datetime) -> None:
    """This person works here no longer: no grant, no signature from now on.

    Raises:
        Refusal("parties.no_staff"), Refusal("parties.staff_revoked").
    """
    row = _staff(staff)
    if row.revoked_at is not None:
        raise Refusal("parties.staff_revoked", staff=staff)
    key = _key_in_use(staff)
    ledger.append(
        kind="parties.staff_revoked", scope="company", at=at, by=by, facts={"staff": staff, "key": key.key_id}
    )
    opener.forget()
    Staff.objects.filter(id=staff).update(revoked_at=at)
    Key.objects.filter(key_id=key.key_id).update(retired_at=at)


@transaction.atomic
def rotate_staff_key(*, staff: str, old_passphrase: bytes, passphrase: bytes, by: str, at: datetime) -> str:
    """A new key for a member of staff, under a new passphrase; gives its key id. Needs the old key. Raises as
    `staff_signer`.
    """
    old = staff_signer(staff=staff, passphrase=old_passphrase)
    _refuse_shared(passphrase, but=staff)
    opener.forget()
    Key.objects.filter(key_id=old.key_id).update(retired_at=at)
    row = _staff(staff)
    return _add_staff_key(staff, role=row.role, passphrase=passphrase, kind="parties.staff_key_rotated", by=by, at=at)


@transaction.atomic
def rotate_company_key(*, old_passphrase: bytes, passphrase: bytes, by: str, at: datetime) -> str:
    """A new company key; the old one's last act is a checkpoint, the new one's first another. Raises as
    `company_signer`.
    """
    old = company_signer(passphrase=old_passphrase)
    opener.forget()
    Key.objects.filter(key_id=old.key_id).update(retired_at=at)
    key = _new_key(owner=COMPANY, passphrase=passphrase, entry=None, at=at)
    new = company_signer(passphrase=passphrase)
    ref = ledger.rotate_key(old=old, new=new, by=by, at=at)
    Key.objects.filter(key_id=key.key_id).update(entry=ref.seq)
    return key.key_id


@transaction.atomic
def lay_aside_company_key() -> dict[str, bytes]:
    """The company's sealed private key leaves its place, where no verb that signs finds it; gives key id → sealed key.
    What was laid aside before is not given again.
    """
    rows = Key.objects.filter(owner=COMPANY, retired_at=None, revoked_at=None).exclude(sealed=_LAID_ASIDE)
    found = {row.key_id: bytes(row.sealed) for row in rows}
    rows.update(sealed=_LAID_ASIDE)
    return found


@transaction.atomic
def take_up_company_key(sealed: Mapping[str, bytes]) -> None:
    """Sealed keys that were laid aside come back to their place."""
    for key, body in sealed.items():
        Key.objects.filter(key_id=key, owner=COMPANY, sealed=_LAID_ASIDE).update(sealed=body)


@transaction.atomic
def revoke_key(*, key: str, reason: str, by: str, at: datetime) -> None:
    """A key that is out of use is declared untrustworthy: its signatures count only below a checkpoint cosigned before
    this entry.

    Raises:
        Refusal("parties.no_key"), Refusal("parties.key_in_use"): rotate first, Refusal("parties.reason"): not a code.
    """
    row = Key.objects.select_for_update().filter(key_id=key).first()
    if row is None:
        raise Refusal("parties.no_key", key=key)
    if row.retired_at is None:
        raise Refusal("parties.key_in_use", key=key)
    if not _CODE.fullmatch(reason):
        raise Refusal("parties.reason")
    facts = {"key": key, "owner": row.owner, "reason": reason}
    ledger.append(kind="parties.key_revoked", scope="company", at=at, by=by, facts=facts)
    Key.objects.filter(key_id=key).update(revoked_at=at)


@transaction.atomic
def sign_undertaking(*, staff: str, passphrase: bytes, text_digest: str, at: datetime) -> str:
    """This person promises, with the own key, to keep what is seen here confidential; gives the digest of the signed
    statement.

    Raises:
        Refusal("parties.digest"), and as `staff_signer`.
    """
    _check_digest(text_digest)
    own = staff_signer(staff=staff, passphrase=passphrase)
    simulated = ledger_queries.is_simulated()
    predicate = {"staff": staff, "role": _staff(staff).role, "issued": to_text(at), "simulated": simulated}
    content = dsse.statement(subject={"undertaking": text_digest}, predicate_type=UNDERTAKING, predicate=predicate)
    envelope = dsse.sign(content, [own])
    facts = {"staff": staff, "text": text_digest, "key": own.key_id, "signed": digest(envelope)}
    ref = ledger.append(kind="parties.undertaking_signed", scope="company", at=at, by=staff, facts=facts)
    Undertaking.objects.create(staff_id=staff, text_digest=text_digest, envelope=envelope, signed_at=at, entry=ref.seq)
    return digest(envelope)


@transaction.atomic
def grant(*, by: str, purpose: str, categories: Collection[str], reason: str, at: datetime) -> Grant:
    """Leave to open these categories for this purpose, for eight hours. `by` is a member of staff, or `system` for
    what runs by itself.

    Raises:
        Refusal("access.no_undertaking"), Refusal("access.no_staff"), Refusal("access.staff_revoked"),
        Refusal("access.no_reason"), and what `rulebook.access` refuses by role, purpose and category (PIPL 51(4), 59).
    """
    if not reason.strip():
        raise Refusal("access.no_reason", purpose=purpose)
    until = check_instant(at) + STAFF_GRANT
    given = access.grant(actor=by, role=role_of(by, at), purpose=purpose, categories=categories, until=until)
    return _leave(given, reason=reason, at=at)


@transaction.atomic
def customer_grant(*, customer: int, at: datetime) -> Grant:
    """Leave for one person to see what is held about them (PIPL 45), for half an hour, after the door's second
    factor.
    """
    if customer < 1:
        raise Refusal("access.no_customer")
    given = access.grant(
        actor="customer",
        role="customer",
        purpose="rights",
        categories=access.TABLE["customer", "rights"],
        until=check_instant(at) + CUSTOMER_GRANT,
    )
    return _leave(given, reason="own_information", at=at)


@transaction.atomic
def issue_card(*, signer: Signer, at: datetime) -> bytes:
    """The company's card, newly signed: to be handed to those it deals with. Raises Refusal("ledger.signer"): not the
    present key.
    """
    if signer.public != ledger_queries.company_public():
        raise Refusal("ledger.signer", key=signer.key_id)
    raw = cards.write(queries.card_content(at=at), signer=signer)
    facts = {"card": digest(raw), "key": signer.key_id}
    ref = ledger.append(kind="parties.card_issued", scope="company", at=at, by="system", facts=facts)
    Card.objects.get_or_create(digest=digest(raw), defaults={"raw": raw, "at": at, "entry": ref.seq})
    return raw


@transaction.atomic
def add_recipient(
    *,
    card: bytes,
    contact: str,
    purposes: Sequence[str],
    methods: Sequence[str],
    role: str,
    by: str,
    at: datetime,
) -> str:
    """Pin another company by its card: name, origin, keys. `contact` is what customers are told (PIPL 22, 23).

    Raises:
        Corrupt: the card is not one or its signature is not its own key's; Refusal("parties.simulated_mismatch"): real
        and simulated; Refusal("parties.recipient_role"), Refusal("parties.missing"), Refusal("parties.own_card"),
        Refusal("parties.recipient_known", recipient=…): that log or key is pinned already.
    """
    opened = cards.read(card)
    if opened.simulated != ledger_queries.is_simulated():
        raise Refusal("parties.simulated_mismatch", ours=ledger_queries.is_simulated(), theirs=opened.simulated)
    if role not in RECIPIENT_ROLES:
        raise Refusal("parties.recipient_role", role=role, roles=RECIPIENT_ROLES)
    _check_present(contact=contact, purposes=purposes, methods=methods)
    _refuse_known(opened)
    recipient = "recipient:" + new_id("r").removeprefix("r_")
    facts = {
        "recipient": recipient,
        "role": role,
        "origin": opened.origin,
        "key": opened.key_id,
        "public": to_base64(opened.public),
        "staff_keys": sorted(each.key_id for each in opened.staff),
        "card": opened.digest,
        "purposes": list(purposes),
        "methods": list(methods),
    }
    ref = ledger.append(kind="parties.recipient_added", scope="company", at=at, by=by, facts=facts)
    Recipient.objects.create(
        id=recipient,
        name=opened.name,
        uscc=opened.uscc,
        address=opened.address,
        contact=contact,
        origin=opened.origin,
        key_id=opened.key_id,
        public=opened.public,
        staff=[cards.staff_plain(each) for each in opened.staff],
        role=role,
        purposes=list(purposes),
        methods=list(methods),
        card=card,
        card_digest=opened.digest,
        added_at=check_instant(at),
        entry=ref.seq,
    )
    return recipient


def sign_agreement(*, recipient: str, clauses: Mapping[str, Any], document_digest: str, signer: Signer) -> bytes:
    """One signature over an agreement, to be given to the other side or to `record_agreement`; nothing is written.

    Raises:
        Refusal("parties.no_recipient"), Refusal("parties.digest").
    """
    _check_digest(document_digest)
    content = queries.agreement_statement(recipient=recipient, clauses=clauses, document_digest=document_digest)
    return dsse.sign(content, [signer])


@transaction.atomic
def record_agreement(
    *,
    recipient: str,
    clauses: Mapping[str, Any],
    document_digest: str,
    signatures: Sequence[bytes],
    by: str,
    at: datetime,
) -> tuple[str, ...]:
    """Record what was agreed with a recipient, with the codes of what NDSR 12 asks for and it lacks (given back).

    `signatures` are envelopes of `sign_agreement`, ours and theirs.

    Raises:
        Refusal("parties.no_recipient"), Refusal("parties.digest"), Refusal("parties.another_agreement"): a signature
        over other words; Corrupt: a signature by an unknown key, or wrong.
    """
    _check_digest(document_digest)
    content = queries.agreement_statement(recipient=recipient, clauses=clauses, document_digest=document_digest)
    signed_by = _signers_of(signatures, content, recipient)
    missing = tuple(check_agreement(clauses, role=queries.recipient(recipient).role))
    clauses_digest = digest(encode(dict(clauses)))
    facts = {
        "recipient": recipient,
        "document": document_digest,
        "clauses": clauses_digest,
        "missing": list(missing),
        "signed_by": signed_by,
    }
    ref = ledger.append(kind="parties.agreement_recorded", scope="company", at=at, by=by, facts=facts)
    Agreement.objects.create(
        recipient_id=recipient,
        clauses=dict(clauses),
        clauses_digest=clauses_digest,
        document_digest=document_digest,
        missing=list(missing),
        signed_by=signed_by,
        envelopes=[to_base64(each) for each in signatures],
        recorded_at=check_instant(at),
        entry=ref.seq,
    )
    return missing


def _leave(given: Grant, *, reason: str, at: datetime) -> Grant:
    """The entry and the row of a grant; a reason that is a code stands in the entry, free words only in the row."""
    facts = {
        "role": given.role,
        "purpose": given.purpose,
        "categories": sorted(given.categories),
        "until": to_text(given.until),
        "reason": reason if _CODE.fullmatch(reason) else "in_words",
    }
    ref = ledger.append(kind="parties.granted", scope="company", at=at, by=given.actor, facts=facts)
    Issued.objects.create(
        actor=given.actor,
        role=given.role,
        purpose=given.purpose,
        categories=sorted(given.categories),
        reason=reason,
        at=at,
        until=given.until,
        entry=ref.seq,
    )
    return given


def _check_present(**fields: Any) -> None:
    missing = sorted(name for name, value in fields.items() if not _is_present(value))
    if missing:
        raise Refusal("parties.missing", fields=missing)


def _is_present(value: str | Sequence[str]) -> bool:
    return bool(value.strip()) if isinstance(value, str) else bool(value) and all(each.strip() for each in value)


def _check_digest(text: str) -> None:
    if not _DIGEST.fullmatch(text):
        raise Refusal("parties.digest")


def _staff(staff: str) -> Staff:
    row = Staff.objects.filter(id=staff).first()
    if row is None:
        raise Refusal("parties.no_staff", staff=staff)
    return row


def _key_in_use(owner: str) -> Key:
    row = Key.objects.filter(owner=owner, retired_at=None, revoked_at=None).first()
    if row is None:
        raise Refusal("parties.not_founded" if owner == COMPANY else "parties.no_key", owner=owner)
    return row


def _open(row: Key, passphrase: bytes, name: str) -> Signer:
    own = signer(opener.open(bytes(row.sealed), passphrase), name)
    if own.public != bytes(row.public):
        raise Corrupt("sealed key of another public key", f"key of {row.owner}")
    return own


def _new_key(*, owner: str, passphrase: bytes, entry: int | None, at: datetime) -> Key:
    private = new_private()
    own = signer(private, owner)
    return Key.objects.create(
        key_id=own.key_id,
        owner=owner,
        public=own.public,
        sealed=opener.seal(private, passphrase),
        added_at=check_instant(at),
        entry=entry,
    )


def _add_staff_key(staff: str, *, role: str, passphrase: bytes, kind: str, by: str, at: datetime) -> str:
    key = _new_key(owner=staff, passphrase=passphrase, entry=None, at=at)
    facts = {"staff": staff, "role": role, "key": key.key_id, "public": to_base64(bytes(key.public))}
    ref = ledger.append(kind=kind, scope="company", at=at, by=by, facts=facts)
    Key.objects.filter(key_id=key.key_id).update(entry=ref.seq)
    return key.key_id


def _refuse_shared(passphrase: bytes, *, but: str) -> None:
    """A passphrase that opens a colleague's key would let one person sign as two."""
    rows = Key.objects.filter(retired_at=None, revoked_at=None).exclude(owner__in=[COMPANY, but])
    if any(opener.opens(bytes(row.sealed), passphrase) for row in rows):
        raise Refusal("passphrase.shared")


def _refuse_known(opened: cards.CardView) -> None:
    if opened.origin == ledger_queries.origin() or opened.public in queries.public_keys().values():
        raise Refusal("parties.own_card")
    for row in Recipient.objects.all():
        if row.origin == opened.origin or row.key_id == opened.key_id:
            raise Refusal("parties.recipient_known", recipient=row.id, same_key=row.key_id == opened.key_id)


def _signers_of(signatures: Sequence[bytes], content: Mapping[str, Any], recipient: str) -> list[str]:
    keys, found = queries.public_keys(recipient=recipient), list[str]()
    for envelope in signatures:
        opened = dsse.open_envelope(envelope, keys=keys, where="agreement")
        if opened.statement != content:
            raise Refusal("parties.another_agreement", recipient=recipient)
        found += [each for each in opened.signed_by if each not in found]
    return found
