"""A founded company with its staff and a few customers in the vault, for the duties that tell, ask and answer."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from django.db import transaction

from shouxin.duties.consent import services as consent
from shouxin.duties.inventory.models import Customer
from shouxin.duties.notices import services as notices
from shouxin.ground.formats.papers import NoticeFacts, NoticeText, Wording, notice_text
from shouxin.ground.kernel.canonical import encode
from shouxin.ground.kernel.ids import new_id
from shouxin.stores.ledger import services as ledger
from shouxin.stores.parties import services as parties
from shouxin.stores.vault import services as vault
from tests.cast import CLERK, CUSTOMERS, OFFICER, OUTSIDER, RECEIVER, SECOND, SENDER

AT = datetime(2026, 11, 23, 1, 0, tzinfo=UTC)
CUT_OFF = datetime(2026, 12, 22, 16, 0, tzinfo=UTC)
CASE = "case_aaaaaaaaaaaaaaaaaaaaaaaaaa"
RECIPIENT = "recipient:yunshan"
TEXT = "sha256:" + "1" * 64
KINDS = {"basic": ("name", "phone", "address"), "purchase": ("order_no", "item"), "sensitive": ("door_code",)}
WORDS = {
    "zh": Wording(
        business="上门保洁业务",
        goods="门店设备",
        purposes=("继续为您安排上门服务",),
        methods=("接收、存储，用于联系和派单",),
        period="服务结束后一年",
        settlement="退款和未完成的服务",
        necessity="上门服务需要开门",
        impact="泄露可能危及住家安全",
    ),
    "en": Wording(
        business="home cleaning",
        goods="the shop's equipment",
        purposes=("keep arranging your visits",),
        methods=("receive, store, use to contact you and send staff",),
        period="one year after service ends",
        settlement="refunds and unfinished visits",
        necessity="visits need the door opened",
        impact="a leak could endanger your home",
    ),
}


@dataclass(frozen=True)
class Stage:
    """Who works here and which customers there are."""

    officer: str
    second: str
    clerk: str
    outsider: str
    customers: tuple[int, ...]


def facts(**changed: object) -> NoticeFacts:
    """The facts of the notice."""
    plain = {
        "shop": "青禾家政",
        "company": SENDER.name,
        "contact": "021-00000001",
        "address": SENDER.address,
        "recipient": RECEIVER.name,
        "recipient_contact": "021-00000002",
        "closing_on": date(2026, 12, 31),
        "answer_by": date(2026, 12, 22),
        "kinds": KINDS,
    }
    return NoticeFacts(**{**plain, **changed})


def text(language: str = "zh", **changed: object) -> NoticeText:
    """The notice in one language."""
    return notice_text(facts(**changed), WORDS[language], language=language)


def found() -> Stage:
    """A company with ledger, vault, staff (the outsider signed no undertaking) and the cast's customers."""
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
    for role in (OFFICER, SECOND, CLERK, OUTSIDER):
        staff[role] = parties.add_staff(name=role.name, role=role.role, passphrase=role.passphrase, by="system", at=AT)
    for role in (OFFICER, SECOND, CLERK):
        parties.sign_undertaking(staff=staff[role], passphrase=role.passphrase, text_digest=TEXT, at=AT)
    return Stage(staff[OFFICER], staff[SECOND], staff[CLERK], staff[OUTSIDER], add_customers(_PLAIN))


_PLAIN = tuple(
    {"name": role.name, "phone": role.mobile, "address": role.address, "email": f"c{number}@post.example"}
    for number, role in enumerate(CUSTOMERS, start=1)
)
_LANGUAGE = {3: "en"}
_CHILD = 2


def add_customers(rows: tuple[dict[str, str], ...]) -> tuple[int, ...]:
    """Customers, contact values sealed and facts known; the third is a child, the fourth reads English."""
    numbers = tuple(vault.allocate(len(rows)))
    with transaction.atomic():
        vault.seal_batch(
            items=[
                vault.Item(customer=number, category="basic", source=1, rows=1, raw=encode([{"n": 1, "f": row}]))
                for number, row in zip(numbers, rows, strict=True)
            ],
            at=AT,
        )
        Customer.objects.bulk_create(
            Customer(
                customer=number,
                handle=new_id("c"),
                age_band="child" if place == _CHILD else "adult",
                language=_LANGUAGE.get(place, "zh"),
                has_phone=bool(row.get("phone")),
                has_email=bool(row.get("email")),
                has_address=bool(row.get("address")),
                categories=1,
            )
            for place, (number, row) in enumerate(zip(numbers, rows, strict=True))
        )
    return numbers


def ask(stage: Stage, *, texts: tuple[str, ...] = (TEXT,)) -> None:
    """The case asks for answers until the cut-off."""
    consent.open_window(
        case=CASE,
        recipient=RECIPIENT,
        texts=texts,
        categories={"basic", "purchase", "sensitive"},
        opens_at=AT,
        cut_off=CUT_OFF,
        by=stage.officer,
        at=AT,
    )


def adopt(stage: Stage, **changed: object) -> dict[str, str]:
    """Both texts adopted; language → digest."""
    return {
        language: notices.adopt_text(case=CASE, text=text(language, **changed), by=stage.officer, at=AT)
        for language in ("zh", "en")
    }


def later(**span: float) -> datetime:
    """An instant after the first one."""
    return AT + timedelta(**span)
