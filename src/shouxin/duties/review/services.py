"""The writers of the impact assessment.

Rules:
- It is made before the first hand-over (PIPL 55); afterwards no edition is signed for that case any more.
- Two people sign the same bytes with two keys of their own; a new edition starts without signatures.
- The report and the record of handling are kept for three years at least, by a named custodian (PIPL 56).

    answer_questions(case=case, answers={"harm": "…"}, roles=["other_handler"], by="staff:…", at=at)
    draft(case=case, facts={…}, by="staff:…", at=at)
    sign(case=case, staff="staff:…", signer=staff_signer(…), at=at)      # and once more by the second
"""

from collections.abc import Collection, Mapping
from datetime import date, datetime
from typing import Any

from django.db import transaction

from shouxin.duties.consent.actors import check_staff
from shouxin.duties.review import queries
from shouxin.duties.review.models import Assessment, Reply
from shouxin.duties.review.queries import SIGNATURES, AssessmentView
from shouxin.ground.formats import papers
from shouxin.ground.kernel import dsse
from shouxin.ground.kernel.canonical import encode
from shouxin.ground.kernel.digests import digest
from shouxin.ground.kernel.refusals import Refusal
from shouxin.ground.kernel.signing import Signer
from shouxin.ground.kernel.times import day_in_china, to_text
from shouxin.stores.ledger import services as ledger
from shouxin.stores.parties import queries as parties

KEEP_YEARS = 3
PREDICATE = "assessment/v1"


@transaction.atomic
def answer_questions(
    *, case: str, answers: Mapping[str, str], roles: Collection[str], by: str, at: datetime
) -> list[papers.Question]:
    """Keep answers; the questions that remain. The same question answered again replaces the answer. `roles`: of
    those who would receive something.

    Raises:
        Refusal("review.no_such_question"): with the unknown ones; Refusal("review.nothing_answered").
    """
    check_staff(by)
    asked = {each.id for each in papers.questions(queries.counted(), roles)}
    unknown = sorted(set(answers) - asked)
    if unknown:
        raise Refusal("review.no_such_question", unknown=unknown)
    if not answers or any(not said.strip() for said in answers.values()):
        raise Refusal("review.nothing_answered")
    for question, said in answers.items():
        Reply.objects.update_or_create(
            case=case, question=question, defaults={"answer": said.strip(), "by": by, "at": at}
        )
    facts = {"questions": sorted(answers), "answers": digest(encode({k: v.strip() for k, v in answers.items()}))}
    ledger.append(kind="review.questions_answered", scope=f"case:{case}", at=at, by=by, facts=facts)
    return queries.unanswered(case, roles)


@transaction.atomic
def draft(*, case: str, facts: Mapping[str, Any], by: str, at: datetime) -> AssessmentView:
    """Make the next edition from the inventory's counts, the case's facts and the answers; signatures begin anew.

    `facts`: as `papers.assessment_document` asks.

    Raises:
        Refusal("review.unanswered"), Refusal("review.facts_missing"): all that is missing is named.
    """
    check_staff(by)
    document = papers.assessment_document(
        case=case,
        company=parties.company().name,
        facts=facts,
        counts=queries.counted(),
        answers=queries.replies(case),
        at=at,
    )
    raw = encode(document)
    edition = Assessment.objects.filter(case=case).count() + 1
    Assessment.objects.filter(case=case).exclude(state=Assessment.REPLACED).update(state=Assessment.REPLACED)
    row = Assessment.objects.create(
        case=case,
        edition=edition,
        document=raw,
        digest=digest(raw),
        custodian=str(facts["custodian"]),
        drafted_by=by,
        drafted_at=at,
    )
    told = {"edition": edition, "digest": row.digest, "grounds": document["grounds"]}
    ledger.append(kind="review.assessment_drafted", scope=f"case:{case}", at=at, by=by, facts=told)
    return queries.view(row)


@transaction.atomic
def sign(*, case: str, staff: str, signer: Signer, at: datetime) -> AssessmentView:
    """Sign the newest edition; the second signature, by another person with another key, completes it.

    Raises:
        Refusal("review.no_assessment"); Refusal("review.signed_already"): complete, or signed by this person or key;
        Refusal("review.not_your_key"): the key is not this person's; Refusal("review.too_late"): a hand-over has begun.
    """
    row = Assessment.objects.select_for_update().filter(case=case).order_by("-edition").first()
    if row is None:
        raise Refusal("review.no_assessment", case=case)
    _check_signer(row, staff=staff, signer=signer)
    if queries.handed_over(case) is not None:
        raise Refusal("review.too_late", case=case, law="PIPL-55")
    row.envelope = _signed_envelope(row, signer)
    row.signers = [*row.signers, {"staff": staff, "key": signer.key_id, "at": to_text(at)}]
    complete = len(row.signers) == SIGNATURES
    facts = {"edition": row.edition, "digest": row.digest, "key": signer.key_id, "signatures": len(row.signers)}
    ref = ledger.append(kind="review.assessment_signed", scope=f"case:{case}", at=at, by=staff, facts=facts)
    if complete:
        row.state, row.signed_at = Assessment.SIGNED, at
        row.keep_until = _years_later(day_in_china(at), KEEP_YEARS)
        row.completed_entry = ref.seq
    row.save()
    return queries.view(row)


def _check_signer(row: Assessment, *, staff: str, signer: Signer) -> None:
    if row.state != Assessment.DRAFT:
        raise Refusal("review.signed_already", case=row.case, edition=row.edition)
    if any(mark["staff"] == staff or mark["key"] == signer.key_id for mark in row.signers):
        raise Refusal("review.signed_already", case=row.case, edition=row.edition, needed=SIGNATURES)
    if parties.public_keys().get(signer.key_id) != signer.public or signer.name != staff:
        raise Refusal("review.not_your_key", staff=staff)


def _signed_envelope(row: Assessment, signer: Signer) -> bytes:
    if row.envelope:
        return dsse.add_signature(bytes(row.envelope), signer)
    statement = dsse.statement(
        subject={f"assessment-{row.edition}.json": row.digest},
        predicate_type=PREDICATE,
        predicate={"case": row.case, "edition": row.edition, "custodian": row.custodian, "law": ["PIPL-55", "PIPL-56"]},
    )
    return dsse.sign(statement, [signer])


def _years_later(day: date, years: int) -> date:
    """The same day years on; the 29th of February becomes the 1st of March, so that nothing ends early."""
    try:
        return day.replace(year=day.year + years)
    except ValueError:
        return date(day.year + years, 3, 1)
