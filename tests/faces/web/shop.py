"""A shop in the middle of its sale: a made-up company collected by the real verbs, a case open, answers coming in."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import numpy as np

from shouxin.cases import queries as case_queries
from shouxin.cases import services as cases
from shouxin.cases.interview import UNDECLARED_FLOWS
from shouxin.duties.consent import queries as consent_queries
from shouxin.duties.consent import services as consent
from shouxin.duties.inventory import queries as inventory_queries
from shouxin.duties.inventory import services as inventory
from shouxin.duties.notices import services as notices
from shouxin.duties.review import queries as review_queries
from shouxin.duties.review import services as review
from shouxin.ground.formats.papers import Wording, notice_text
from shouxin.ground.kernel.canonical import to_base64
from shouxin.ground.kernel.signing import signer
from shouxin.ground.rulebook.terms import fields
from shouxin.ground.samples import write_company
from shouxin.stores.ledger import services as ledger
from shouxin.stores.parties import cards
from shouxin.stores.parties import services as parties
from shouxin.stores.vault import services as vault
from tests.cast import CLERK, OFFICER, OUTSIDER, RECEIVER, SECOND, SENDER, StaffRole
from tests.duties.stage import TEXT, facts

AT = datetime(2026, 11, 24, 1, 0, tzinfo=UTC)
OWNER = StaffRole(name="沈云归", role="owner", passphrase=b"owner-own-passphrase")
AUDITOR = StaffRole(name="严明", role="auditor", passphrase=b"auditor-own-passphrase")
WORKING = (OWNER, OFFICER, SECOND, CLERK, AUDITOR)
KINDS = {
    "basic": ("name", "phone", "address"),
    "purchase": ("order_no", "item", "amount"),
    "need": ("requirement", "preference"),
    "sensitive": ("health",),
}
WORDS = {
    "zh": Wording(
        business="上门家政业务",
        goods="门店设备和物品",
        purposes=("继续为您安排上门服务",),
        methods=("接收、存储，用于联系和派单",),
        period="服务结束后一年",
        settlement="退款和未完成的服务",
        necessity="上门时须避开您的过敏原",
        impact="泄露可能损害您的尊严",
    ),
    "en": Wording(
        business="home services",
        goods="the shop's equipment",
        purposes=("keep arranging your home services",),
        methods=("receive and store, to contact you and send staff",),
        period="one year after service ends",
        settlement="refunds and unfinished visits",
        necessity="our staff must avoid what you are allergic to",
        impact="a leak could harm your dignity",
    ),
}
FLOW = {
    "to": "buyer",
    "purposes": ["继续为您安排上门服务"],
    "methods": ["接收、存储，用于联系和派单"],
    "categories": ["basic", "purchase", "need", "sensitive"],
    "abroad": False,
    "same_purpose": True,
}


def interview(recipient, *, flow=(), **changed):
    """The answers to the first questions: a sale of assets to one buyer; `flow` changes the one flow."""
    return {
        "business_kind": "limited_company",
        "structures": ["asset_sale"],
        "legal_person": "stays",
        "business": "ends",
        "flows": [{**FLOW, "recipient": recipient, **dict(flow)}],
        "people": 40,
        "inactive_after_years": 0,
        "children": False,
        "prepaid": False,
        "important_data": False,
        "online_service": False,
        "platform_shop": False,
        "disputes": False,
        "undeclared": dict.fromkeys(UNDECLARED_FLOWS, False),
        "answers_until": "2026-12-22",
        "closing_on": "2026-12-31",
        **changed,
    }


@dataclass(frozen=True)
class Shop:
    """The case, and who works here by role."""

    case: str
    staff: dict[str, str]


def receiver_card() -> bytes:
    """The receiving company's card, signed by its own key."""
    own, officer = signer(b"\x21" * 32, RECEIVER.origin), signer(b"\x22" * 32, "staff:b")
    plain = {
        "name": RECEIVER.name,
        "uscc": RECEIVER.uscc,
        "contact": RECEIVER.contact,
        "address": RECEIVER.address,
        "origin": RECEIVER.origin,
        "public": to_base64(own.public),
        "simulated": True,
        "staff": [
            {"staff": "staff:b", "name": "莫以南", "role": "privacy_officer", "public": to_base64(officer.public)}
        ],
        "issued": "2026-11-20T01:00:00Z",
    }
    return cards.write(plain, signer=own)


def found() -> dict[str, str]:
    """The company with staff of every role: role → id."""
    parties.found_company(
        name=SENDER.name,
        uscc=SENDER.uscc,
        contact="021-00000001",
        address=SENDER.address,
        company_passphrase=SENDER.passphrase,
        at=AT,
    )
    own = parties.company_signer(passphrase=SENDER.passphrase)
    ledger.found(origin=SENDER.origin, simulated=True, company=SENDER.name, signer=own, at=AT)
    vault.found(at=AT)
    staff = {}
    for role in WORKING:
        staff[role.role] = _join(role)
        parties.sign_undertaking(staff=staff[role.role], passphrase=role.passphrase, text_digest=TEXT, at=AT)
    return staff


def _join(role: StaffRole) -> str:
    return parties.add_staff(name=role.name, role=role.role, passphrase=role.passphrase, by="system", at=AT)


def open_shop(folder: Path, *, customers: int = 0) -> Shop:
    """The company, its case open; with customers also sources collected and the first steps closed."""
    staff = found()
    if customers:
        collect(folder, staff["clerk"], customers)
    recipient = parties.add_recipient(
        card=receiver_card(),
        contact="021-00000002",
        purposes=FLOW["purposes"],
        methods=FLOW["methods"],
        role="other_handler",
        by=staff["privacy_officer"],
        at=AT,
    )
    row = cases.open_case(title="青禾家政门店转让", answers=interview(recipient), by=staff["privacy_officer"], at=AT)
    return Shop(row.id, staff)


def add_outsider() -> str:
    """Somebody joins who has promised nothing yet; gives the id."""
    return _join(OUTSIDER)


def collect(folder: Path, clerk: str, customers: int) -> None:
    """The sources of a made-up company, scanned, confirmed, collected."""
    write_company(folder, customers=customers, seed=7, as_of=date(2026, 11, 24))
    for name, kind in (("客户名单.xlsx", "file"), ("订单台账.csv", "file"), ("crm.sqlite", "database")):
        source = inventory.register_source(
            kind=kind, title=name, locator=str(folder / name), custodian=clerk, by=clerk, at=AT
        )
        report = inventory.scan_source(source=source, as_of=date(2026, 11, 24), by=clerk, at=AT)
        for table in report.tables:
            inventory.confirm_columns(source=source, table=table.name, by=clerk, at=AT)
        inventory.collect(source=source, by=clerk, at=AT)
    inventory.register_goods(path=folder / "出售物品清单.csv", by=clerk, at=AT)


def tell_and_answer(shop: Shop, *, at: datetime = AT) -> datetime:
    """Assessment signed, texts adopted, lists made, four weeks of answers; gives the instant after them."""
    officer, clerk = shop.staff["privacy_officer"], shop.staff["clerk"]
    _close(shop, "name-people", "register-sources", "confirm-fields", "collect", "fix-flows", at=at)
    _assess(shop, at)
    _close(shop, "assess-impact", at=at)
    digests = [notices.adopt_text(case=shop.case, text=_text(language), by=officer, at=at) for language in ("zh", "en")]
    row = case_queries.case(shop.case)
    consent.open_window(
        case=shop.case,
        recipient=row.recipient,
        texts=digests,
        categories=set(KINDS),
        opens_at=at,
        cut_off=row.answers_until,
        by=officer,
        at=at,
    )
    _close(shop, "adopt-text", at=at)
    notices.send(case=shop.case, by=clerk, at=at)
    later = at + timedelta(days=14)
    ledger.advance_clock(to=later, by="system")
    _answers(shop, digests[0], at=later)
    return later


def _text(language: str):
    kinds = {kind: tuple(name for name in names if name in fields()) for kind, names in KINDS.items()}
    told = facts(kinds=kinds, recipient="云杉家庭服务有限公司", answer_by=date(2026, 12, 22), contact="021-00000001")
    return notice_text(told, WORDS[language], language=language)


def _close(shop: Shop, *steps: str, at: datetime) -> None:
    for step in steps:
        cases.close_step(case=shop.case, step=step, by=shop.staff["privacy_officer"], at=at)


def _assess(shop: Shop, at: datetime) -> None:
    officer = shop.staff["privacy_officer"]
    asked = review_queries.unanswered(shop.case, ["other_handler"])
    told = {each.id: "已逐项评估，风险可以接受，措施见清单。" for each in asked}
    review.answer_questions(case=shop.case, roles=["other_handler"], answers=told, by=officer, at=at)
    plain = {
        "roles": ["other_handler"],
        "recipient": "云杉家庭服务有限公司",
        "recipient_contact": "021-00000002",
        "purposes": FLOW["purposes"],
        "methods": FLOW["methods"],
        "structure": "asset_sale",
        "custodian": officer,
    }
    review.draft(case=shop.case, facts=plain, by=officer, at=at)
    for role in (OFFICER, OWNER):
        signer = parties.staff_signer(staff=shop.staff[role.role], passphrase=role.passphrase)
        review.sign(case=shop.case, staff=shop.staff[role.role], signer=signer, at=at)


def _answers(shop: Shop, text: str, *, at: datetime) -> None:
    """Six in ten agree, two refuse, a few want to be called; the rest stay silent."""
    people = np.concatenate([chunk.customer for chunk in inventory_queries.facts()])
    words = ["agree"] * 12 + ["refuse"] * 4 + ["call_me"] + [""] * 3
    rows = [
        consent.AnswerRow(
            customer=int(person),
            answer=words[place % len(words)],
            categories=frozenset({"basic", "purchase", "need"})
            if words[place % len(words)] == "agree"
            else frozenset(),
            sensitive_agreed=False,
            guardian=False,
            route="telephone",
            given_at=at,
            proof=b"call",
        )
        for place, person in enumerate(people)
        if words[place % len(words)]
    ]
    recipient = consent_queries.window(shop.case).recipient
    consent.record_many(
        case=shop.case, recipient=recipient, text_digest=text, rows=rows, recorded_by=shop.staff["clerk"], at=at
    )
