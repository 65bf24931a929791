"""Destruction under a permit, in steps that any stop leaves whole.

1. Nothing begins without the permit of this very decision set, in force, by two people with their own keys; refused
   when the ledger moved since on what the permit read, when anybody is held, when a statutory period runs.
2. The fates, the balance and the scope's root are frozen in one transaction before the first key dies.
3. What must stay of a cell that goes is sealed apart; a step is one transaction with its entry and the job's cursor.
4. Keys die group by group (`vault.shred`, which is whole or not at all); then the facts, reply codes and tokens of who
   is gone. Whoever came under a hold meanwhile is left out and named.
5. The tables are rewritten, the index epoch is closed, the vault is looked at again; then the destruction has ended.

Killed anywhere, the same call goes on; done, it gives the same result.
"""

import os
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any

import numpy as np
from django.db import transaction

from shouxin.duties.disposal import balancing, extracts, queries, rescans
from shouxin.duties.disposal import fates as fates_of
from shouxin.duties.disposal.fates import Fates
from shouxin.duties.disposal.models import Destruction, ShredGroup
from shouxin.duties.disposal.steps import step
from shouxin.duties.inventory import queries as inventory
from shouxin.duties.inventory import services as inventory_services
from shouxin.duties.notices import services as notices
from shouxin.ground.formats import permit as permits
from shouxin.ground.formats.permit import Permit
from shouxin.ground.kernel import dsse
from shouxin.ground.kernel.digests import digest
from shouxin.ground.kernel.ids import Entropy
from shouxin.ground.kernel.refusals import Refusal
from shouxin.ground.kernel.signing import Signer
from shouxin.ground.kernel.times import Clock, check_instant, day_in_china, to_text
from shouxin.ground.rulebook.access import Grant
from shouxin.ground.rulebook.gates import DecisionSet, Verdict
from shouxin.stores.jobs import services as jobs
from shouxin.stores.jobs.queries import JobView
from shouxin.stores.ledger import queries as ledger_queries
from shouxin.stores.ledger import services as ledger
from shouxin.stores.ledger.queries import EntryView
from shouxin.stores.parties import queries as parties_queries
from shouxin.stores.parties import services as parties
from shouxin.stores.vault import queries as vault_queries
from shouxin.stores.vault import services as vault

JOB = "destroy"
SEAL_STEP, SHRED_STEP = 1_000, 4_096
PHASES = ("seal", "shred", "scrub", "epoch", "end")
CASE_KINDS = ("cases.decided", "consent.", "rights.", "relations.", "review.", "transfer.")
AFTER_THE_PERMIT = ("destroy-permit", "destroyed", "ack", "attest")
COMPANY_KINDS = ("inventory.batch_collected", "inventory.package_imported")
READ_CATEGORIES = frozenset({"purchase", "behaviour"})
SALT_BYTES = 32

Progress = Callable[[str, int, int], None]


@dataclass(frozen=True)
class DestroyResult:
    """What a destruction came to. `gone` are the numbers of those of whom nothing remains: for the rooms above, which
    let go of what they know of them.
    """

    case: str
    permit: str
    customers: int
    whole: int
    cells: int
    keys: int
    records: int
    sealed_people: int
    sealed_rows: int
    left_out: int
    generation: int
    custody: str
    entry: int
    started_at: datetime
    ended_at: datetime
    gone: tuple[int, ...] = field(default=(), repr=False)


@dataclass(frozen=True)
class Deed:
    """One call: the frozen row, who does it, under which leave, and what time it is at each step."""

    row: Destruction
    fates: Fates
    by: str
    grant: Grant
    now: Callable[[], datetime]
    tell: Progress

    @property
    def scope(self) -> str:
        """The ledger scope of its entries."""
        return f"case:{self.row.case}"


def destroy(
    *,
    case: str,
    decided: DecisionSet,
    permit_envelope: bytes,
    by: str,
    at: datetime,
    keys: Mapping[str, bytes] | None = None,
    witness: Signer | None = None,
    custodian: str = "",
    clock: Clock | None = None,
    progress: Progress | None = None,
    entropy: Entropy = os.urandom,
) -> DestroyResult:
    """Destroy what a decision set ends, under its permit; the same call again goes on where it stopped.

    A destruction of the case that was begun is finished first, under the permit with which it began.

    `keys` are the approvers' public keys (default: everyone of this company). `clock`, when given, dates later steps.

    Raises:
        Corrupt: a permit that is not one, or signed by others; Refusal("permit.expired" | "permit.early");
        Refusal("disposal.permit_of_another", what=…), ("disposal.permit_approvers"), ("disposal.facts_moved", kinds=…),
        ("disposal.held", customers=…), ("disposal.decisions_open"), ("disposal.nothing_ends"),
        ("gates.statutory_period_runs"), ("gates.not_settled"), ("access.…"), ("jobs.leased"): another process is at it;
        Unavailable: the disk or a copy of the escrow; call again.
    """
    check_instant(at)
    row = Destruction.objects.filter(case=case, ended_at=None).order_by("id").first()
    if row is None:
        content = check_permit(case, decided, permit_envelope, keys or parties_queries.public_keys())
        ended = Destruction.objects.filter(permit=content.digest).first()
        if ended is not None:
            return result_of(ended)
        _check_may_begin(content, decided, at)
    permit = row.permit if row is not None else content.digest
    grant = parties.grant(by=by, purpose="dispose", categories=READ_CATEGORIES, reason=f"destroy:{case}", at=at)
    job = jobs.begin(kind=JOB, key=f"{JOB}:{permit}", total=len(PHASES), by=by, at=at)
    step("job begun")
    if job.is_done:  # another process was quicker
        return result_of(Destruction.objects.get(permit=permit))
    if row is None:
        row = _freeze(content, decided, custodian=custodian, by=by, at=at, entropy=entropy)
    deed = Deed(
        row=row,
        fates=Fates.unpack(bytes(row.fates)),
        by=by,
        grant=grant,
        now=lambda: max(at, clock.now()) if clock is not None else at,
        tell=progress or (lambda phase, done, total: None),
    )
    return _carry_out(deed, job, witness)


def check_permit(case: str, decided: DecisionSet, envelope: bytes, keys: Mapping[str, bytes]) -> Permit:
    """The permit, when it is this company's, of this case, set and scope, signed by the two people it names.

    Raises:
        Corrupt; Refusal("disposal.permit_of_another", what=…), Refusal("disposal.permit_approvers").
    """
    content = permits.check(envelope, keys=keys)
    expected = {
        "case": (content.case, case),
        "decided_case": (decided.case, case),
        "origin": (content.origin, ledger_queries.origin()),
        "simulated": (content.simulated, ledger_queries.is_simulated()),
        "decision_set": (content.decision_set, decided.digest),
        "scope": (content.scope_digest, fates_of.scope_digest(decided)),
    }
    wrong = [name for name, (found, wanted) in expected.items() if found != wanted]
    if wrong:
        raise Refusal("disposal.permit_of_another", what=wrong)
    people = parties_queries.distinct_signers(content.approver_keys)
    if len(people) < 2 or set(people) != set(content.approvers):
        raise Refusal("disposal.permit_approvers", people=len(people), least=2)
    return content


def _check_may_begin(content: Permit, decided: DecisionSet, at: datetime) -> None:
    permits.check_in_force(content, at=at)
    fates_of.check_executable(decided)
    moved = moved_since(content.case, content.height)
    if moved:
        raise Refusal("disposal.facts_moved", kinds=moved, height=content.height)
    ending = decided.customers[(decided.end == Verdict.DESTROY).any(axis=1)]
    held = queries.held_among(ending.tolist(), at)
    if held:
        raise Refusal("disposal.held", customers=len(held))
    fates_of.check_retention(
        decided, _last_purchases(decided), balancing.held_now(decided).provided, on=day_in_china(at)
    )


def moved_since(case: str, height: int) -> list[str]:
    """The kinds of entries since a height that change what a permit's checks read on this case."""
    found = set()
    for entry in ledger_queries.entries(since=height):
        if entry.kind in COMPANY_KINDS or (_is_on(case, entry) and entry.kind.startswith(CASE_KINDS)):
            found.add(entry.kind)
    return sorted(found)


def _is_on(case: str, entry: EntryView) -> bool:
    """Whether an entry is the case's own or of one of its transfers; its words about the permit change nothing."""
    if entry.scope.startswith("transfer:"):
        return entry.facts.get("case", case) == case and entry.facts.get("kind") not in AFTER_THE_PERMIT
    return entry.scope == f"case:{case}"


def _last_purchases(decided: DecisionSet) -> np.ndarray:
    """Each customer's newest purchase as recorded now, in the set's order."""
    days = np.full(len(decided.customers), np.datetime64("NaT"), "datetime64[D]")
    order = np.argsort(decided.customers)
    sorted_numbers = decided.customers[order]
    for chunk in inventory.facts():
        at = np.searchsorted(sorted_numbers, chunk.customer)
        inside = at < len(sorted_numbers)
        inside[inside] = sorted_numbers[at[inside]] == chunk.customer[inside]
        days[order[at[inside]]] = chunk.last_purchase_on[inside]
    return days


@transaction.atomic
def _freeze(
    content: Permit, decided: DecisionSet, *, custodian: str, by: str, at: datetime, entropy: Entropy
) -> Destruction:
    """Write down what is going to happen, and what there was, before anything does."""
    fates = fates_of.fates(decided, balancing.held_now(decided))
    if not len(fates):
        raise Refusal("disposal.nothing_ends", case=content.case)
    salt, standing = entropy(SALT_BYTES), balancing.standing(decided, fates)
    columns = b"".join(part.tobytes() for part in (fates.customer.astype("<i8"), fates.ends, fates.trimmed))
    row = Destruction.objects.create(
        case=content.case,
        permit=content.digest,
        approvals=[
            {"by": person, "key_id": key, "at": to_text(content.issued)}
            for person, key in zip(content.approvers, content.approver_keys, strict=True)
        ],
        decision_set=decided.digest,
        scope_digest=content.scope_digest,
        cells=content.cells,
        customers=len(fates),
        salt=salt,
        root_before=digest(salt + columns),
        fates=fates.pack(),
        standing=standing.pack(),
        tables=balancing.tables(),
        exclusions=fates_of.kept_counts(decided),
        persons=balancing.persons(standing, fates),
        papers=balancing.papers(decided),
        custodian=custodian or parties_queries.company().name,
        by=by,
        started_at=at,
    )
    balancing.snapshot(row, standing)
    facts = {
        "permit": content.digest,
        "decision_set": decided.digest,
        "scope": content.scope_digest,
        "root_before": row.root_before,
        "customers": len(fates),
        "whole": len(fates.whole),
    }
    ledger.append(kind="disposal.begun", scope=f"case:{content.case}", at=at, by=by, facts=facts)
    return row


def _carry_out(deed: Deed, job: JobView, witness: Signer | None) -> DestroyResult:
    cursor = job.cursor or {"phase": "seal", "next": 0}
    phase, start = PHASES.index(cursor["phase"]), int(cursor["next"])
    if phase <= 0:
        job, start = _seal(deed, job, start), 0
    if phase <= 1:
        job = _shred(deed, job, start)
    if phase <= 2:
        deed.tell("scrub", 0, 1)
        vault.scrub()
        step("scrubbed")
        job = _turn(deed, job, "epoch")
        deed.tell("scrub", 1, 1)
    if phase <= 3:
        vault.close_epoch(at=deed.now(), by=deed.by)
        step("epoch closed")
        job = _turn(deed, job, "end")
    return _finish(deed, job, witness)


@transaction.atomic
def _turn(deed: Deed, job: JobView, phase: str) -> JobView:
    return jobs.advance(job=job, done=PHASES.index(phase), cursor={"phase": phase, "next": 0}, at=deed.now())


def _seal(deed: Deed, job: JobView, start: int) -> JobView:
    """Step 3: what must stay is sealed apart, exactly once."""
    apart = deed.fates.only((deed.fates.trimmed | deed.fates.split) != 0)
    for place in range(start, len(apart), SEAL_STEP):
        some = apart.only(slice(place, place + SEAL_STEP))
        with transaction.atomic():
            at = deed.now()
            found = extracts.seal_apart(
                some, grant=deed.grant, reason=f"extract:{deed.row.permit}", scope=deed.scope, at=at
            )
            extracts.note(deed.row, found)
            told = {
                "permit": deed.row.permit,
                "people": len(found),
                "rows": sum(each.rows for each in found),
                "custodian": digest(deed.row.custodian.encode()),
            }
            ledger.append(kind="disposal.sealed", scope=deed.scope, at=at, by=deed.by, facts=told)
            job = jobs.advance(job=job, done=0, cursor={"phase": "seal", "next": place + SEAL_STEP}, at=at)
            step("extract written")
        step("extract committed")
        deed.tell("seal", min(place + SEAL_STEP, len(apart)), len(apart))
    return _turn(deed, job, "shred")


def _shred(deed: Deed, job: JobView, start: int) -> JobView:
    """Step 4: keys die; then what the rooms know of who is gone."""
    for number, group in enumerate(deed.fates.groups(SHRED_STEP)):
        if number < start:
            continue
        skipped = queries.held_among(group.customer.tolist(), deed.now())
        going = group.only(~np.isin(group.customer, skipped))
        result = _shred_group(deed, number, going)
        step("keys destroyed")
        with transaction.atomic():
            _let_go(going)
            balancing.leave_out(deed.row, skipped)
            entry = ledger_queries.newest(deed.scope, {"destroy.done"})
            ShredGroup.objects.create(destruction=deed.row, number=number, result=result, entry=entry, skipped=skipped)
            cursor = {"phase": "shred", "next": number + 1}
            job = jobs.advance(job=job, done=1, cursor=cursor, at=deed.now())
            step("facts let go")
        step("group committed")
        deed.tell("shred", min((number + 1) * SHRED_STEP, len(deed.fates)), len(deed.fates))
    return _turn(deed, job, "scrub")


def _shred_group(deed: Deed, number: int, going: Fates) -> dict[str, Any]:
    if not len(going):
        return {}
    try:
        done = vault.shred(
            cells=going.cells(),
            reason={"case": deed.row.case, "permit": deed.row.permit, "group": number},
            at=deed.now(),
            by=deed.by,
            held=lambda customers: queries.held_among(customers, deed.now()),
            scope=deed.scope,
        )
    except Refusal as refusal:
        if refusal.code != "vault.destroyed":  # done before the stop, under a request that a hold has changed since
            raise
        return {}
    return asdict(done)


def _let_go(going: Fates) -> None:
    """What inventory and notices know of who is gone; what is left of the others."""
    inventory_services.forget_customers(customers=going.whole.tolist())
    notices.forget(customers=going.whole.tolist())
    others = going.customer[going.ends != fates_of.WHOLE].tolist()
    masks = dict.fromkeys(others, 0)
    left = vault_queries.cells(others)
    for customer, category in zip(left.customer.tolist(), left.category.tolist(), strict=True):
        masks[customer] |= 1 << category
    inventory_services.note_categories(masks=masks)


def _finish(deed: Deed, job: JobView, witness: Signer | None) -> DestroyResult:
    """Step 5: looked at again, told, done."""
    with transaction.atomic():
        at = deed.now()
        row = Destruction.objects.select_for_update().get(pk=deed.row.pk)
        seen = rescans.vault_again(row, deed.fates, at=at)
        row.ended_at = at
        row.result = _totals(row, deed.fates)
        if witness is not None:
            row.witness = {"name": witness.name, "key_id": witness.key_id}
            row.witness_statement = _witnessed(row, witness, at)
        row.save()
        told = {
            "permit": row.permit,
            "scope": row.scope_digest,
            "looked_for": seen.looked_for,
            "found": seen.found,
            "witnessed": digest(bytes(row.witness_statement)) if witness is not None else "",
            **{name: row.result[name] for name in ("whole", "keys", "records", "left_out", "generation", "custody")},
        }
        ledger.append(kind="disposal.destroyed", scope=deed.scope, at=at, by=deed.by, facts=told)
        jobs.finish(job=job, result={"destruction": row.pk}, at=at)
        step("end written")
    step("end committed")
    return result_of(row)


def _totals(row: Destruction, fates: Fates) -> dict[str, Any]:
    groups = list(row.groups.order_by("number"))
    results = [group.result for group in groups if group.result]
    skipped = {customer for group in groups for customer in group.skipped}
    return {
        "keys": sum(each["keys"] for each in results),
        "records": sum(each["records"] for each in results),
        "generation": max((each["generation"] for each in results), default=0),
        "custody": results[-1]["custody"] if results else vault_queries.custody(),
        "entry": max((group.entry for group in groups), default=-1),
        "left_out": len(skipped),
        "whole": len(set(fates.whole.tolist()) - skipped),
    }


def _witnessed(row: Destruction, witness: Signer, at: datetime) -> bytes:
    told = {
        "permit": row.permit,
        "scope": row.scope_digest,
        "result": row.result,
        "watched_until": to_text(at),
        "simulated": ledger_queries.is_simulated(),
    }
    content = dsse.statement(subject={"scope": row.scope_digest}, predicate_type="witness/v1", predicate=told)
    return dsse.sign(content, [witness])


def result_of(row: Destruction) -> DestroyResult:
    """The result of a destruction that has ended.

    Raises:
        Refusal("disposal.not_destroyed").
    """
    if row.result is None or row.ended_at is None:
        raise Refusal("disposal.not_destroyed", case=row.case)
    skipped = {customer for group in row.groups.all() for customer in group.skipped}
    sealed = list(row.sealed.values_list("customer", "rows"))
    return DestroyResult(
        case=row.case,
        permit=row.permit,
        customers=row.customers - len(skipped),
        cells=row.cells,
        sealed_people=len({customer for customer, _ in sealed}),
        sealed_rows=sum(rows for _, rows in sealed),
        started_at=row.started_at,
        ended_at=row.ended_at,
        gone=tuple(sorted(set(Fates.unpack(bytes(row.fates)).whole.tolist()) - skipped)),
        **row.result,
    )
