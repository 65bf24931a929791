"""How long the check of a 200,000-customer pack takes, and how the one-file verifier compares.

The pack holds what such a case leaves behind: a ledger of 20,000 entries (batches, notices, answers, checkpoints), one
transfer from OFFER to CLOSED, a permit, a certificate with 60 places, findings, 40 documents of 50 kB.
The one-file verifier runs as its users run it: a fresh interpreter.
"""

import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from tests.ground.formats.test_pack import cast

from shouxin.ground.formats import pack, verifier, verify

CUSTOMERS, ENTRIES, ROUNDS = 200_000, 20_000, 5


def run() -> dict[str, object]:
    """Median seconds of both, and their ratio; the goals are ≤ 5 s and ≤ 5 times."""
    with tempfile.TemporaryDirectory() as folder:
        path, trust = large_pack(Path(folder))
        product = median(lambda: by_product(path, trust))
        command = [sys.executable, "-I", verifier.__file__, str(path), "--trust", str(trust), "--json"]
        one_file = median(lambda: subprocess.run(command, check=True, capture_output=True))
        size = path.stat().st_size
    return {
        "pack_bytes": size,
        "ledger_entries": ENTRIES,
        "verify_seconds": round(product, 3),
        "one_file_seconds": round(one_file, 3),
        "one_file_ratio": round(one_file / product, 2),
        "goals": {"verify_seconds": 5.0, "one_file_ratio": 5.0},
    }


def large_pack(folder: Path) -> tuple[Path, Path]:
    """The pack and its trust file."""
    case = cast.closed_case(customers=CUSTOMERS, filler=ENTRIES - 13)
    documents = {f"{number:02d}-document.bin": bytes([number]) * 50_000 for number in range(1, 41)}
    path = folder / "pack.zip"
    pack.build(replace(case.parts, documents=documents), signer=cast.COMPANY, out=path)
    return path, cast.write_trust(cast.trust_of(case, size=ENTRIES // 2), folder / "trust.json")


def by_product(path: Path, trust: Path) -> None:
    """The product's check; it must hold."""
    found = verify.verify(path, trust)
    if found.exit_code != verify.VERIFIED:
        raise RuntimeError(str(found.faults))


def median(act: Callable[[], object]) -> float:
    """Median seconds of an act."""
    seconds = []
    for _ in range(ROUNDS):
        begun = time.perf_counter()
        act()
        seconds.append(time.perf_counter() - begun)
    return statistics.median(seconds)


if __name__ == "__main__":
    print(run())
