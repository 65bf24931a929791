"""The facts that the gates read about persons and cells, in columns. What is true of a whole flow stands in `flows`.

A person fact is a column of n values, a cell fact a column of n × k values in the order of `categories`. What was not
recorded takes the stricter side; facts whose absence would make the judgment laxer must be named (`holding`, `hold`,
`several` …). A scalar is spread over the column without using memory. A category may be split where one part of it
meets another end: `behaviour` and `behaviour:free_text` are two columns of one kind of information.
"""

# ruff: noqa: RUF009 - `_person` and `_cell` only declare columns

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from typing import Any, Self

import numpy as np
import numpy.typing as npt

from shouxin.ground.kernel.refusals import Refusal
from shouxin.ground.rulebook.bases import Basis
from shouxin.ground.rulebook.gates.codes import Answer, Notice, PurposeState

Flags = npt.NDArray[np.bool_]
Codes = npt.NDArray[np.uint8]
Bits = npt.NDArray[np.uint16]
Days = npt.NDArray[np.datetime64]


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
    guardian_agreed_originally: Flags = _person(np.bool_, False)
    lifetime_consent: Flags = _person(np.bool_, False)
    relatives_request: Flags = _person(np.bool_, False)
    notice: Codes = _person(np.uint8, Notice.NONE)
    abroad_told: Flags = _person(np.bool_, False)
    taken_over: Flags = _person(np.bool_, False)
    identity_verified: Flags = _person(np.bool_, False)
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
    original_separate_consent: Flags = _cell(np.bool_, False)
    no_harm_to_others: Flags = _cell(np.bool_, False)

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

    def with_partners(self, persons: npt.NDArray[np.int64]) -> "Facts":
        """Return the facts of some persons, they first, then of whoever stands with them in an item; items and all."""
        items = self.shared
        theirs = np.isin(items.person, persons)
        partners = np.setdiff1d(items.other[theirs & (items.other >= 0)], persons)
        everyone = np.concatenate([persons, partners]).astype(np.int64)
        place = np.full(len(self) + 1, -1, dtype=np.int64)
        place[everyone] = np.arange(len(everyone))
        shared = Shared(place[items.person[theirs]], items.category[theirs], place[items.other[theirs]])
        return replace(self.part(everyone), shared=shared)


@dataclass(frozen=True)
class Remains(_Columns):
    """What table B reads about each cell that stays with the sender.

    `until` is the last day of a seal where one is known, `record` the place of its class in `retention.class_ids()`
    (-1: none). `balance`, `service` and `keys` are what a person keeps whose information is not moved.
    """

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
    duty_deposited: Flags = _cell(np.bool_, False)
    original: Flags = _cell(np.bool_, False)
    own_rule: Flags = _cell(np.bool_, False)
    statistics: Flags = _cell(np.bool_, False)
    until: Days = _cell("datetime64[D]", np.datetime64("NaT", "D"))
    record: npt.NDArray[np.int16] = _cell(np.int16, -1)
    balance: Flags = _person(np.bool_, False)
    service: Flags = _person(np.bool_, False)
    keys: Flags = _person(np.bool_, False)

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
