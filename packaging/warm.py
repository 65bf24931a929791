"""Compile what is compiled at first use, once per checkout: the finder of identifiers and the walk over CSV files.

The machine code is kept beside the modules (`__pycache__`), so that the first scan begins at once.
"""

import sys
import time
from pathlib import Path

import pyarrow as pa

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "src"))

from shouxin.engine.sources.structure import Structure
from shouxin.ground.rulebook.identifiers import find


def warm() -> float:
    """Seconds that it took: next to none when the code is there already."""
    began = time.perf_counter()
    find(pa.array(["x", "１"]))
    Structure(ord(","), 1 << 20).feed(b"a,b\n1,2\n")
    return time.perf_counter() - began


if __name__ == "__main__":
    print(f"Compiled the finder in {warm():.1f} s")
