"""Northwind and Chinook as company A of the told story: what they say, what is corrected in the scanned plan."""

from dataclasses import replace
from datetime import UTC, datetime

from shouxin.faces.cli.demo.senders import START, Sender
from shouxin.faces.cli.demo.words import HOUSEKEEPING, Speech
from shouxin.ground.samples import real
from shouxin.ground.samples.real_files import write_real
from tests.conftest import SHARED

FOLDER = SHARED / "data" / "real"
SEED = 7
STARTS = {real.NORTHWIND.name: START, real.CHINOOK.name: datetime(2035, 3, 5, 1, 0, tzinfo=UTC)}
"""Northwind's orders are of 1996 to 1998, Chinook's invoices of 2021 to 2025: in the spring of 2035 the ten years that
tax law keeps an invoice have run out for some customers and not for others."""

KINDS = {
    "basic": ("name", "organisation", "job_title", "phone", "phone2", "email", "address", "customer_ref"),
    "purchase": ("order_no", "ordered_on", "item", "quantity", "amount", "service_address", "invoice_title"),
}
PURPOSES, METHODS = ("继续向您供货并提供售后",), ("接收、存储,用于联系和发货",)


def _wording(shop: str, business: tuple[str, str]) -> dict[str, object]:
    return {
        "shop": shop,
        "kinds": KINDS,
        "zh": {
            "business": business[0],
            "goods": "仓库和门店物品",
            "purposes": list(PURPOSES),
            "methods": list(METHODS),
            "period": "供货关系结束后一年",
            "settlement": "退款和未交付的订单",
        },
        "en": {
            "business": business[1],
            "goods": "the warehouse's equipment",
            "purposes": ["go on supplying you, with service"],
            "methods": ["receive and store, to contact you and ship"],
            "period": "one year after supplies end",
            "settlement": "refunds and undelivered orders",
        },
    }


def _speech(name: str, code: str, business: tuple[str, str]) -> Speech:
    return replace(
        HOUSEKEEPING,
        sender={**HOUSEKEEPING.sender, "name": f"{name}样例贸易有限公司", "uscc": f"91310999MA1DEMO{code}"},
        title=f"{name}物品转让",
        purposes=PURPOSES,
        methods=METHODS,
        wording=_wording(name, business),
        clauses={
            **HOUSEKEEPING.clauses,
            "purpose": "只用于继续向同意移交的客户供货并提供售后,不得用于营销他人产品。",
            "method": "加密接收、存储,用于联系客户和发货,不公开、不自动化决策。",
            "scope": "仅限客户单独同意的基本信息和购买信息。",
        },
    )


SPEECHES = {
    real.NORTHWIND.name: _speech("北风", "0N1", ("食品批发业务", "food wholesale")),
    real.CHINOOK.name: _speech("奇努克", "0C2", ("唱片零售业务", "record sales")),
}
CORRECTIONS = {
    real.NORTHWIND.name: {"Orders": {"EmployeeID": ""}, "Order Details": {"ProductID": "item"}},
    real.CHINOOK.name: {"Customer": {"SupportRepId": ""}, "InvoiceLine": {"TrackId": "item"}},
}
"""What whoever knows the database changes in the plan that the scan suggests: column -> field, "" for none."""


def corrected(company: real.RealCompany, plan: dict) -> dict:
    """The plan file with those corrections."""
    for table, columns in CORRECTIONS[company.name].items():
        assert columns.keys() <= plan["tables"][table]["columns"].keys()
        plan["tables"][table]["columns"] |= columns
    return plan


def real_sender(company: real.RealCompany) -> Sender:
    """The company behind one of the real databases."""
    starts = STARTS[company.name]
    return Sender(
        says=SPEECHES[company.name],
        write=lambda folder: write_real(company, source=FOLDER, folder=folder, seed=SEED, as_of=starts.date()),
        answer=lambda truth: company.answers(FOLDER, seed=SEED),
        starts=starts,
        has_mail="email" in company.channels,
        has_page=False,
        corrections={company.file: lambda plan: corrected(company, plan)},
    )
