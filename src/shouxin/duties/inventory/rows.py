"""Rows on their way in, as columns; and what a sealed value says: canonical JSON, `[{"f": {field: text}, "n": row}]`.

The JSON of a whole batch is written column by column; its bytes are those of `write_rows`.
"""

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl

from shouxin.ground.kernel.refusals import Corrupt
from shouxin.ground.kernel.sealing import Value
from shouxin.ground.rulebook.terms import categories, fields
from shouxin.stores.vault.services import Item

Key = tuple[str, str]
"""Kind of identity key and its normalised text."""

_SIGNS = [*(chr(code) for code in range(0x20)), '"', "\\"]
_ESCAPED = [json.dumps(sign)[1:-1] for sign in _SIGNS]
_TO_ESCAPE = r'[\x00-\x1f"\\]'


@dataclass(frozen=True, repr=False)
class Rows:
    """Rows of one batch, one line each in every column. Never printed."""

    numbers: np.ndarray
    """Row numbers as the owner of the file counts them."""
    keys: Sequence[tuple[str, pl.Series]]
    """Kind → the exact key of each row; strongest kind first."""
    values: pl.DataFrame
    """What is sealed, by field; empty is null."""
    facts: pl.DataFrame
    """person_kind, age_band, dead, language, prepaid, keys_held, free_text_others, last_purchase_on."""
    same: np.ndarray | None = None
    """A number for each row: rows with the same number bear the same keys. None: that is not known."""

    def __len__(self) -> int:
        return int(self.numbers.size)

    def __repr__(self) -> str:
        return f"Rows({len(self)}, ‹sealed›)"


def write_rows(rows: Sequence[tuple[int, Mapping[str, str]]]) -> bytes:
    """The bytes that are sealed."""
    plain = [{"f": dict(fields_), "n": number} for number, fields_ in rows]
    return json.dumps(plain, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode("utf-8")


def read_rows(value: Value) -> list[dict[str, Any]]:
    """The rows of an opened value: `n` and `f`.

    Raises:
        Corrupt: the value does not hold rows.
    """
    try:
        rows = json.loads(value.raw)
    except ValueError as error:
        raise Corrupt("sealed value that does not hold rows", "record") from error
    if not isinstance(rows, list) or any(set(row) != {"n", "f"} for row in rows):
        raise Corrupt("sealed value that does not hold rows", "record")
    return rows


def items(rows: Rows, owners: np.ndarray, *, source: int) -> list[Item]:
    """What is sealed of these rows: one item for each owner and category, rows in their order; owner 0 is nobody."""
    return [
        item
        for category, names in _by_category(rows.values.columns).items()
        for item in sealed_items(rows.values.select(names), owners, rows.numbers, category=category, source=source)
    ]


def sealed_items(
    values: pl.DataFrame, owners: np.ndarray, numbers: np.ndarray, *, category: str, source: int
) -> list[Item]:
    """What is sealed of rows of one category: one item for each owner, rows that say anything, in their order."""
    told = pl.DataFrame({"owner": owners, "n": numbers}).with_columns(told=_told(values, sorted(values.columns)))
    told = told.filter((pl.col("owner") > 0) & (pl.col("told").str.len_bytes() > 0))
    line = pl.concat_str(pl.lit('{"f":{'), "told", pl.lit('},"n":'), "n", pl.lit("}"))
    joined = pl.concat_str(pl.lit("["), line.str.join(","), pl.lit("]"))
    grouped = told.group_by("owner", maintain_order=True).agg(raw=joined.cast(pl.Binary), rows=pl.len())
    customers, raws, counts = (grouped[name].to_list() for name in ("owner", "raw", "rows"))
    return [
        Item(customer, category, source, count, raw)
        for customer, count, raw in zip(customers, counts, raws, strict=True)
    ]


def category_masks(rows: Rows) -> np.ndarray:
    """For each row the categories it says anything of; bit = compartment."""
    kinds, masks = categories(), np.zeros(len(rows), np.int32)
    for category, names in _by_category(rows.values.columns).items():
        masks |= says_any(rows, names).astype(np.int32) << kinds[category].compartment
    return masks


def says_any(rows: Rows, names: Collection[str]) -> np.ndarray:
    """For each row whether it has one of these fields."""
    there = [name for name in rows.values.columns if name in names]
    if not there:
        return np.zeros(len(rows), np.bool_)
    return rows.values.select(says=pl.any_horizontal(pl.col(there).is_not_null()))["says"].to_numpy()


def _by_category(names: Collection[str]) -> dict[str, list[str]]:
    known = fields()
    found: dict[str, list[str]] = {}
    for name in sorted(names):
        found.setdefault(known[name].category, []).append(name)
    return found


def _told(values: pl.DataFrame, names: Sequence[str]) -> pl.Series:
    """`"field":"text"` of each row's filled fields, in the order of their names."""
    parts = [pl.concat_str(pl.lit(f'"{name}":"'), _escaped(values[name]), pl.lit('"')) for name in names]
    return values.select(told=pl.concat_str(parts, separator=",", ignore_nulls=True))["told"]


def _escaped(texts: pl.Series) -> pl.Expr:
    if texts.str.contains(_TO_ESCAPE).any():
        return pl.col(texts.name).str.replace_many(_SIGNS, _ESCAPED)
    return pl.col(texts.name)
