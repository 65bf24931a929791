"""Holds: who or what must not be destroyed, and who let go of it.

A hold names its reason, its authority and, where there is one, its last day. It is released by another person than the
one who placed it, signed with that person's own key; the destruction asks for standing holds twice.
"""

from collections.abc import Collection
from datetime import datetime

from django.db import transaction

from shouxin.duties.consent.actors import check_staff
from shouxin.duties.disposal.models import Hold
from shouxin.ground.kernel import dsse
from shouxin.ground.kernel.canonical import encode
from shouxin.ground.kernel.digests import digest
from shouxin.ground.kernel.refusals import Refusal
from shouxin.ground.kernel.signing import Signer
from shouxin.ground.kernel.times import check_instant, to_text
from shouxin.ground.rulebook import terms
from shouxin.stores.jobs.alone import take_turn
from shouxin.stores.ledger import services as ledger
from shouxin.stores.parties import queries as parties
from shouxin.stores.vault import services as vault

REASONS = ("court_order", "investigation", "dispute", "audit", "claim", "freezing", "liquidation")


@transaction.atomic
def place_hold(
    *,
    reason: str,
    authority: str,
    by: str,
    at: datetime,
    customer: int | None = None,
    category: str = "",
    case: str = "",
    until: datetime | None = None,
) -> int:
    """Nothing of this customer, or of this kind of information, is destroyed while the hold stands; its number.

    The same hold again, while it stands, is the same hold.

    Raises:
        Refusal("disposal.hold_reason"), ("disposal.hold_authority"), ("disposal.hold_over"): it ends before it begins;
        ("disposal.no_such_category"), ("disposal.hold_on_nothing"); ("parties.no_staff"), ("access.staff_revoked");
        ("vault.destroyed"), ("vault.no_such_customer").
    """
    check_staff(by)
    if reason not in REASONS:
        raise Refusal("disposal.hold_reason", reason=reason, reasons=list(REASONS))
    if not authority.strip():
        raise Refusal("disposal.hold_authority")
    if until is not None and check_instant(until) <= at:
        raise Refusal("disposal.hold_over", until=to_text(until))
    if category and category not in terms.categories():
        raise Refusal("disposal.no_such_category", category=category)
    if customer is None and not category:
        raise Refusal("disposal.hold_on_nothing")
    told = {
        "customer": customer,
        "category": category,
        "case": case,
        "reason": reason,
        "authority": authority,
        "until": until,
    }
    take_turn("holds")
    standing = Hold.objects.filter(**told, released_at=None).first()
    if standing is not None:
        return int(standing.pk)
    row = Hold.objects.create(**told, placed_by=by, placed_at=at)
    facts = {
        "hold": row.pk,
        "reason": reason,
        "category": category,
        "until": to_text(until) if until else "",
        "tag": vault.tags(customers=[customer], event=f"hold:{row.pk}")[customer] if customer is not None else "",
    }
    ledger.append(kind="disposal.hold_placed", scope=_scope(case), at=at, by=by, facts=facts)
    return int(row.pk)


@transaction.atomic
def release_hold(*, hold: int, signer: Signer, by: str, at: datetime) -> None:
    """Let go of a hold; signed by another person than the one who placed it.

    Raises:
        Refusal("disposal.no_such_hold"), ("disposal.hold_released_already"), ("disposal.own_hold");
        ("disposal.not_the_signers_key"): the key is not that person's.
    """
    row = Hold.objects.select_for_update().filter(pk=hold).first()
    if row is None:
        raise Refusal("disposal.no_such_hold", hold=hold)
    if row.released_at is not None:
        raise Refusal("disposal.hold_released_already", hold=hold)
    if by == row.placed_by:
        raise Refusal("disposal.own_hold", hold=hold)
    check_keys({by: signer})
    told = {"hold": hold, "reason": row.reason, "placed_by": row.placed_by, "released_by": by, "issued": to_text(at)}
    content = dsse.statement(subject={"hold": digest(encode(told))}, predicate_type="hold-release/v1", predicate=told)
    row.release = dsse.sign(content, [signer])
    row.released_by, row.released_at = by, at
    row.save(update_fields=["release", "released_by", "released_at"])
    facts = {"hold": hold, "reason": row.reason, "key": signer.key_id, "signed": digest(row.release)}
    ledger.append(kind="disposal.hold_released", scope=_scope(row.case), at=at, by=by, facts=facts)


def check_keys(signers: dict[str, Signer]) -> None:
    """Refuse signers whose key is not the named member of staff's own, unrevoked.

    Raises:
        Refusal("disposal.not_the_signers_key").
    """
    for staff, signer in signers.items():
        if parties.distinct_signers([signer.key_id]) != (staff,):
            raise Refusal("disposal.not_the_signers_key", staff=staff)


def check_two(signers: dict[str, Signer]) -> None:
    """Refuse fewer than two different people with keys of their own.

    Raises:
        Refusal("disposal.two_people"), ("disposal.not_the_signers_key").
    """
    if len(signers) < 2 or len({each.key_id for each in signers.values()}) < 2:
        raise Refusal("disposal.two_people", people=len(signers), least=2)
    check_keys(signers)


def among(customers: Collection[int], held: Collection[int]) -> list[int]:
    """Those of some customers who are held."""
    return sorted(set(customers) & set(held))


def _scope(case: str) -> str:
    return f"case:{case}" if case else "company"
