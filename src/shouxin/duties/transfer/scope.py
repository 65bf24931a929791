"""Which cells a transfer moves, fixed when it was packed: customers as numbers, kinds as bits. No value stands here.

`behaviour:free_text` moves apart from the rest of behaviour; `basic:organisation` stands for an organisation whose
contact gave no answer: its own fields move, the contact's stay blank (gates, A24).
"""

import struct
import zlib
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from shouxin.ground.formats.roots import Column, TableShape
from shouxin.ground.kernel.refusals import Corrupt, Refusal
from shouxin.ground.rulebook import terms
from shouxin.ground.rulebook.gates import DecisionSet, Detail, Verdict

MOVABLE = ("basic", "purchase", "need", "behaviour", "sensitive")
FREE_TEXT, ORGANISATION = "behaviour:free_text", "basic:organisation"
CELLS = (*MOVABLE, FREE_TEXT, ORGANISATION)
BIT: Mapping[str, int] = {name: 1 << place for place, name in enumerate(CELLS)}
FREE_TEXT_FIELDS = frozenset({"note", "complaint"})
ORGANISATION_FIELDS = frozenset({"organisation", "uscc"})
CONSENT = "consent"
CONSENT_COLUMNS = ("answer", "text_digest", "given_at", "categories", "sensitive", "guardian")
PERSON = "person"
_HEAD = struct.Struct("<4sQ")
_MAGIC = b"SCP1"


@dataclass(frozen=True)
class Scope:
    """Customers in ascending order and, for each, the bits of `CELLS` that move."""

    customers: np.ndarray
    mask: np.ndarray

    def __len__(self) -> int:
        return len(self.customers)

    def of_table(self, table: str) -> np.ndarray:
        """The customers of whom a table may hold rows."""
        if table == CONSENT:
            return self.customers[(self.mask & ~np.uint8(BIT[ORGANISATION])) != 0]
        bits = sum(BIT[name] for name in CELLS if name.partition(":")[0] == table)
        return self.customers[(self.mask & np.uint8(bits)) != 0]

    def having(self, cell: str) -> np.ndarray:
        """The customers of whom one kind moves."""
        return self.customers[(self.mask & np.uint8(BIT[cell])) != 0]

    def mask_of(self, customers: np.ndarray) -> np.ndarray:
        """The bits of customers who are in the scope.

        Raises:
            Corrupt: one is not.
        """
        place = np.minimum(np.searchsorted(self.customers, customers), max(0, len(self) - 1))
        if len(customers) and not (len(self) and np.array_equal(self.customers[place], customers)):
            raise Corrupt("customer outside the scope", "transfer")
        return self.mask[place]

    def without(self, customers: Collection[int]) -> "Scope":
        """The same for whoever did not withdraw."""
        stays = ~np.isin(self.customers, np.fromiter(customers, np.int64, len(customers)))
        return Scope(self.customers[stays], self.mask[stays])

    def classes(self) -> list[str]:
        """The kinds of information that move, as an offer names them."""
        found = {name.partition(":")[0] for name in CELLS if len(self.having(name))}
        return sorted(found)

    def to_bytes(self) -> bytes:
        """For the transfer's row."""
        raw = self.customers.astype("<i8").tobytes() + self.mask.astype(np.uint8).tobytes()
        return _HEAD.pack(_MAGIC, len(self)) + zlib.compress(raw, 6)


def read_scope(raw: bytes) -> Scope:
    """The scope of these bytes; nobody of none.

    Raises:
        Corrupt: they are not a scope.
    """
    if not raw:
        return Scope(np.zeros(0, np.int64), np.zeros(0, np.uint8))
    magic, count = _HEAD.unpack_from(raw)
    body = zlib.decompress(raw[_HEAD.size :])
    if magic != _MAGIC or len(body) != 9 * count:
        raise Corrupt("scope of a refused form", "transfer")
    return Scope(np.frombuffer(body, "<i8", count).astype(np.int64), np.frombuffer(body, np.uint8, count, 8 * count))


def of_decision(decided: DecisionSet, *, refused: Collection[int], living: Collection[int]) -> Scope:
    """What a final decision lets go: cells decided HAND_OVER, of the living, of nobody who said no meanwhile.

    Raises:
        Refusal("transfer.open_cells"): a cell still waits for an answer; Refusal("transfer.nothing_to_hand_over").
    """
    waiting = int(np.isin(decided.verdict, (Verdict.TELL, Verdict.ASK, Verdict.STOP)).sum())
    if waiting:
        raise Refusal("transfer.open_cells", cells=waiting)
    mask = np.zeros(len(decided.customers), np.uint8)
    for place, name in enumerate(decided.categories):
        if name in BIT:
            mask[decided.verdict[:, place] == Verdict.HAND_OVER] |= np.uint8(BIT[name])
    mask[_organisations(decided)] |= np.uint8(BIT[ORGANISATION])
    order = np.argsort(decided.customers)
    found = Scope(decided.customers[order], mask[order])
    some = (found.mask != 0) & np.isin(found.customers, np.fromiter(living, np.int64, len(living)))
    found = Scope(found.customers[some], found.mask[some]).without(refused)
    if not len(found):
        raise Refusal("transfer.nothing_to_hand_over")
    return found


def _organisations(decided: DecisionSet) -> np.ndarray:
    """Whose contact fields stay here while the organisation's own move."""
    if "basic" not in decided.categories:
        return np.zeros(len(decided.customers), np.bool_)
    place = decided.categories.index("basic")
    marked = (decided.detail[:, place] & np.uint8(Detail.ORGANISATION_MOVES)) != 0
    return np.asarray(marked & (decided.verdict[:, place] != Verdict.HAND_OVER))


def shapes(classes: Collection[str], *, told: Mapping[str, Collection[str]]) -> dict[str, TableShape]:
    """The tables of a transfer: one per kind of information, with the fields of it that customers were told of and no
    other (PIPL 23), in the terms' order; and the answers.
    """
    found = {
        category: _shape(category, category, [name for name in fields_of(category) if name in told.get(category, ())])
        for category in classes
        if category in MOVABLE
    }
    return {**found, CONSENT: _shape(CONSENT, "evidence", CONSENT_COLUMNS)}


def fields_of(category: str) -> list[str]:
    """Every field of a kind of information, in the terms' order."""
    return [each.id for each in terms.fields().values() if each.category == category]


def _shape(name: str, category: str, columns: Collection[str]) -> TableShape:
    return TableShape(name, (Column(PERSON, category), *(Column(each, category) for each in columns)), PERSON)


def shape_to_plain(shape: TableShape) -> dict[str, Any]:
    """For the table's row."""
    return {
        "name": shape.name,
        "person": shape.person,
        "columns": [[each.name, each.category] for each in shape.columns],
    }


def shape_of(plain: Mapping[str, Any]) -> TableShape:
    """The shape of such a plain value."""
    columns = tuple(Column(name, category) for name, category in plain["columns"])
    return TableShape(plain["name"], columns, plain["person"])


def moves(field: str, category: str, mask: int) -> bool:
    """Whether a field of a customer with these bits moves."""
    if category == "basic" and not mask & BIT["basic"]:
        return field in ORGANISATION_FIELDS and bool(mask & BIT[ORGANISATION])
    if field in FREE_TEXT_FIELDS:
        return bool(mask & BIT[FREE_TEXT])
    return bool(mask & BIT[category])
