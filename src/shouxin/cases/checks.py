"""Which checks a playbook may name, and the duty that answers each. Written by hand; a test keeps the docs equal."""

from collections.abc import Callable, Mapping
from datetime import datetime

from shouxin.cases import evidence as cases
from shouxin.duties.consent import evidence as consent
from shouxin.duties.disposal import evidence as disposal
from shouxin.duties.inventory import evidence as inventory
from shouxin.duties.notices import evidence as notices
from shouxin.duties.relations import evidence as relations
from shouxin.duties.review import evidence as review
from shouxin.duties.rights import evidence as rights
from shouxin.duties.transfer import evidence as transfer
from shouxin.ground.kernel.findings import Finding
from shouxin.stores.backup import evidence as backup
from shouxin.stores.ledger import evidence as ledger
from shouxin.stores.parties import evidence as parties

Check = Callable[[str, datetime], Finding]

CHECKS: Mapping[str, Check] = {
    "parties.undertakings_share": parties.undertakings_share,
    "parties.agreement_complete": lambda case, at: parties.agreement_complete(cases.recipient_of(case)),
    "inventory.sources_scanned_share": inventory.sources_scanned_share,
    "inventory.fields_confirmed_share": inventory.fields_confirmed_share,
    "inventory.rows_balanced": inventory.rows_balanced,
    "inventory.goods_marked_share": inventory.goods_marked_share,
    "inventory.goods_cleared_share": inventory.goods_cleared_share,
    "review.assessment_signed_by_two": review.assessment_signed_by_two,
    "backup.escrow_apart": lambda case, at: backup.escrow_apart(at=at),
    "backup.drill_fresh": lambda case, at: backup.drill_fresh(at=at),
    "notices.text_complete": notices.text_complete,
    "notices.reached_or_announced_share": notices.reached_or_announced_share,
    "consent.answer_window_over": consent.answer_window_over,
    "rights.open_requests": rights.open_requests,
    "relations.open_complaints": relations.open_complaints,
    "relations.open_call_backs": relations.open_call_backs,
    "cases.flows_fixed": cases.flows_fixed,
    "cases.processors_bound_share": cases.processors_bound_share,
    "cases.decided": cases.decided,
    "cases.people_without_basis": cases.people_without_basis,
    "transfer.accepted": transfer.accepted,
    "transfer.delivered": transfer.delivered,
    "transfer.settled_share": transfer.settled_share,
    "transfer.challenge_passed": transfer.challenge_passed,
    "transfer.withdrawals_acknowledged": transfer.withdrawals_acknowledged,
    "transfer.cooling_off_over": transfer.cooling_off_over,
    "disposal.permit_valid": disposal.permit_valid,
    "disposal.cells_ended_share": disposal.cells_ended_share,
    "disposal.places_ended_share": disposal.places_ended_share,
    "disposal.certificate_issued": disposal.certificate_issued,
    "ledger.checkpoint_cosigned": lambda case, at: ledger.checkpoint_cosigned(f"case:{case}", at),
    "evidence.pack_verified": cases.pack_verified,
}
