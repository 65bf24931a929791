"""Keeping a decision set: columns of small numbers, compressed, with the digest that was recorded."""

import io
import zipfile
import zlib
from collections.abc import Mapping
from typing import Any

import numpy as np

from shouxin.cases.models import StoredDecision
from shouxin.ground.kernel.refusals import Corrupt
from shouxin.ground.kernel.times import from_text, to_text
from shouxin.ground.rulebook.gates import DecisionSet, Verdict, check_decision_set

_COLUMNS = ("row", "verdict", "outcome", "detail", "end_row", "end", "end_outcome", "end_detail")


def pack(decided: DecisionSet) -> bytes:
    """The set as compressed bytes."""
    out = io.BytesIO()
    head = np.array([decided.case, to_text(decided.cutoff), str(decided.height), decided.law_edition, decided.digest])
    columns = {name: getattr(decided, name) for name in _COLUMNS}
    np.savez_compressed(out, head=head, customers=decided.customers, categories=np.array(decided.categories), **columns)
    return out.getvalue()


def unpack(row: StoredDecision) -> DecisionSet:
    """The set of a stored row, its digest checked.

    Raises:
        Corrupt: the stored bytes are not the set that was recorded.
    """
    try:
        with np.load(io.BytesIO(bytes(row.body)), allow_pickle=False) as kept:
            head = [str(value) for value in kept["head"]]
            decided = DecisionSet(
                case=head[0],
                cutoff=from_text(head[1]),
                height=int(head[2]),
                law_edition=head[3],
                customers=kept["customers"],
                categories=tuple(str(name) for name in kept["categories"]),
                digest=head[4],
                **{name: kept[name] for name in _COLUMNS},
            )
    except (ValueError, KeyError, OSError, EOFError, zipfile.BadZipFile, zlib.error) as error:
        raise Corrupt("stored decision set that cannot be read", f"decision {row.pk}") from error
    if decided.digest != row.digest:
        raise Corrupt("stored decision set of another digest", f"decision {row.pk}")
    return check_decision_set(decided)


def summary(decided: DecisionSet, headline: np.ndarray) -> Mapping[str, Any]:
    """Counts: people by headline end, cells by verdict and by deciding row."""
    ends = {
        "none": 0,
        "kept": 1,
        "destroyed": 2,
        "anonymised": 3,
        "archived": 4,
        "handed_over": 5,
        "sealed": 6,
        "open": 7,
    }
    return {
        "customers": len(decided.customers),
        "people": {name: int((headline == code).sum()) for name, code in ends.items() if (headline == code).any()},
        "flow": {category: _counted(decided.verdict[:, place]) for place, category in enumerate(decided.categories)},
        "rows": {
            category: {f"A{row:02d}": int(count) for row, count in _pairs(decided.row[:, place])}
            for place, category in enumerate(decided.categories)
        },
        "stays": {category: _counted(decided.end[:, place]) for place, category in enumerate(decided.categories)},
        "end_rows": {
            category: {f"B{row:02d}": int(count) for row, count in _pairs(decided.end_row[:, place])}
            for place, category in enumerate(decided.categories)
        },
    }


def pack_summary(decided: DecisionSet) -> Mapping[str, Any]:
    """The counts that stand in an evidence pack (docs/formats/pack.md)."""
    return {
        "case": decided.case,
        "digest": decided.digest,
        "cutoff": to_text(decided.cutoff),
        "height": decided.height,
        "customers": len(decided.customers),
        "categories": [_category_summary(decided, place) for place in range(len(decided.categories))],
    }


def _category_summary(decided: DecisionSet, place: int) -> dict[str, Any]:
    pairs = np.stack([decided.row[:, place], decided.verdict[:, place]], axis=1)
    found, counts = np.unique(pairs, axis=0, return_counts=True)
    rows = [
        {"row": f"A{int(row):02d}", "verdict": Verdict(int(verdict)).name.lower(), "count": int(count)}
        for (row, verdict), count in zip(found, counts, strict=True)
    ]
    ends = [{"end": name, "count": count} for name, count in _counted(decided.end[:, place]).items()]
    return {"category": decided.categories[place], "rows": rows, "ends": ends}


def _counted(column: np.ndarray) -> dict[str, int]:
    return {Verdict(int(code)).name.lower(): int(count) for code, count in _pairs(column)}


def _pairs(column: np.ndarray) -> list[tuple[int, int]]:
    codes, counts = np.unique(column, return_counts=True)
    return list(zip(codes.tolist(), counts.tolist(), strict=True))
