"""Who may open which kinds of information for which purpose (PIPL 51(4): authority set by operation, not by rank).

One table, written by hand: role × purpose → categories. What is not in it is refused. A `Grant` is a value that the
vault asks for; it names who, as what, for what, which categories, until when, and `parties` leaves an entry for each.
Having a right to decide is not a right to look: owners and auditors open nothing in bulk.

A second table says who may act on a case. Who leads it decides, permits and closes; a second signer only adds a
signature to what one of them asks; a clerk collects and takes answers, opens a case and asks for a waiver, no more.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType

from shouxin.ground.kernel.refusals import Refusal
from shouxin.ground.kernel.times import check_instant

ROLES = ("owner", "privacy_officer", "clerk", "second_signer", "auditor", "system", "customer")
PURPOSES = ("collect", "notify", "answer", "hand_over", "dispose", "drill", "reveal", "rights")

_CONTACT = frozenset({"basic"})
_SERVED = frozenset({"basic", "purchase", "need", "behaviour"})
_ALL_HELD = _SERVED | {"sensitive"}
_EVERYTHING = _ALL_HELD | {"evidence", "retained"}
_ANSWERING = frozenset({"basic", "evidence"})

TABLE: Mapping[tuple[str, str], frozenset[str]] = MappingProxyType(
    {
        # The system works through jobs that a person began; it never reveals.
        ("system", "collect"): _ALL_HELD,
        ("system", "notify"): _CONTACT,
        ("system", "answer"): _ANSWERING,
        ("system", "hand_over"): _ALL_HELD,
        ("system", "dispose"): _EVERYTHING,
        ("system", "drill"): _EVERYTHING,
        ("system", "rights"): _EVERYTHING,
        # A clerk collects, tells, takes answers; sees who the person is, nothing sensitive.
        ("clerk", "collect"): _ALL_HELD,
        ("clerk", "notify"): _CONTACT,
        ("clerk", "answer"): _ANSWERING,
        ("clerk", "reveal"): _CONTACT,
        # The privacy officer carries the case and answers rights requests.
        ("privacy_officer", "collect"): _ALL_HELD,
        ("privacy_officer", "notify"): _CONTACT,
        ("privacy_officer", "answer"): _ANSWERING,
        ("privacy_officer", "hand_over"): _ALL_HELD,
        ("privacy_officer", "dispose"): _EVERYTHING,
        ("privacy_officer", "drill"): _EVERYTHING,
        ("privacy_officer", "reveal"): _EVERYTHING,
        ("privacy_officer", "rights"): _EVERYTHING,
        # In a shop of one the owner is clerk too; sensitive information only to answer the person's own request.
        ("owner", "collect"): _ALL_HELD,
        ("owner", "notify"): _CONTACT,
        ("owner", "answer"): _ANSWERING,
        ("owner", "hand_over"): _ALL_HELD,
        ("owner", "dispose"): _EVERYTHING,
        ("owner", "drill"): _EVERYTHING,
        ("owner", "reveal"): _SERVED,
        ("owner", "rights"): _EVERYTHING,
        # The second signer and the auditor judge from findings; a drill shows them a compared sample, no values.
        ("second_signer", "drill"): _CONTACT,
        ("auditor", "drill"): _CONTACT,
        # A person sees what is held about herself, after the second factor (PIPL 45).
        ("customer", "rights"): _EVERYTHING,
        ("customer", "answer"): _ANSWERING,
    }
)

LEADING = frozenset({"owner", "privacy_officer"})
_SIGNING = LEADING | {"second_signer"}

ACTS: Mapping[str, frozenset[str]] = MappingProxyType(
    {
        "open": LEADING | {"clerk"},
        "state": _SIGNING | {"clerk"},
        "decide": LEADING,
        "close_step": LEADING,
        "permit": LEADING,
        "close": LEADING,
        "ask_waiver": LEADING | {"clerk"},
        "waive": LEADING,
        # Beside somebody who leads: the second of two signatures, the approval of what the other asked for.
        "countersign": _SIGNING,
    }
)


@dataclass(frozen=True)
class Grant:
    """Leave to open some categories for one purpose until an instant; a value, worth nothing without its entry."""

    actor: str
    role: str
    purpose: str
    categories: frozenset[str]
    until: datetime

    def covers(self, *, purpose: str, categories: Collection[str], at: datetime) -> bool:
        """Whether this leave holds at an instant for a purpose and all of some categories."""
        in_time = check_instant(at) <= check_instant(self.until)
        return in_time and purpose == self.purpose and bool(categories) and set(categories) <= self.categories


def decide_access(role: str, purpose: str, categories: Collection[str]) -> frozenset[str]:
    """Return the same categories when this role may open all of them for this purpose.

    Raises:
        Refusal("access.unknown_role"), Refusal("access.unknown_purpose"): words that the table does not know.
        Refusal("access.nothing_asked"): no category was named.
        Refusal("access.not_for_this_role"): the role has no part in this purpose.
        Refusal("access.beyond"): some categories are beyond what the role may open for it; they are named.
    """
    if role not in ROLES:
        raise Refusal("access.unknown_role", role=role)
    if purpose not in PURPOSES:
        raise Refusal("access.unknown_purpose", purpose=purpose)
    asked = frozenset(categories)
    if not asked:
        raise Refusal("access.nothing_asked", role=role, purpose=purpose)
    allowed = TABLE.get((role, purpose))
    if allowed is None:
        raise Refusal("access.not_for_this_role", role=role, purpose=purpose)
    if asked - allowed:
        raise Refusal("access.beyond", role=role, purpose=purpose, categories=sorted(asked - allowed))
    return asked


def check_act(role: str, act: str) -> None:
    """Let those pass whose role may act so on a case.

    Raises:
        Refusal("access.unknown_role"), Refusal("access.unknown_act"): words that the table does not know.
        Refusal("access.act_not_for_this_role"): with the roles that may.
    """
    if role not in ROLES:
        raise Refusal("access.unknown_role", role=role)
    if act not in ACTS:
        raise Refusal("access.unknown_act", act=act)
    if role not in ACTS[act]:
        raise Refusal(
            "access.act_not_for_this_role", role=role, act=act, roles=[each for each in ROLES if each in ACTS[act]]
        )


def grant(*, actor: str, role: str, purpose: str, categories: Collection[str], until: datetime) -> Grant:
    """Return the leave that the table gives.

    Raises:
        Refusal("access.…"): as `decide_access`.
        Refusal("time.naive"): `until` has no time zone.
    """
    allowed = decide_access(role, purpose, categories)
    return Grant(actor=actor, role=role, purpose=purpose, categories=allowed, until=check_instant(until))
