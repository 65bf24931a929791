"""Seeing one customer: found by an exact key, shown masked, revealed for a reason. Each leaves an entry."""

import hmac
import re
from datetime import datetime
from typing import Any

import polars as pl

from shouxin.duties.inventory import queries
from shouxin.duties.inventory.rows import read_rows
from shouxin.ground.kernel.refusals import Refusal
from shouxin.ground.rulebook import access
from shouxin.ground.rulebook.access import Grant
from shouxin.ground.rulebook.masking import mask
from shouxin.ground.rulebook.quality import clean, person_keys
from shouxin.ground.rulebook.terms import fields
from shouxin.stores.parties import queries as people
from shouxin.stores.parties import services as parties
from shouxin.stores.vault import services as vault

PHONES = ("phone", "phone2", "guardian_phone")
_MOST_WORDS = 8
SHOWN = ("basic", "purchase", "need", "behaviour", "sensitive")


def find(*, text: str, by: str, reason: str, at: datetime) -> list[str]:
    """The handles of living customers under an exact key: e-mail, identity or customer number, or name and telephone.

    Raises:
        Refusal("access.…"): this person may not look.
    """
    parties.grant(by=by, purpose="reveal", categories={"basic"}, reason=reason, at=at)
    found = vault.look_up(entries=_keys_of(text))
    customers = list(dict.fromkeys(customer for hits in found for customer in hits))
    named = queries.handles(customers)
    return [named[customer] for customer in customers if customer in named]


def card(*, customer: int, by: str, reason: str, at: datetime, masked: bool) -> dict[str, Any]:
    """What is held about one customer, of the categories that this person may see; masked or (with a reason) as it is.

    Raises:
        Refusal("inventory.no_such_customer"), Refusal("inventory.reason"), Refusal("access.…").
    """
    facts = queries.card(customer)
    if not masked and len(reason.strip()) < 4:
        raise Refusal("inventory.reason", least=4)
    grant = parties.grant(by=by, purpose="reveal", categories=_seen_by(by), reason=reason, at=at)
    return {**_plain(facts), "values": values(customer=customer, grant=grant, reason=reason, at=at, masked=masked)}


def _seen_by(staff: str) -> frozenset[str]:
    """What the table lets this role see; for a role that sees nothing the leave itself is then refused."""
    role = people.staff_member(staff).role
    return access.TABLE.get((role, "reveal"), frozenset({"basic"})) & set(SHOWN)


def values(*, customer: int, grant: Grant, reason: str, at: datetime, masked: bool) -> list[dict[str, str]]:
    """Each value that is held: category, field, text (masked or not); one of each."""
    known = fields()
    shown: dict[tuple[str, str, str], None] = {}
    categories = [name for name in SHOWN if name in grant.categories]
    for opened in vault.open_for(grant=grant, customers=[customer], categories=categories, reason=reason, at=at):
        if opened.kind != "collected":
            continue
        for row in read_rows(opened.value):
            for name, text in row["f"].items():
                shown[(known[name].category, name, mask(name, text) if masked else text)] = None
    return [{"category": category, "field": name, "text": text} for category, name, text in shown]


def matches_phone_tail(*, customer: int, digits: str, at: datetime) -> bool:
    """Whether these are the last four digits of a telephone number that is held of this customer or the guardian.

    The second factor of the customer's page. Every number is compared in constant time, also after a match; the look
    leaves its entries whether it matched or not.

    Raises:
        Refusal("vault.destroyed" | "vault.no_such_customer").
    """
    grant = parties.grant(by="system", purpose="answer", categories={"basic"}, reason="second_factor", at=at)
    opened = vault.open_for(grant=grant, customers=[customer], categories={"basic"}, reason="second_factor", at=at)
    rows = [row["f"] for each in opened if each.kind == "collected" for row in read_rows(each.value)]
    held = [re.sub(r"\D", "", row.get(name, ""))[-4:] for row in rows for name in PHONES]
    matches = [len(tail) == 4 and hmac.compare_digest(tail.encode(), digits.encode()) for tail in held]
    return any(matches)


def _keys_of(text: str) -> list[tuple[str, str]]:
    """Every exact key that the text could be: names and telephones are written with blanks in them too, and a number
    may be a customer's in any of the numberings that sources have.
    """
    words = text.split()
    halves = [(" ".join(words[:cut]), " ".join(words[cut:])) for cut in range(1, min(len(words), _MOST_WORDS))]
    guesses: list[dict[str, str]] = [{"id_no": text}, {"email": text}]
    guesses += [{"name": name, "phone": phone} for pair in halves for name, phone in (pair, pair[::-1])]
    keys = dict.fromkeys(key for guess in guesses for key in _keys(guess))
    keys |= dict.fromkeys(key for system in queries.systems() for key in _keys({"customer_ref": text}, system=system))
    return list(keys)


def _keys(guess: dict[str, str], *, system: str = "") -> list[tuple[str, str]]:
    columns = {name: clean(name, pl.Series(name, [value])).values for name, value in guess.items()}
    return [(key.kind, key.values[0]) for key in person_keys(columns, system=system) if key.values[0]]


def _plain(facts: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in facts.items() if name != "customer"}
