"""What the case itself can prove. Reads only."""

from datetime import datetime

from shouxin.cases.models import Case, Pack, StoredDecision
from shouxin.ground.kernel.findings import Finding, Missing
from shouxin.ground.rulebook.gates import FlowRole
from shouxin.stores.ledger import queries as ledger
from shouxin.stores.parties import queries as parties

# The rows of table A that end in HAND_OVER, each on a basis of its own.
BASED_ROWS = ("A14", "A15", "A16", "A22", "A23", "A27")
AGREEMENT_KINDS = ("parties.agreement_recorded", "parties.key_revoked")
READS = ("cases.opened", "cases.decided", "cases.pack_exported")


def recipient_of(case: str) -> str:
    """The recipient of a case; empty where there is none."""
    return Case.objects.filter(id=case).values_list("recipient", flat=True).first() or ""


def flows_fixed(case: str, at: datetime) -> Finding:  # noqa: ARG001 - every check has this shape
    """Whether the interview has fixed every flow and nothing blocks it."""
    interview = Case.objects.values_list("interview", flat=True).get(id=case)
    missing = tuple(Missing(block["code"], {"law": block["law"]}) for block in interview["blocks"])
    return _finding("cases.flows_fixed", not missing, missing)


def decided(case: str, at: datetime) -> Finding:  # noqa: ARG001
    """Whether a decision set after the cut-off stands in which nothing is open."""
    row = StoredDecision.objects.filter(case_id=case, is_final=True).order_by("-id").first()
    if row is None:
        return _finding("cases.decided", False, (Missing("cases.not_decided", owner="privacy_officer"),))
    still_open = row.summary["people"].get("open", 0)
    missing = (Missing("cases.still_open", {"people": still_open}),) if still_open else ()
    return _finding("cases.decided", not missing, missing)


def people_without_basis(case: str, at: datetime) -> Finding:  # noqa: ARG001
    """How many people would be handed over on another row than one that rests on consent or a named basis."""
    row = StoredDecision.objects.filter(case_id=case, is_final=True).order_by("-id").first()
    if row is None:
        missing = (Missing("cases.not_decided", owner="privacy_officer"),)
        return Finding("cases.people_without_basis", False, 0, missing, ledger.height(), (), READS)
    moved = row.summary["moved_rows"]
    wrong = sum(count for name, count in moved.items() if name not in BASED_ROWS)
    return Finding("cases.people_without_basis", wrong == 0, wrong, (), ledger.height(), (), READS)


def processors_bound_share(case: str, at: datetime) -> Finding:  # noqa: ARG001
    """The share of the case's processors whose agreement lacks no clause and is signed by both sides (PIPL 21)."""
    flows = Case.objects.values_list("interview", flat=True).get(id=case)["flows"]
    processors = [flow["recipient"] for flow in flows if flow["role"] == FlowRole.PROCESSOR]
    gaps = [each for each in processors if not parties.has_complete_agreement(each)]
    share = (len(processors) - len(gaps)) / len(processors) if processors else 1.0
    missing = tuple(Missing("cases.processor_unbound", {"recipient": each}, owner="owner") for each in gaps)
    return Finding(
        "cases.processors_bound_share", not gaps, share, missing, ledger.height(), (), (*READS, *AGREEMENT_KINDS)
    )


def pack_verified(case: str, at: datetime) -> Finding:  # noqa: ARG001
    """Whether an evidence pack of this case was exported and verified offline."""
    row = Pack.objects.filter(case_id=case).order_by("-id").first()
    good = row is not None and row.exit_code in (0, 3)
    missing = () if good else (Missing("cases.no_verified_pack", owner="owner"),)
    return _finding("evidence.pack_verified", good, missing)


def _finding(name: str, value: bool, missing: tuple[Missing, ...]) -> Finding:
    return Finding(name=name, holds=value, value=value, missing=missing, height=ledger.height(), kinds=READS)
