"""A company at the end of its case: eight customers, one of each fate, a decision set by the real rules, a permit.

One end each: wholly gone (1, 6, 8), a statutory extract (2), the proof of a hand-over (3), an open duty (4), a hold
(5), half of a category not settled yet (7).
"""

import csv
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import numpy as np
from django.db import transaction

from shouxin.duties.disposal import fates, services
from shouxin.duties.inventory import services as inventory
from shouxin.duties.inventory.models import Customer, Dataset
from shouxin.duties.inventory.rows import write_rows
from shouxin.duties.notices.models import ReplyKey
from shouxin.ground.formats import permit as permits
from shouxin.ground.kernel.findings import Finding
from shouxin.ground.kernel.ids import new_id
from shouxin.ground.kernel.signing import Signer
from shouxin.ground.rulebook import gates
from shouxin.ground.rulebook.gates import (
    Holding,
    Moved,
    Outcome,
    PurposeState,
    Remains,
    SenderFacts,
    Structure,
    Verdict,
)
from shouxin.stores.ledger import queries as ledger_queries
from shouxin.stores.ledger import services as ledger
from shouxin.stores.parties import services as parties
from shouxin.stores.vault import services as vault
from tests.cast import CLERK, OFFICER, SECOND, SENDER

AT = datetime(2026, 11, 23, 1, 0, tzinfo=UTC)
CUT_OFF = datetime(2026, 11, 20, 16, 0, tzinfo=UTC)
CASE = "case_aaaaaaaaaaaaaaaaaaaaaaaaaa"
TEXT = "sha256:" + "1" * 64
CATEGORIES = ("basic", "purchase", "need", "behaviour", fates.FREE_TEXT, "sensitive", "evidence")
FREE = CATEGORIES.index(fates.FREE_TEXT)
GONE, EXTRACT, MOVED, DUTY, HELD, NOTED, HALF, SENSITIVE = range(8)
OLD, RECENT = "2010-05-01", "2026-03-01"
ROWS = (
    {"basic": {}, "purchase": {"ordered_on": OLD}, "evidence": {}},
    {"basic": {}, "purchase": {"ordered_on": RECENT}, "evidence": {}},
    {"basic": {}, "purchase": {"ordered_on": OLD}, "evidence": {}},
    {"basic": {}, "purchase": {"ordered_on": RECENT}, "need": {"household": "三口之家"}},
    {"basic": {}, "purchase": {"ordered_on": OLD}},
    {"basic": {}, "behaviour": {"rating": "5", "note": "钥匙放在门口"}},
    {"basic": {}, "behaviour": {"rating": "4", "note": "家里有猫"}},
    {"basic": {}, "sensitive": {"door_code": "12#"}},
)


@dataclass(frozen=True)
class Scene:
    """Who works here, who the customers are, what was decided, and the permit."""

    officer: str
    second: str
    clerk: str
    signers: dict[str, Signer]
    company: Signer
    customers: tuple[int, ...]
    decided: gates.DecisionSet
    envelope: bytes


def phone(place: int) -> str:
    """A telephone of nobody's."""
    return f"1540000{place:04d}"


def found() -> Scene:
    """The whole scene."""
    staff = found_company()
    customers = add_customers()
    services.place_hold(
        reason="dispute", authority="测试区法院 示字1号", customer=customers[HELD], by=staff["officer"], at=AT
    )
    decided = decide(customers)
    signers = {
        staff["officer"]: parties.staff_signer(staff=staff["officer"], passphrase=OFFICER.passphrase),
        staff["second"]: parties.staff_signer(staff=staff["second"], passphrase=SECOND.passphrase),
    }
    return Scene(
        officer=staff["officer"],
        second=staff["second"],
        clerk=staff["clerk"],
        signers=signers,
        company=parties.company_signer(passphrase=SENDER.passphrase),
        customers=customers,
        decided=decided,
        envelope=permit(decided, signers),
    )


def found_company() -> dict[str, str]:
    """Company, ledger, vault and three of staff who have undertaken."""
    parties.found_company(
        name=SENDER.name,
        uscc=SENDER.uscc,
        contact=SENDER.contact,
        address=SENDER.address,
        company_passphrase=SENDER.passphrase,
        at=AT,
    )
    own = parties.company_signer(passphrase=SENDER.passphrase)
    ledger.found(origin=SENDER.origin, simulated=True, company=SENDER.name, signer=own, at=AT)
    vault.found(at=AT)
    staff = {}
    for name, role in (("officer", OFFICER), ("second", SECOND), ("clerk", CLERK)):
        staff[name] = parties.add_staff(name=role.name, role=role.role, passphrase=role.passphrase, by="system", at=AT)
        parties.sign_undertaking(staff=staff[name], passphrase=role.passphrase, text_digest=TEXT, at=AT)
    return staff


def add_customers() -> tuple[int, ...]:
    """The customers, sealed, findable by telephone, known to the inventory (whose mask does not know of answers)."""
    numbers = tuple(vault.allocate(len(ROWS)))
    with transaction.atomic():
        items = []
        for place, (number, row) in enumerate(zip(numbers, ROWS, strict=True)):
            for category, values in row.items():
                raw = write_rows([(place + 2, fields_of(place, category, values))])
                source = 0 if category == "evidence" else 1
                items.append(vault.Item(customer=number, category=category, source=source, rows=1, raw=raw))
        vault.seal_batch(items=items, at=AT)
        vault.index(entries=[("phone", phone(place), number) for place, number in enumerate(numbers)])
        Customer.objects.bulk_create(
            Customer(
                customer=number,
                handle=new_id("c"),
                has_phone=True,
                prepaid=place == DUTY,
                has_free_text="note" in ROWS[place].get("behaviour", {}),
                last_purchase_on=ROWS[place].get("purchase", {}).get("ordered_on"),
                categories=sum(fates.BIT[name] for name in ROWS[place] if name != "evidence"),
            )
            for place, number in enumerate(numbers)
        )
        ReplyKey.objects.bulk_create(
            ReplyKey(case=CASE, customer=number, code_tag=f"code{place}", token_tag=f"token{place}")
            for place, number in enumerate(numbers)
        )
    return numbers


def fields_of(place: int, category: str, values: dict[str, str]) -> dict[str, str]:
    """The fields of one row."""
    if category == "basic":
        return {"name": f"客户{place}", "phone": phone(place)}
    if category == "purchase":
        return {"order_no": f"D{place}", "item": "日常保洁", "amount": "200", "payment_method": "扫码", **values}
    if category == "evidence":
        return {"salt": "c2FsdA==", "proof": "YWdyZWU="}
    return dict(values)


def decide(customers: tuple[int, ...], **changed: object) -> gates.DecisionSet:
    """Table A as it came out (3 went whole, 7 with its behaviour and unsettled), table B by the real rules."""
    count = len(customers)
    holding = np.full((count, len(CATEGORIES)), Holding.NONE, np.uint8)
    for place, row in enumerate(ROWS):
        for name in row:
            if name != "evidence":
                holding[place, CATEGORIES.index(name)] = Holding.LIVE
        if "note" in row.get("behaviour", {}):
            holding[place, FREE] = Holding.LIVE
    went = np.zeros(holding.shape, bool)
    went[MOVED] = holding[MOVED] == Holding.LIVE
    went[HALF, CATEGORIES.index("behaviour")] = True
    moved = np.where(went, np.uint8(Moved.SETTLED), np.uint8(Moved.NOT_MOVED))
    moved[HALF, CATEGORIES.index("behaviour")] = Moved.UNSETTLED
    hold, duty = np.zeros(holding.shape, bool), np.zeros(holding.shape, bool)
    hold[HELD] = True
    duty[DUTY, :2] = True
    running = np.zeros(holding.shape, np.uint8)
    running[[EXTRACT, DUTY], 1] = 1
    known = {"moved": moved, "hold": hold, "requests": 0, "duty_open": duty, "running": running, **changed}
    return decided_of(customers, holding=holding, went=went, **known)


def decided_of(customers: tuple[int, ...], *, holding, went, running, **known: object) -> gates.DecisionSet:
    """The set of these customers: what went by row A27, else A08; what stays by table B."""
    known = {"moved": 0, "hold": False, "requests": 0, "duty_open": False, **known, "running": running}
    remains = Remains.of(len(customers), CATEGORIES, holding=holding, purpose=PurposeState.ENDED, **known)
    sender = SenderFacts(structures=frozenset({Structure("asset_sale")}), ends_business=True, goes_on=True)
    verdict = np.where(went, np.uint8(Verdict.HAND_OVER), np.uint8(Verdict.NOT_MOVED))
    outcome = np.where(went, np.uint8(Outcome.A27_HAND_OVER), np.uint8(Outcome.A08_REFUSED))
    row = np.where(went, np.uint8(27), np.uint8(8))
    flow = gates.Decisions(CATEGORIES, row, verdict, outcome, np.zeros_like(row))
    return gates.decision_set(
        case=CASE,
        cutoff=CUT_OFF,
        height=ledger_queries.height(),
        customers=np.array(customers, np.int64),
        flow=flow,
        remains=gates.keep_or_end(remains, sender, at_cut_off=True),
    )


def permit(decided: gates.DecisionSet, signers: dict[str, Signer], *, at: datetime = AT, **changed: object) -> bytes:
    """The permit for a set, as `cases` issues it, told in the ledger."""
    counts = fates.scope_counts(decided)
    finding = Finding(name="cases.decided", holds=True, value=True, height=ledger_queries.height())
    plain = {
        "company": SENDER.name,
        "origin": SENDER.origin,
        "case": CASE,
        "decision_set": decided.digest,
        "scope_digest": fates.scope_digest(decided),
        "counts": tuple(permits.ScopeCount(*each) for each in counts),
        "findings": permits.frozen_findings([finding]),
        "height": ledger_queries.height(),
        "approvers": tuple(signers),
        "issued": at,
        "expires": at + timedelta(days=30),
        "simulated": True,
    }
    envelope = permits.issue(permits.Permit(**{**plain, **changed}), signers=list(signers.values()))
    with transaction.atomic():
        facts = {"permit": permits.check(envelope).digest, "decision_set": decided.digest}
        ledger.append(kind="cases.permitted", scope=f"case:{CASE}", at=at, by="system", facts=facts)
    return envelope


def destroy(scene: Scene, **changed: object) -> services.DestroyResult:
    """The destruction of the scene."""
    plain = {
        "case": CASE,
        "decided": scene.decided,
        "permit_envelope": scene.envelope,
        "by": scene.officer,
        "at": AT,
        "custodian": "青禾家政服务部档案室",
    }
    return services.destroy(**{**plain, **changed})


def certify(scene: Scene, **changed: object):
    """The certificate of the scene."""
    return services.certificate(**{"case": CASE, "company": scene.company, "by": scene.officer, "at": AT, **changed})


def write_list(path: Path, *, places: range = range(8)) -> None:
    """The company's own customer list in the clear."""
    with path.open("w", encoding="utf-8", newline="") as file:
        out = csv.writer(file)
        out.writerow(["姓名", "手机"])
        out.writerows([f"客户{place}", phone(place)] for place in places)


def register_list(scene: Scene, path: Path, *, is_collected: bool = True) -> int:
    """The list registered, its columns known, its rows taken in or not."""
    source = inventory.register_source(
        kind="file", title="客户名单", locator=str(path), custodian="店长", by=scene.clerk, at=AT
    )
    inventory.scan_source(source=source, as_of=date(2026, 11, 23), by=scene.clerk, at=AT)
    Dataset.objects.filter(source_id=source).update(collected_at=AT if is_collected else None, plan={"mapping": {}})
    return source
