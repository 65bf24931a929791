"""The facts that the gates read: columns over persons and cells, and what is true of the whole flow.

A person fact is a column of n values, a cell fact a column of n × k values in the order of `categories`. What was not
recorded takes the stricter side; facts whose absence would make the judgment laxer must be named (`holding`, `hold`,
`several` …). A scalar is spread over the column without using memory. A category may be split where one part of it
meets another end: `behaviour` and `behaviour:free_text` are two columns of one kind of information.
"""

# ruff: noqa: RUF009 - `_person` and `_cell` only declare columns

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from typing import Any, Self

import numpy as np
import numpy.typing as npt

from shouxin.ground.kernel.refusals import Refusal
from shouxin.ground.rulebook.bases import Basis
from shouxin.ground.rulebook.gates.codes import Answer, FlowRole, Notice, PurposeState, Structure

Flags = npt.NDArray[np.bool_]
Codes = npt.NDArray[np.uint8]
Bits = npt.NDArray[np.uint16]


@dataclass(frozen=True)
class Shared:
    """Items that speak of several people: cell (person, category) and another person in it; -1 is someone unknown."""

    person: npt.NDArray[np.int64]
    category: npt.NDArray[np.uint8]
    other: npt.NDArray[np.int64]

    @classmethod
    def none(cls) -> "Shared":
        """No item is known to speak of several people."""
        return cls(np.zeros(0, np.int64), np.zeros(0, np.uint8), np.zeros(0, np.int64))


def _spread(name: str, value: Any, shape: tuple[int, ...], dtype: Any) -> npt.NDArray[Any]:
    given = np.asarray(value, dtype=dtype)
    if given.ndim and given.shape != shape:
        raise Refusal("gates.shape", fact=name, expected=shape, given=given.shape)
    return given if given.ndim else np.broadcast_to(given, shape)


class _Columns:
    """Columns that can be built from scalars and arrays, and cut by persons."""

    @classmethod
    def _build(cls, count: int, categories: Sequence[str], known: Mapping[str, Any]) -> dict[str, npt.NDArray[Any]]:
        columns = {}
        for column in fields(cls):  # type: ignore[arg-type]
            if "dtype" not in column.metadata:
                continue
            shape = (count, len(categories)) if column.metadata["cell"] else (count,)
            value = known.get(column.name, column.metadata["strict"])
            columns[column.name] = _spread(column.name, value, shape, column.metadata["dtype"])
        return columns


def _person(dtype: Any, strict: Any = None) -> Any:
    return field(metadata={"dtype": dtype, "cell": False, "strict": strict})


def _cell(dtype: Any, strict: Any = None) -> Any:
    return field(metadata={"dtype": dtype, "cell": True, "strict": strict})


@dataclass(frozen=True)
class Facts(_Columns):
    """What table A reads about persons and cells."""

    categories: tuple[str, ...]
    shared: Shared
    person_kind: Codes = _person(np.uint8)
    age: Codes = _person(np.uint8)
    dead: Flags = _person(np.bool_)
    lacks_capacity: Flags = _person(np.bool_, False)
    own_consent_suits: Flags = _person(np.bool_, False)
    representative_agreed: Flags = _person(np.bool_, False)
    guardian_agreed: Flags = _person(np.bool_, False)
    lifetime_consent: Flags = _person(np.bool_, False)
    relatives_request: Flags = _person(np.bool_, False)
    notice: Codes = _person(np.uint8, Notice.NONE)
    abroad_told: Flags = _person(np.bool_, False)
    holding: Codes = _cell(np.uint8)
    hold: Flags = _cell(np.bool_)
    requests: Codes = _cell(np.uint8)
    objected: Flags = _cell(np.bool_)
    several: Codes = _cell(np.uint8)
    sensitive: Flags = _cell(np.bool_)
    child_suggested: Flags = _cell(np.bool_, False)
    purpose_basis: Codes = _cell(np.uint8, Basis.UNKNOWN)
    purpose_withdrawn: Flags = _cell(np.bool_, False)
    answer: Codes = _cell(np.uint8, Answer.NONE)
    defects: Bits = _cell(np.uint16, 0)
    necessity_told: Flags = _cell(np.bool_, False)
    separately_agreed: Flags = _cell(np.bool_, False)
    abroad_agreed: Flags = _cell(np.bool_, False)

    @classmethod
    def of(
        cls,
        count: int,
        categories: Sequence[str],
        *,
        person_kind: Any,
        age: Any,
        dead: Any,
        holding: Any,
        hold: Any,
        requests: Any,
        objected: Any,
        several: Any,
        sensitive: Any,
        shared: Shared | None = None,
        **known: Any,
    ) -> "Facts":
        """Return facts on `count` persons; what is left out takes the stricter side.

        Raises:
            Refusal("gates.unknown_fact"): a fact that no row reads.
            Refusal("gates.shape"): an array that is not n or n × k.
        """
        known |= {"person_kind": person_kind, "age": age, "dead": dead, "holding": holding, "hold": hold}
        known |= {"requests": requests, "objected": objected, "several": several, "sensitive": sensitive}
        _check_names(cls, known)
        columns = cls._build(count, categories, known)
        return cls(categories=tuple(categories), shared=shared or Shared.none(), **columns)

    def __len__(self) -> int:
        return int(self.person_kind.shape[0])

    def part(self, rows: "slice | npt.NDArray[np.int64]") -> "Facts":
        """Return the facts of some persons, without their shared items."""
        return Facts(categories=self.categories, shared=Shared.none(), **_cut(self, rows))


@dataclass(frozen=True)
class Remains(_Columns):
    """What table B reads about each cell that stays with the sender."""

    categories: tuple[str, ...]
    holding: Codes = _cell(np.uint8)
    moved: Codes = _cell(np.uint8)
    hold: Flags = _cell(np.bool_)
    requests: Codes = _cell(np.uint8)
    duty_open: Flags = _cell(np.bool_)
    running: Codes = _cell(np.uint8)
    purpose: Codes = _cell(np.uint8, PurposeState.UNKNOWN)
    hard_to_delete: Flags = _cell(np.bool_, False)
    archive_named: Flags = _cell(np.bool_, False)

    @classmethod
    def of(
        cls,
        count: int,
        categories: Sequence[str],
        *,
        holding: Any,
        moved: Any,
        hold: Any,
        requests: Any,
        duty_open: Any,
        running: Any,
        **known: Any,
    ) -> "Remains":
        """Return what is left of `count` persons; a purpose that was not recorded stops.

        Raises:
            Refusal("gates.unknown_fact"): a fact that no row reads.
            Refusal("gates.shape"): an array that is not n × k.
        """
        known |= {"holding": holding, "moved": moved, "hold": hold, "requests": requests}
        known |= {"duty_open": duty_open, "running": running}
        _check_names(cls, known)
        return cls(categories=tuple(categories), **cls._build(count, categories, known))

    def __len__(self) -> int:
        return int(self.holding.shape[0])

    def part(self, rows: "slice | npt.NDArray[np.int64]") -> Self:
        """Return what is left of some persons."""
        return type(self)(categories=self.categories, **_cut(self, rows))


def _check_names(kind: type, known: Mapping[str, Any]) -> None:
    names = {column.name for column in fields(kind) if "dtype" in column.metadata}
    unknown = sorted(set(known) - names)
    if unknown:
        raise Refusal("gates.unknown_fact", facts=unknown)


def _cut(columns: Any, rows: "slice | npt.NDArray[np.int64]") -> dict[str, npt.NDArray[Any]]:
    named = (column.name for column in fields(columns) if "dtype" in column.metadata)
    return {name: getattr(columns, name)[rows] for name in named}


@dataclass(frozen=True)
class SenderFacts:
    """What is true of the company that holds the information: the structure of its change, and whether it goes on."""

    structures: frozenset[Structure]
    ends_business: bool
    goes_on: bool = True
    statistics_release: bool = False

    @property
    def ends_by_merger(self) -> bool:
        """Whether the sender ends by merger or division, so that a successor takes over (Civil Code 67)."""
        return not self.goes_on and bool(self.structures & {Structure.MERGER, Structure.DIVISION})


@dataclass(frozen=True)
class FlowFacts:
    """What is true of one flow, a movement of information to someone; what was not recorded takes the strict side."""

    role: FlowRole
    sender: SenderFacts
    recipient: str
    needed: frozenset[str]
    recipient_identified: bool = False
    recipient_restricted: bool = False
    key_matches: bool = False
    foreign_request_unapproved: bool = False
    abroad: bool = False
    abroad_route_fixed: bool = False
    abroad_consent_waived: bool = False
    child_rules: bool = False
    opinion: frozenset[str] = frozenset()
    told_elements: frozenset[str] = frozenset()
    agreement_on_record: bool = False
    supervision_on_record: bool = False
    undertaking: bool = False
    waiting_over: bool = False
