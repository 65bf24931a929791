"""From the customer's form to one call down: an answer, a request, a wish to be called, a complaint.

Rules:
- What is recorded says that the holder of the link answered, which text was shown, and which boxes were ticked.
- A wish to be called never takes back an answer that stands: the call is noted, the yes or no stays.
- An agreement names its kinds; the sensitive kinds only where their own box was ticked; a child's guardian by name.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from django.db import transaction

from shouxin.duties.consent import services as consent
from shouxin.duties.relations import services as relations
from shouxin.duties.rights import services as rights
from shouxin.faces.web.holders import Holder, Opening
from shouxin.ground.kernel.canonical import encode
from shouxin.ground.kernel.times import to_text
from shouxin.ground.rulebook.terms import fields

PAGE_EDITION = "customer-page-1"
CORRECTABLE = ("name", "phone", "address", "email", "service_address", "birth_date", "other")
RELATIONS = ("father", "mother", "other_guardian")
LONGEST_TEXT, LONGEST_NAME = 500, 60
_DECIDED = ("agree", "refuse", "withdraw")


class UnclearError(Exception):
    """The form does not say enough to be taken; `code` names what to say to the customer."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


@dataclass(frozen=True)
class Said:
    """One filled form: its fields, each with its values, what was shown, and from what kind of thing it came."""

    form: Mapping[str, list[str]] = field(repr=False)
    opening: Opening
    agent: str

    def one(self, name: str) -> str:
        """The last value of a field, without blanks around it."""
        values = self.form.get(name) or [""]
        return values[-1].strip()

    def ticked(self, name: str) -> bool:
        """Whether a box was ticked."""
        return bool(self.one(name))


def take(holder: Holder, said: Said) -> None:
    """Record what the holder of the link said.

    Raises:
        UnclearError: something is missing; Refusal: the services' own.
    """
    act = ACTS.get(said.one("answer"))
    if act is None:
        raise UnclearError("no_answer")
    with transaction.atomic():
        act(holder, said)


def _agree(holder: Holder, said: Said) -> None:
    offered = {kind.category for kind in holder.ordinary}
    named = set(said.form.get("kinds", []))
    chosen = offered if "all" in named else named & offered
    if not chosen:
        raise UnclearError("no_kinds")
    sensitive = said.ticked("sensitive") and holder.sensitive is not None
    guardian = _guardian(said) if holder.child else {}
    told = {"kinds": sorted(chosen), "sensitive": sensitive, **guardian}
    _record(
        holder,
        said,
        "agree",
        told,
        categories=chosen | ({"sensitive"} if sensitive else set()),
        sensitive_agreed=sensitive,
        guardian=bool(guardian),
    )


def _guardian(said: Said) -> dict[str, str]:
    """Who answers for a child under fourteen (PIPL 31): a ticked box, a name, the relation."""
    name, relation = said.one("guardian_name"), said.one("guardian_relation")
    if not said.ticked("guardian") or not name or relation not in RELATIONS:
        raise UnclearError("no_guardian")
    return {"guardian_name": name[:LONGEST_NAME], "guardian_relation": relation}


def _refuse(holder: Holder, said: Said) -> None:
    _record(holder, said, "refuse", {})


def _withdraw(holder: Holder, said: Said) -> None:
    _record(holder, said, "withdraw", {})


def _call_me(holder: Holder, said: Said) -> None:
    standing = holder.standing
    if standing is None or standing.answer not in _DECIDED:
        _record(holder, said, "call_me", {})
    _wish(holder, said, relations.take_in, "call_back", {})


def _record(
    holder: Holder,
    said: Said,
    answer: str,
    told: Mapping[str, Any],
    *,
    categories: set[str] | frozenset[str] = frozenset(),
    sensitive_agreed: bool = False,
    guardian: bool = False,
) -> None:
    consent.record(
        case=holder.case,
        customer=holder.customer,
        recipient=holder.window.recipient,
        text_digest=said.opening.text_digest,
        answer=answer,
        categories=categories,
        sensitive_agreed=sensitive_agreed,
        guardian=guardian,
        route="page",
        proof=_proof(holder, said, {"answer": answer, **told}),
        recorded_by="customer",
        at=holder.at,
    )


def _correct(holder: Holder, said: Said) -> None:
    name, text = said.one("field"), said.one("text")
    if name != "other" and name not in fields():
        raise UnclearError("no_field")
    if not text:
        raise UnclearError("no_text")
    _wish(holder, said, rights.take_in, "correct", {"field": name, "text": text[:LONGEST_TEXT]})


def _copy(holder: Holder, said: Said) -> None:
    _wish(holder, said, rights.take_in, "copy", {})


def _delete(holder: Holder, said: Said) -> None:
    _wish(holder, said, rights.take_in, "delete", {})


def _complain(holder: Holder, said: Said) -> None:
    text = said.one("text")
    if not text:
        raise UnclearError("no_text")
    _wish(holder, said, relations.take_in, "complaint", {"text": text[:LONGEST_TEXT]})


def _wish(holder: Holder, said: Said, take_in: Callable[..., Any], kind: str, told: Mapping[str, Any]) -> None:
    take_in(
        customer=holder.customer,
        case=holder.case,
        kind=kind,
        route="page",
        by="customer",
        at=holder.at,
        wish=_proof(holder, said, {"wish": kind, **told}),
    )


def _proof(holder: Holder, said: Said, told: Mapping[str, Any]) -> bytes:
    """The canonical bytes of what was shown and what was said. No address, no browser's full name."""
    return encode(
        {
            "by": "the holder of the link answered",
            "page": PAGE_EDITION,
            "text": said.opening.text_digest,
            "language": said.opening.language,
            "opened_at": said.opening.opened_at,
            "answered_at": to_text(holder.at),
            "agent": said.agent,
            "said": dict(told),
        }
    )


ACTS: Mapping[str, Callable[[Holder, Said], None]] = {
    "agree": _agree,
    "refuse": _refuse,
    "withdraw": _withdraw,
    "call_me": _call_me,
    "correct": _correct,
    "copy": _copy,
    "delete": _delete,
    "complain": _complain,
}
