"""Tables A and B, row by row, in the order in which they are tried. The first row whose condition holds decides.

A row names the facts it reads and has one judge: from facts to a list of (mask, outcome), tried in order. A mask is a
plain bool, one column (n × 1), or the whole (n × k). Rows that this edition leaves to a person stand in the table too,
with `decided=False`; what they would catch ends as STOP with `gates.not_decided_here`. An announcement never counts as
consent: no row from A23 on reads `ANNOUNCED` as told.
"""

# ruff: noqa: ARG001 - every judge of a table takes the same facts, whether or not its row reads them

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from shouxin.ground.rulebook.bases import NOTICE_ELEMENTS, Basis
from shouxin.ground.rulebook.gates.codes import (
    Age,
    Answer,
    FlowRole,
    Holding,
    Moved,
    Notice,
    PersonKind,
    PurposeState,
    Request,
    Several,
    Structure,
)
from shouxin.ground.rulebook.gates.facts import Facts, Flags, FlowFacts, Remains, SenderFacts
from shouxin.ground.rulebook.gates.outcomes import Outcome
from shouxin.ground.rulebook.retention import Running

Mask = Any
Cases = Sequence[tuple[Mask, Outcome]]

DECIDED_STRUCTURES = frozenset({Structure.ASSET_SALE})
_CARRIERS = (FlowRole.PROCESSOR, FlowRole.CUSTODIAN)


@dataclass(frozen=True)
class Row:
    """One row of table A: its number, the condition in both languages, what it reads, and its judge."""

    number: int
    zh: str
    en: str
    judge: Callable[[Facts, FlowFacts], Cases]
    reads: tuple[str, ...] = ()
    reads_flow: tuple[str, ...] = ()
    decided: bool = True

    @property
    def id(self) -> str:
        """How people name this row."""
        return f"A{self.number:02d}"


@dataclass(frozen=True)
class EndRow:
    """One row of table B."""

    number: int
    zh: str
    en: str
    judge: Callable[[Remains, SenderFacts, bool], Cases]
    reads: tuple[str, ...] = ()
    reads_sender: tuple[str, ...] = ()
    decided: bool = True

    @property
    def id(self) -> str:
        """How people name this row."""
        return f"B{self.number:02d}"


# --- what several rows ask ------------------------------------------------------------------------------------------


def is_decided_here(structures: frozenset[Structure]) -> bool:
    """Whether this edition decides the structure of the change; a case without any named structure is not."""
    return bool(structures) and structures <= DECIDED_STRUCTURES


def _columns(facts: Facts, chosen: frozenset[str]) -> Flags:
    """Which columns are of the chosen categories; a part of a category (`behaviour:free_text`) is named with it."""
    return np.array([[name in chosen or name.partition(":")[0] in chosen for name in facts.categories]])


def _rests_on_consent(facts: Facts, flow: FlowFacts) -> Flags:
    """Whether the flow, or the purpose it serves, rests on consent; an unrecorded basis counts as consent."""
    purpose: Flags = facts.purpose_basis <= Basis.CONSENT
    if flow.role is not FlowRole.OTHER_HANDLER:
        return purpose
    return purpose | ~_columns(facts, flow.opinion)


def _under_14(facts: Facts) -> Flags:
    child: Flags = (facts.age == Age.UNDER_14)[:, None]
    return child | ((facts.age == Age.UNKNOWN)[:, None] & facts.child_suggested)


def _is_sensitive(facts: Facts) -> Flags:
    """Sensitive by kind, or because all information of someone under fourteen is (PIPL 28)."""
    return facts.sensitive | _under_14(facts)


# --- table A --------------------------------------------------------------------------------------------------------


def _a01(facts: Facts, flow: FlowFacts) -> Cases:
    return [
        (facts.holding == Holding.NONE, Outcome.NOTHING_HELD),
        (facts.holding != Holding.LIVE, Outcome.A01_GONE),
    ]


def _a02(facts: Facts, flow: FlowFacts) -> Cases:
    return [
        (flow.recipient_restricted, Outcome.A02_RESTRICTED),
        (not flow.recipient_identified, Outcome.A02_NOT_IDENTIFIED),
        (not flow.key_matches, Outcome.A02_KEY_MISMATCH),
    ]


def _a03(facts: Facts, flow: FlowFacts) -> Cases:
    return [(flow.foreign_request_unapproved, Outcome.A03_FOREIGN_REQUEST)]


def _a04(facts: Facts, flow: FlowFacts) -> Cases:
    return [(~_columns(facts, flow.needed), Outcome.A04_SURPLUS)]


def _a05(facts: Facts, flow: FlowFacts) -> Cases:
    return [(flow.abroad and not flow.abroad_route_fixed, Outcome.A05_NO_ROUTE)]


def _a06(facts: Facts, flow: FlowFacts) -> Cases:
    if flow.role in _CARRIERS or flow.sender.ends_by_merger:
        return []
    return [(facts.hold, Outcome.A06_HOLD)]


def _a07(facts: Facts, flow: FlowFacts) -> Cases:
    if flow.role in _CARRIERS or flow.sender.ends_by_merger:
        return []
    answered_by_flow = Request.MOVE if flow.role is FlowRole.SUBJECT_DIRECTED else 0
    still_open = facts.requests & np.uint8(255 - int(answered_by_flow))
    return [((still_open & np.uint8(Request.DELETE)) != 0, Outcome.A07_DELETE), (still_open != 0, Outcome.A07_REQUEST)]


def _a08(facts: Facts, flow: FlowFacts) -> Cases:
    if flow.role in _CARRIERS:
        return []
    on_consent = _rests_on_consent(facts, flow)
    withdrew = (facts.answer == Answer.WITHDRAW) | facts.purpose_withdrawn
    return [
        (on_consent & (facts.answer == Answer.REFUSE), Outcome.A08_REFUSED),
        (on_consent & withdrew, Outcome.A08_WITHDREW),
    ]


def _a09(facts: Facts, flow: FlowFacts) -> Cases:
    if flow.role in (*_CARRIERS, FlowRole.SUCCESSOR):
        return []
    dead = facts.dead & ~facts.lifetime_consent
    return [
        ((dead & facts.relatives_request)[:, None], Outcome.A09_RELATIVES),
        (dead[:, None], Outcome.A09_DEAD),
    ]


def _a10(facts: Facts, flow: FlowFacts) -> Cases:
    """Unread content only; what was read and not split is judged when every person in it is (`decide`)."""
    if flow.role in _CARRIERS or flow.sender.ends_by_merger:
        return []
    return [(facts.several == Several.UNREAD, Outcome.A10_UNREAD)]


def _a11(facts: Facts, flow: FlowFacts) -> Cases:
    if flow.role in _CARRIERS:
        return []
    child = _under_14(facts)
    return [
        (child & (not flow.child_rules), Outcome.A11_NO_CHILD_RULES),
        (child & ~facts.guardian_agreed[:, None], Outcome.A11_GUARDIAN),
    ]


def _a12(facts: Facts, flow: FlowFacts) -> Cases:
    if flow.role in _CARRIERS:
        return []
    limited = (facts.age == Age.MINOR) | facts.lacks_capacity
    unfit = limited & ~facts.own_consent_suits & ~facts.representative_agreed
    return [(unfit[:, None] & _rests_on_consent(facts, flow), Outcome.A12_REPRESENTATIVE)]


def _a13(facts: Facts, flow: FlowFacts) -> Cases:
    if not flow.abroad:
        return []
    unasked = ~facts.abroad_agreed & (not flow.abroad_consent_waived)
    return [(~facts.abroad_told[:, None], Outcome.A13_TELL), (unasked, Outcome.A13_ASK)]


def _a14(facts: Facts, flow: FlowFacts) -> Cases:
    if flow.role is not FlowRole.PROCESSOR or not is_decided_here(flow.sender.structures):
        return []
    on_record = flow.agreement_on_record and flow.supervision_on_record
    return [(on_record, Outcome.A14_HAND_OVER), (not on_record, Outcome.A14_NO_AGREEMENT)]


def _a15(facts: Facts, flow: FlowFacts) -> Cases:
    if flow.role is not FlowRole.CUSTODIAN or not is_decided_here(flow.sender.structures):
        return []
    told = (facts.notice == Notice.REACHED) | (facts.notice == Notice.ANNOUNCED)
    named = {"recipient_name", "recipient_contact"} <= flow.told_elements and flow.waiting_over
    return [
        (not flow.undertaking, Outcome.A15_NO_UNDERTAKING),
        (~(told & named)[:, None], Outcome.A15_TELL),
        (True, Outcome.A15_HAND_OVER),
    ]


def _a16(facts: Facts, flow: FlowFacts) -> Cases:
    return [(flow.role is FlowRole.SUBJECT_DIRECTED, Outcome.A16_NOT_HERE)]


def _successor(facts: Facts, flow: FlowFacts) -> Cases:
    return [(flow.role is FlowRole.SUCCESSOR, Outcome.A17_NOT_HERE)]


def _is_other_handler(flow: FlowFacts) -> bool:
    return flow.role is FlowRole.OTHER_HANDLER and is_decided_here(flow.sender.structures)


def _a23(facts: Facts, flow: FlowFacts) -> Cases:
    if not _is_other_handler(flow):
        return []
    other_basis = _columns(facts, flow.opinion)
    reached = ((facts.notice == Notice.REACHED) & (flow.told_elements >= NOTICE_ELEMENTS))[:, None]
    told = reached & (~_is_sensitive(facts) | facts.necessity_told)
    refused = (facts.answer == Answer.REFUSE) | (facts.answer == Answer.WITHDRAW)
    return [
        (facts.objected | refused, Outcome.A23_OBJECTED),
        (other_basis & told, Outcome.A23_HAND_OVER),
        (other_basis & ~told, Outcome.A23_TELL),
    ]


def _a24(facts: Facts, flow: FlowFacts) -> Cases:
    return [(facts.answer != Answer.AGREE, Outcome.A24_ASK)] if _is_other_handler(flow) else []


def _a25(facts: Facts, flow: FlowFacts) -> Cases:
    return [(facts.defects != 0, Outcome.A25_ASK)] if _is_other_handler(flow) else []


def _a26(facts: Facts, flow: FlowFacts) -> Cases:
    if not _is_other_handler(flow):
        return []
    sensitive = _is_sensitive(facts)
    return [
        (sensitive & ~facts.necessity_told, Outcome.A26_NOT_TOLD),
        (sensitive & ~facts.separately_agreed, Outcome.A26_NOT_SEPARATE),
    ]


def _a27(facts: Facts, flow: FlowFacts) -> Cases:
    return [(facts.answer == Answer.AGREE, Outcome.A27_HAND_OVER)] if _is_other_handler(flow) else []


def _a99(facts: Facts, flow: FlowFacts) -> Cases:
    return [(not is_decided_here(flow.sender.structures), Outcome.A99_NOT_HERE), (True, Outcome.A99_NO_ROW)]


_CONSENT_READS = ("purpose_basis",)
_SENSITIVE_READS = ("sensitive", "age", "child_suggested")

TABLE_A: tuple[Row, ...] = (
    Row(1, "已销毁或者没有这一标识", "already destroyed, or token unknown", _a01, ("holding",)),
    Row(
        2,
        "接收方受限制、身份未核实，或者密钥与合同不一致",
        "recipient restricted, not identified, or its key is not the contract's",
        _a02,
        reads_flow=("recipient_restricted", "recipient_identified", "key_matches"),
    ),
    Row(
        3,
        "境外司法、执法机构的请求未经批准",
        "foreign court or law-enforcement request without approval",
        _a03,
        reads_flow=("foreign_request_unapproved",),
    ),
    Row(4, "约定目的不需要这一类", "not needed for the flow's stated purposes", _a04, reads_flow=("needed",)),
    Row(5, "向境外提供而条件未定", "abroad, and no route fixed", _a05, reads_flow=("abroad", "abroad_route_fixed")),
    Row(
        6,
        "保全、调查或者争议",
        "hold, investigation or dispute",
        _a06,
        ("hold",),
        ("role", "sender"),
    ),
    Row(7, "有未答复的权利请求", "open request", _a07, ("requests",), ("role", "sender")),
    Row(
        8,
        "以同意为基础，而本人不同意或者已撤回",
        "rests on consent, and the person refused or withdrew",
        _a08,
        (*_CONSENT_READS, "answer", "purpose_withdrawn"),
        ("role", "opinion"),
    ),
    Row(9, "已去世", "dead", _a09, ("dead", "lifetime_consent", "relatives_request"), ("role",)),
    Row(
        10,
        "一条记录涉及多人，未拆分或者遮盖",
        "several people in one item, not split or redacted",
        _a10,
        ("several",),
        ("role", "sender"),
    ),
    Row(
        11,
        "不满十四周岁，或者年龄不明而信息显示可能是儿童",
        "under 14, or age unknown where the category suggests a child",
        _a11,
        ("age", "child_suggested", "guardian_agreed"),
        ("role", "child_rules"),
    ),
    Row(
        12,
        "十四至十七周岁或者无完全行为能力，本人同意与其年龄、智力不相适应",
        "14–17 or without full capacity, and own consent not suited",
        _a12,
        (*_CONSENT_READS, "age", "lacks_capacity", "own_consent_suits", "representative_agreed"),
        ("role", "opinion"),
    ),
    Row(
        13,
        "向境外提供：未告知六项内容，或者没有单独同意",
        "abroad: six elements not told, or separate consent missing",
        _a13,
        ("abroad_told", "abroad_agreed"),
        ("abroad", "abroad_consent_waived"),
    ),
    Row(
        14,
        "受托人",
        "processor",
        _a14,
        reads_flow=("role", "sender", "agreement_on_record", "supervision_on_record"),
    ),
    Row(
        15,
        "保管人",
        "custodian",
        _a15,
        ("notice",),
        ("role", "sender", "undertaking", "told_elements", "waiting_over"),
    ),
    Row(16, "本人指定的接收方", "directed by the person", _a16, reads_flow=("role",), decided=False),
    Row(17, "承继：目的或者方式变更", "successor: purpose or method changes", _successor, (), ("role",), False),
    Row(
        18, "承继：敏感信息未曾单独同意", "successor: sensitive, no separate consent", _successor, (), ("role",), False
    ),
    Row(19, "承继：未告知接收方", "successor: recipient not told", _successor, (), ("role",), False),
    Row(20, "承继：小型处理者公告未满期", "successor: small handler's days not run", _successor, (), ("role",), False),
    Row(21, "承继：本人反对", "successor: objected", _successor, (), ("role",), False),
    Row(22, "承继：全部满足", "successor: all clear", _successor, (), ("role",), False),
    Row(
        23,
        "已拒绝或者反对；或者有同意以外的依据并有签署的法律意见",
        "objected or refused; or another basis claimed with a signed opinion",
        _a23,
        ("objected", "answer", "notice", "necessity_told", *_SENSITIVE_READS),
        ("role", "sender", "opinion", "told_elements"),
    ),
    Row(24, "没有就本次移交的同意", "no consent on record for this flow", _a24, ("answer",), ("role", "sender")),
    Row(
        25,
        "有同意但不相符或者有瑕疵",
        "a consent on record, but not matching or defective",
        _a25,
        ("defects",),
        ("role", "sender"),
    ),
    Row(
        26,
        "敏感信息：未告知必要性和影响，或者没有单独同意",
        "sensitive: necessity and impact not told, or not separately agreed",
        _a26,
        ("necessity_told", "separately_agreed", *_SENSITIVE_READS),
        ("role", "sender"),
    ),
    Row(27, "全部满足", "all clear", _a27, ("answer",), ("role", "sender")),
    Row(99, "没有适合的规则", "no row fits", _a99, reads_flow=("sender",)),
)


# --- table B --------------------------------------------------------------------------------------------------------


def _is_alive(remains: Remains, sender: SenderFacts, at_cut_off: bool) -> Flags:
    if sender.ends_business and at_cut_off:
        return np.zeros(remains.purpose.shape, dtype=np.bool_)
    return remains.purpose == PurposeState.ALIVE


def _has_ended(remains: Remains, sender: SenderFacts, at_cut_off: bool) -> Flags:
    if sender.ends_business and at_cut_off:
        return np.ones(remains.purpose.shape, dtype=np.bool_)
    return remains.purpose == PurposeState.ENDED


def _b00(remains: Remains, sender: SenderFacts, at_cut_off: bool) -> Cases:
    return [(remains.holding != Holding.LIVE, Outcome.NOTHING_HELD)]


def _b01(remains: Remains, sender: SenderFacts, at_cut_off: bool) -> Cases:
    unsettled = remains.moved == Moved.UNSETTLED
    goes_on = _is_alive(remains, sender, at_cut_off) & sender.goes_on
    return [(unsettled & goes_on, Outcome.B01_KEEP), (unsettled, Outcome.B01_SEAL)]


def _b03(remains: Remains, sender: SenderFacts, at_cut_off: bool) -> Cases:
    return [(remains.duty_open, Outcome.B03_KEEP)]


def _b04(remains: Remains, sender: SenderFacts, at_cut_off: bool) -> Cases:
    return [(remains.hold, Outcome.B04_HOLD), (remains.requests != 0, Outcome.B04_REQUEST)]


def _b05(remains: Remains, sender: SenderFacts, at_cut_off: bool) -> Cases:
    """Routes only: ended purposes go on to B07; the structure of the change must be one that is decided here."""
    return [(not is_decided_here(sender.structures), Outcome.B99_NOT_HERE)]


def _b06(remains: Remains, sender: SenderFacts, at_cut_off: bool) -> Cases:
    alive = _is_alive(remains, sender, at_cut_off)
    return [(alive & sender.goes_on, Outcome.B06_KEEP), (alive, Outcome.B99_NOT_HERE)]


def _b07(remains: Remains, sender: SenderFacts, at_cut_off: bool) -> Cases:
    ended = _has_ended(remains, sender, at_cut_off)
    return [
        (ended & (remains.running == Running.RUNS), Outcome.B07_SEAL),
        (ended & (remains.running != Running.NONE), Outcome.B07_SEAL_UNVERIFIED),
    ]


def _b08(remains: Remains, sender: SenderFacts, at_cut_off: bool) -> Cases:
    return [(_has_ended(remains, sender, at_cut_off) & remains.hard_to_delete, Outcome.B08_SEAL)]


def _b09(remains: Remains, sender: SenderFacts, at_cut_off: bool) -> Cases:
    return [(remains.archive_named, Outcome.B09_NOT_HERE)]


def _b10(remains: Remains, sender: SenderFacts, at_cut_off: bool) -> Cases:
    return [(sender.statistics_release, Outcome.B10_NOT_HERE)]


def _b11(remains: Remains, sender: SenderFacts, at_cut_off: bool) -> Cases:
    return [(_has_ended(remains, sender, at_cut_off), Outcome.B11_DESTROY)]


def _b99(remains: Remains, sender: SenderFacts, at_cut_off: bool) -> Cases:
    return [(True, Outcome.B99_NO_ROW)]


_PURPOSE_READS = ("ends_business",)

TABLE_B: tuple[EndRow, ...] = (
    EndRow(0, "没有保存", "nothing held", _b00, ("holding",)),
    EndRow(
        1,
        "已移交，接收方未结清",
        "moved but not settled by the receiver",
        _b01,
        ("moved", "purpose"),
        ("goes_on", *_PURPOSE_READS),
    ),
    EndRow(3, "还有未了的义务", "a duty not yet wound up", _b03, ("duty_open",)),
    EndRow(4, "保全、争议或者未答复的请求", "hold, dispute or open request", _b04, ("hold", "requests")),
    EndRow(5, "目的均已终止（转 B07）", "every purpose ended (go to B07)", _b05, (), ("structures",)),
    EndRow(
        6,
        "提供方存续且目的仍在",
        "handler goes on and the purpose is alive",
        _b06,
        ("purpose",),
        ("goes_on", *_PURPOSE_READS),
    ),
    EndRow(7, "法定保存期限未满", "a statutory period runs", _b07, ("running", "purpose"), _PURPOSE_READS),
    EndRow(
        8,
        "目前技术上难以删除",
        "deletion technically hard now",
        _b08,
        ("hard_to_delete", "purpose"),
        _PURPOSE_READS,
    ),
    EndRow(9, "法律、行政法规要求归档", "a law asks for an archive", _b09, ("archive_named",), decided=False),
    EndRow(10, "作为统计有价值", "worth keeping as statistics", _b10, (), ("statistics_release",), False),
    EndRow(11, "其他", "otherwise", _b11, ("purpose",), _PURPOSE_READS),
    EndRow(99, "没有适合的规则", "no row fits", _b99),
)

CONTACT = PersonKind.CONTACT_OF_ORGANISATION
