"""What is true behind the company's files: who the people are, which rows are theirs, which texts would betray them.

The truth never lies in the company's folder. Tests and the scan for leaks ask it for the texts of each person; the
answer book asks it who can be reached and how.
"""

import json
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from shouxin.ground.kernel.refusals import Refusal

IDENTIFIER_KINDS = ("name", "phone", "email", "address", "id_no", "bank_card", "wechat")


@dataclass(frozen=True, slots=True)
class RowRef:
    """Where a person stands: file, table or sheet, and the row (line in the file, header = 1; or primary key)."""

    file: str
    table: str
    row: int


@dataclass(frozen=True, slots=True, repr=False)
class TruePerson:
    """One invented person, as the files would show if they had no slips."""

    key: str
    kind: str
    """A person kind of the rulebook: contract_party, contact_of_organisation, household_member, third_party, staff."""
    name: str
    texts: Mapping[str, tuple[str, ...]]
    """Identifier kind → every form in which the files write it; telephones and names also without spaces and signs."""
    age_band: str
    """child, teen, adult (the bands of `rulebook.quality`); what a birth date would show."""
    age_known: bool
    """Whether a birth date or identity number stands in the files."""
    dead: bool
    language: str
    channels: tuple[str, ...]
    """What can be used to reach this person (of email, phone, address), the guardian's telephone included."""
    categories: tuple[str, ...]
    customer_numbers: tuple[str, ...]
    household: int
    guardian: str
    """The guardian's key; empty for adults."""
    orders: int
    newest_order_on: date | None
    prepaid_fen: int
    keys_held: bool
    marks: frozenset[str]
    """What is special: sole_trader, foreign, duplicate, rare_character, id_slip, shared_phone, never_ordered, …"""
    rows: tuple[RowRef, ...]
    mentioned_by: tuple[str, ...]
    """Customers in whose rows this person is named, without being one's own row."""

    @property
    def is_customer(self) -> bool:
        """Whether the company has this person as a customer, not only in somebody's row."""
        return bool(self.customer_numbers)

    def __repr__(self) -> str:
        return f"TruePerson({self.key!r}, {self.kind!r}, ‹sealed›)"


@dataclass(frozen=True, slots=True, repr=False)
class Truth:
    """All people of one generated company."""

    story: str
    seed: int
    as_of: date
    people: Mapping[str, TruePerson]
    row_counts: Mapping[str, int]
    """Data rows written, by file (crm.sqlite by `crm.sqlite/table`)."""

    def customers(self) -> tuple[TruePerson, ...]:
        """Those who are customers, in the order of their keys."""
        return tuple(person for person in self.people.values() if person.is_customer)

    def identifiers(
        self, keys: Collection[str] | None = None, *, only_theirs: bool = False
    ) -> Iterator[tuple[str, str, str]]:
        """(person key, kind, text) of everyone but staff, or of the people named by `keys`.

        `only_theirs` leaves out texts that somebody outside `keys` has too (a family's telephone, a common name): what
        remains must be found nowhere once these people are destroyed.
        """
        chosen = [p.key for p in self.people.values() if p.kind != "staff"] if keys is None else sorted(keys)
        inside = frozenset(chosen)
        owners = self._owners() if only_theirs else {}
        for key in chosen:
            for kind, texts in self.people[key].texts.items():
                for text in texts:
                    if text not in owners or owners[text] <= inside:
                        yield key, kind, text

    def with_mentioned(self, keys: Collection[str]) -> frozenset[str]:
        """These people and those who are no customers and are named in nobody else's rows: they go together."""
        inside = frozenset(keys)
        return inside | {
            person.key
            for person in self.people.values()
            if not person.is_customer and person.mentioned_by and inside.issuperset(person.mentioned_by)
        }

    def person_of(self, customer_number: str) -> TruePerson:
        """The person behind a customer number.

        Raises:
            Refusal("samples.unknown_customer"): no row has it.
        """
        for person in self.people.values():
            if customer_number in person.customer_numbers:
                return person
        raise Refusal("samples.unknown_customer")

    def write_json(self, path: Path, *, company_folder: Path) -> None:
        """Write the whole truth to a file outside the company's folder.

        Raises:
            Refusal("samples.truth_inside"): the path lies in the company's folder.
        """
        if path.resolve().is_relative_to(company_folder.resolve()):
            raise Refusal("samples.truth_inside", file=path.name)
        path.write_text(json.dumps(self._plain(), ensure_ascii=False, indent=1), encoding="utf-8")

    def _owners(self) -> dict[str, frozenset[str]]:
        owners: dict[str, set[str]] = {}
        for person in self.people.values():
            for texts in person.texts.values():
                for text in texts:
                    owners.setdefault(text, set()).add(person.key)
        return {text: frozenset(keys) for text, keys in owners.items()}

    def _plain(self) -> dict[str, Any]:
        return {
            "story": self.story,
            "seed": self.seed,
            "as_of": self.as_of.isoformat(),
            "row_counts": dict(self.row_counts),
            "people": [_plain_person(person) for person in self.people.values()],
        }

    def __repr__(self) -> str:
        return f"Truth({self.story!r}, seed={self.seed}, people={len(self.people)})"


def _plain_person(person: TruePerson) -> dict[str, Any]:
    plain = {name: getattr(person, name) for name in TruePerson.__slots__}
    plain["texts"] = {kind: list(texts) for kind, texts in person.texts.items()}
    plain["newest_order_on"] = person.newest_order_on.isoformat() if person.newest_order_on else None
    plain["marks"] = sorted(person.marks)
    plain["rows"] = [[row.file, row.table, row.row] for row in person.rows]
    return plain
