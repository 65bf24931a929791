"""Scanning: how fast the finder of identifiers goes over text, and a whole scan over a table.

- `find_of_re`: against the standard library's `re` with one alternation of the same shapes, without the checks that the
  finder does besides (check digits, dates that exist, neighbours);
- `find_of_memory`: against looking at each byte once with NumPy, as an upper bound;
- `scan_of_polars`: a whole scan of the table (every cell, every verdict) against polars reading it as text.
"""

import re
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pyarrow as pa

from bench.collect import AS_OF, peak_mib
from shouxin.engine.scan import scan
from shouxin.ground.rulebook.identifiers import find
from shouxin.ground.samples.bulk import bench_files

CUSTOMERS, ROUNDS = 50_000, 5
SHAPES = re.compile(
    r"(?<!\d)1[3-9]\d{9}(?!\d)"
    r"|(?<!\d)[1-9]\d{5}(?:18|19|20)\d{2}(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])\d{3}[\dXx](?![\dA-Za-z])"
    r"|[A-Za-z0-9._%+-]+@[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+"
    r"|(?<!\d)0\d{2,3}-?\d{7,8}(?!\d)"
    r"|(?<!\d)\d{16,19}(?!\d)"
    r"|(?<![A-Za-z])[A-Z]{1,2}\d{7,9}(?!\d)"
    r"|\d{4}[-/.年]\d{1,2}[-/.月]\d{1,2}"
)


def run() -> dict[str, Any]:
    """Medians of five interleaved rounds."""
    with tempfile.TemporaryDirectory() as folder:
        path, _ = bench_files(Path(folder), customers=CUSTOMERS, seed=7, orders_per_customer=1)
        frame = pl.read_csv(path, infer_schema=False)
        cells = pl.concat([frame[name].drop_nulls() for name in frame.columns])
        column: pa.Array = cells.to_arrow()
        texts, raw = cells.to_list(), np.frombuffer("\n".join(cells).encode(), np.uint8)
        kernel, by_re, memory, whole, read = _medians(
            lambda: len(find(column)),
            lambda: sum(1 for text in texts for _ in SHAPES.finditer(text)),
            lambda: int(np.count_nonzero(raw == ord("@"))),
            lambda: scan(path, as_of=AS_OF),
            lambda: pl.read_csv(path, infer_schema=False),
        )
    return {
        "rows": CUSTOMERS,
        "cells": len(texts),
        "mib": round(raw.size / 2**20, 1),
        "find_mib_a_second": round(raw.size / 2**20 / kernel, 1),
        "find_of_re": round(by_re / kernel, 2),
        "find_of_memory": round(memory / kernel, 4),
        "scan_rows_a_second": round(CUSTOMERS / whole),
        "scan_of_polars": round(read / whole, 4),
        "peak_mib": peak_mib(),
    }


def _medians(*acts: Callable[[], object]) -> list[float]:
    """Median seconds of each act; interleaved, so that a busy machine is busy for all."""
    took: list[list[float]] = [[] for _ in acts]
    for act in acts:
        act()
    for _ in range(ROUNDS):
        for place, act in enumerate(acts):
            before = time.perf_counter()
            act()
            took[place].append(time.perf_counter() - before)
    return [statistics.median(each) for each in took]
