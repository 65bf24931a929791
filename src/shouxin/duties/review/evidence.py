"""What this duty can prove about the assessment. Reads only."""

from datetime import datetime

from shouxin.duties.review import queries
from shouxin.duties.review.models import Assessment
from shouxin.ground.kernel import dsse
from shouxin.ground.kernel.digests import digest
from shouxin.ground.kernel.findings import Finding, Missing
from shouxin.ground.kernel.refusals import Corrupt
from shouxin.stores.ledger import queries as ledger
from shouxin.stores.parties import queries as parties

KINDS = ("review.assessment_drafted", "review.assessment_signed")


def assessment_signed_by_two(case: str, at: datetime) -> Finding:  # noqa: ARG001 - every check has this shape
    """The newest edition carries two people's signatures that verify, made before the first hand-over (PIPL 55, 56).

    Raises:
        Corrupt: the stored bytes or a signature do not verify.
    """
    row = Assessment.objects.filter(case=case).order_by("-edition").first()
    if row is None:
        missing: tuple[Missing, ...] = (Missing("review.no_assessment", {"case": case}, owner="privacy_officer"),)
    else:
        missing = _missing(row, _verified(row))
    scope, holds = f"case:{case}", row is not None and not missing
    return Finding(
        name="review.assessment_signed_by_two",
        holds=holds,
        value=holds,
        missing=missing,
        height=ledger.height(),
        entries=tuple(seq for seq in (ledger.newest([scope], [kind]) for kind in KINDS) if seq >= 0),
        kinds=KINDS,
    )


def _verified(row: Assessment) -> int:
    """How many of our staff signed exactly these bytes, each with a key of their own."""
    if digest(bytes(row.document)) != row.digest:
        raise Corrupt("assessment whose bytes are not what was signed", f"edition {row.edition}")
    if not row.envelope:
        return 0
    opened = dsse.open_envelope(bytes(row.envelope), keys=parties.public_keys(), where="assessment")
    subjects = [each["digest"]["sha256"] for each in opened.statement["subject"]]
    if subjects != [row.digest.removeprefix("sha256:")]:
        raise Corrupt("assessment signed for other bytes", f"edition {row.edition}")
    return len(parties.distinct_signers(opened.signed_by))


def _missing(row: Assessment, count: int) -> tuple[Missing, ...]:
    if count < queries.SIGNATURES:
        facts = {"signed": count, "needed": queries.SIGNATURES}
        return (Missing("review.signature", facts, owner="second_signer" if count else "owner"),)
    begun = queries.handed_over(row.case)
    if begun is not None and (row.completed_entry is None or row.completed_entry > begun):
        return (Missing("review.signed_too_late", {"hand_over_entry": begun}, owner="privacy_officer"),)
    return ()
