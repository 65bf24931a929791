"""What the gates read, gathered once from the duties into columns: persons in the order of their numbers.

Nothing is judged here. Facts that nobody recorded keep the stricter value that `rulebook.gates` gives them.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import numpy as np

from shouxin.cases.models import Case
from shouxin.duties.consent import queries as consent
from shouxin.duties.disposal import queries as disposal
from shouxin.duties.inventory import queries as inventory
from shouxin.duties.notices import queries as notices
from shouxin.duties.relations import queries as relations
from shouxin.duties.rights import queries as rights
from shouxin.duties.transfer import queries as transfer
from shouxin.ground.kernel.times import day_in_china
from shouxin.ground.rulebook import retention, terms
from shouxin.ground.rulebook.bases import NOTICE_ELEMENTS, Basis
from shouxin.ground.rulebook.gates import (
    Answer,
    Facts,
    FlowFacts,
    FlowRole,
    Holding,
    Moved,
    PurposeState,
    Remains,
    SenderFacts,
    Several,
    Structure,
)
from shouxin.stores.parties import queries as parties

FREE_TEXT = "behaviour:free_text"
CATEGORIES = ("basic", "purchase", "need", "behaviour", FREE_TEXT, "sensitive", "evidence")
DUTY_CATEGORIES = ("basic", "purchase")
PURCHASE_CLASS, EVIDENCE_CLASS = "tax_voucher", "provision_record"


_SEVERAL = np.array([Several.UNREAD if name == FREE_TEXT else Several.ONE for name in CATEGORIES], np.uint8)


@dataclass(frozen=True)
class Gathered:
    """Facts of a case at one moment: the customers, table A's facts, the flow, and the parts that table B needs."""

    customers: np.ndarray
    facts: Facts
    flow: FlowFacts | None
    sender: SenderFacts
    last_purchase_on: np.ndarray
    duty_open: np.ndarray
    hold: np.ndarray
    requests: np.ndarray


def gather(case: Case, at: datetime) -> Gathered:
    """Read every fact that the gates ask for, as recorded by `at`."""
    columns = _stack()
    customers = columns["customer"]
    count, width = len(customers), len(CATEGORIES)
    sender = sender_of(case)
    answered = _answers(case, customers, at)
    hold = _wide(_marked(customers, disposal.held_customers(at)), width) | _wide(
        _marked(customers, relations.complaining(case.id, at)), width
    )
    requests = _wide(_placed(customers, *_request_columns(case, at), dtype=np.uint8), width)
    facts = Facts.of(
        count,
        CATEGORIES,
        person_kind=columns["person_kind"],
        age=columns["age_band"],
        dead=columns["dead"],
        guardian_agreed=answered["guardian"],
        notice=_placed(customers, *_notice_columns(case, at), dtype=np.uint8),
        holding=_holding(columns),
        hold=hold,
        requests=requests,
        objected=_wide(_marked(customers, _objecting(case, at)), width),
        several=np.broadcast_to(_SEVERAL, (count, width)),
        sensitive=np.broadcast_to(np.array([name == "sensitive" for name in CATEGORIES]), (count, width)),
        purpose_basis=Basis.CONSENT,
        answer=answered["answer"],
        defects=answered["defects"],
        necessity_told=answered["told_necessity"],
        separately_agreed=answered["separately"],
    )
    duty = _wide(columns["prepaid"] | columns["keys_held"], width) & np.isin(CATEGORIES, DUTY_CATEGORIES)[None, :]
    return Gathered(
        customers=customers,
        facts=facts,
        flow=flow_of(case, sender),
        sender=sender,
        last_purchase_on=columns["last_purchase_on"],
        duty_open=duty,
        hold=hold,
        requests=requests,
    )


def sender_of(case: Case) -> SenderFacts:
    """What is true of the company itself."""
    fixed = case.interview
    return SenderFacts(
        structures=frozenset(Structure(name) for name in fixed["structures"]),
        ends_business=fixed["ends_business"],
        goes_on=fixed["legal_person"] != "ends",
    )


def flow_of(case: Case, sender: SenderFacts) -> FlowFacts | None:
    """What is true of the case's main flow; None where nothing is handed over to anybody who decides."""
    flow = main_flow(case)
    if flow is None:
        return None
    recipient = parties.recipient(case.recipient)
    return FlowFacts(
        role=FlowRole(flow["role"]),
        sender=sender,
        recipient=recipient.id,
        needed=frozenset(flow["categories"]),
        recipient_identified=True,
        recipient_restricted=False,
        key_matches=transfer.key_matches_contract(case.id, recipient.id),
        abroad=flow["abroad"],
        child_rules=case.statements.filter(kind="child_rules").exists(),
        told_elements=frozenset(notices.told_elements(case.id)) & NOTICE_ELEMENTS,
        agreement_on_record=parties.has_complete_agreement(recipient.id),
    )


def main_flow(case: Case) -> Mapping[str, Any] | None:
    """The flow to the case's recipient, as the interview fixed it."""
    return next((flow for flow in case.interview["flows"] if flow["recipient"] == case.recipient), None)


def remains_of(case: Case, gathered: Gathered, *, handed_over: np.ndarray, settled: np.ndarray) -> Remains:
    """What table B reads, after table A has decided which cells went and the other side has settled or not."""
    moved = np.full(handed_over.shape, Moved.NOT_MOVED, np.uint8)
    moved[handed_over & ~settled] = Moved.UNSETTLED
    moved[handed_over & settled] = Moved.SETTLED
    return Remains.of(
        len(gathered.customers),
        CATEGORIES,
        holding=gathered.facts.holding,
        moved=moved,
        hold=gathered.hold,
        requests=gathered.requests,
        duty_open=gathered.duty_open,
        running=_running(case, gathered, handed_over),
        purpose=_purposes(case, gathered),
    )


def _purposes(case: Case, gathered: Gathered) -> np.ndarray:
    """Whether a person's purposes live: ended with the business, or after the years without a purchase (PIPL 19, 47).

    Somebody without any dated purchase is not counted as inactive: no period can be said to have run.
    """
    shape = gathered.facts.holding.shape
    if gathered.sender.ends_business:
        return np.full(shape, PurposeState.ENDED, np.uint8)
    years = case.interview["facts"]["inactive_after_years"]
    alive = np.full(shape, PurposeState.ALIVE, np.uint8)
    if years:
        over = retention.lapsed(gathered.last_purchase_on, years=years, on=day_in_china(case.closing_at))
        alive[over] = PurposeState.ENDED
    return alive


def _running(case: Case, gathered: Gathered, handed_over: np.ndarray) -> np.ndarray:
    """Purchases: the tax class from the newest order. Evidence of a hand-over: three years from the closing day."""
    closing = day_in_china(case.closing_at)
    running = np.zeros(handed_over.shape, np.uint8)
    purchase, evidence = CATEGORIES.index("purchase"), CATEGORIES.index("evidence")
    running[:, purchase] = retention.running(PURCHASE_CLASS, gathered.last_purchase_on, on=closing)
    proven = handed_over.any(axis=1) | _marked(gathered.customers, disposal.provided_customers())
    provided = np.where(proven, np.datetime64(closing), np.datetime64("NaT")).astype("datetime64[D]")
    running[:, evidence] = retention.running(EVIDENCE_CLASS, provided, on=closing)
    return running


def _stack() -> Mapping[str, np.ndarray]:
    chunks = [vars(chunk) for chunk in inventory.facts()]
    if not chunks:
        return {name: np.zeros(0, kind) for name, kind in _EMPTY.items()}
    return {name: np.concatenate([chunk[name] for chunk in chunks]) for name in chunks[0]}


_EMPTY: dict[str, Any] = {
    "customer": np.int64,
    "person_kind": np.uint8,
    "age_band": np.uint8,
    "dead": bool,
    "prepaid": bool,
    "keys_held": bool,
    "has_free_text": bool,
    "last_purchase_on": "datetime64[D]",
    "categories": np.int32,
}


def _holding(columns: Mapping[str, np.ndarray]) -> np.ndarray:
    """What is held: by the inventory's masks; evidence, which other rooms seal too, by what the vault holds."""
    known = terms.categories()
    held = {name: (columns["categories"] >> known[name].compartment & 1).astype(bool) for name in known}
    held[FREE_TEXT] = columns["has_free_text"]
    held["evidence"] = _marked(columns["customer"], inventory.holding("evidence"))
    return np.where(
        np.stack([held[name] for name in CATEGORIES], axis=1), np.uint8(Holding.LIVE), np.uint8(Holding.NONE)
    )


def _answers(case: Case, customers: np.ndarray, at: datetime) -> dict[str, np.ndarray]:
    """The standing answers, spread over the categories they name; sensitive information only where agreed apart."""
    found, known = consent.answers(case.id, at), terms.categories()
    place = {name: _placed(customers, found.customer, getattr(found, name)) for name in _ANSWER_COLUMNS}
    bits = np.array([1 << known[name.partition(":")[0]].compartment for name in CATEGORIES], np.int32)
    named = (place["categories_mask"][:, None] & bits[None, :]) != 0
    code = place["answer"].astype(np.uint8)[:, None]
    agreed = code == Answer.AGREE
    separately = _wide(place["sensitive"].astype(bool), len(CATEGORIES))
    return {
        "answer": np.where(agreed & ~named & ~separately, np.uint8(0), np.broadcast_to(code, named.shape)),
        "defects": np.broadcast_to(place["defect"].astype(np.uint16)[:, None], named.shape),
        "guardian": place["guardian"].astype(bool),
        "told_necessity": np.broadcast_to(agreed, named.shape) & notices.told_necessity(case.id),
        "separately": separately,
    }


_ANSWER_COLUMNS = ("answer", "categories_mask", "sensitive", "guardian", "defect")


def _request_columns(case: Case, at: datetime) -> tuple[np.ndarray, np.ndarray]:
    found = rights.open_by_customer(case.id, at)
    return found.customer, found.requests


def _objecting(case: Case, at: datetime) -> np.ndarray:
    return np.union1d(rights.objecting(case.id, at), relations.objecting(case.id, at))


def _notice_columns(case: Case, at: datetime) -> tuple[np.ndarray, np.ndarray]:
    found = notices.states(case.id, at)
    return found.customer, found.notice


def _placed(customers: np.ndarray, some: np.ndarray, values: np.ndarray, dtype: Any = None) -> np.ndarray:
    """`values` of `some` customers at their places among all; zero for the others."""
    column = np.zeros(len(customers), dtype or values.dtype)
    at = np.searchsorted(customers, some)
    inside = at < len(customers)
    inside[inside] = customers[at[inside]] == some[inside]
    column[at[inside]] = values[inside]
    return column


def _marked(customers: np.ndarray, some: np.ndarray) -> np.ndarray:
    return np.isin(customers, some)


def _wide(column: np.ndarray, width: int) -> np.ndarray:
    return np.repeat(column[:, None], width, axis=1)
