"""Collecting a large company: rows a second, and the memory it takes.

The whole of it counts: reading, cleaning, classifying, recognising the person by exact keys, sealing, blind index,
facts, ledger, every commit. Measures in the same run, each in a process of its own:

- `of_polars`: against polars reading the same two files as text and counting what is filled;
- `of_fernet`: against encrypting field by field with Fernet, without reading or storing (a share of the rows);
- `peak_mib`, and with `--million` the peak at a million customers against it.

Scanning and confirming come before and are not counted here; see `bench.scan`.
"""

import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

CUSTOMERS, MILLION = 200_000, 1_000_000
FERNET_ROWS = 10_000
AS_OF = date(2026, 11, 23)
AT = datetime(2026, 11, 23, 1, 0, tzinfo=UTC)
PEAK_MIB, GROWTH = 1_536, 1.2
ROOT = Path(__file__).resolve().parent.parent


def run(*, million: bool = False) -> dict[str, Any]:
    """Rows a second and ratios at 200,000 customers; with `million` also the growth of the peak."""
    figures = _at(CUSTOMERS)
    figures |= {"goals": {"peak_mib": PEAK_MIB, "peak_growth_at_a_million": GROWTH}}
    if million:
        large = _at(MILLION)
        figures |= {f"{name}_at_a_million": large[name] for name in ("rows_a_second", "peak_mib", "seconds")}
        figures["peak_growth_at_a_million"] = round(large["peak_mib"] / figures["peak_mib"], 3)
    return figures


def _at(customers: int) -> dict[str, Any]:
    with tempfile.TemporaryDirectory() as folder:
        _child("write", folder, customers)
        polars = _child("polars", folder, customers)
        fernet = _child("fernet", folder, customers)
        ours = _child("collect", folder, customers)
    return {
        **ours,
        "polars_rows_a_second": polars["rows_a_second"],
        "fernet_rows_a_second": fernet["rows_a_second"],
        "of_polars": round(ours["rows_a_second"] / polars["rows_a_second"], 4),
        "of_fernet": round(ours["rows_a_second"] / fernet["rows_a_second"], 2),
    }


def _child(act: str, folder: str, customers: int) -> dict[str, Any]:
    environment = {**os.environ, "SHOUXIN_HOME": str(Path(folder) / "home")}
    environment |= {"PYTHONPATH": f"{ROOT / 'src'}{os.pathsep}{ROOT}"}
    environment.pop("DATABASE_URL", None)
    command = [sys.executable, "-m", "bench.collect", act, folder, str(customers)]
    done = subprocess.run(command, env=environment, cwd=ROOT, check=True, stdout=subprocess.PIPE)
    told: dict[str, Any] = json.loads(done.stdout)
    return told


def write(folder: Path, customers: int) -> dict[str, Any]:
    """The two files."""
    from shouxin.ground.samples.bulk import bench_files

    return {"files": len(bench_files(folder / "files", customers=customers, seed=7))}


def read_with_polars(folder: Path, customers: int) -> dict[str, Any]:  # noqa: ARG001 - every act has this shape
    """Both files as text, twice; the second time counts."""
    import polars as pl

    rows = 0
    for _ in range(2):
        before, rows = time.perf_counter(), 0
        for path in sorted((folder / "files").iterdir()):
            frame = pl.read_csv(path, infer_schema=False)
            rows += frame.height
            assert frame.null_count().sum_horizontal().item() >= 0
        seconds = time.perf_counter() - before
    return {"rows_a_second": round(rows / seconds)}


def encrypt_with_fernet(folder: Path, customers: int) -> dict[str, Any]:  # noqa: ARG001
    """Each filled field of the first rows of both files, in the proportion in which the files have rows."""
    import polars as pl
    from cryptography.fernet import Fernet

    seconds = rows = 0.0
    cipher = Fernet(Fernet.generate_key())
    for path in sorted((folder / "files").iterdir()):
        share = FERNET_ROWS if path.name.startswith("customers") else 4 * FERNET_ROWS
        frame = pl.read_csv(path, infer_schema=False, n_rows=share)
        fields = [text.encode() for row in frame.iter_rows() for text in row if text]
        before = time.perf_counter()
        for field in fields:
            cipher.encrypt(field)
        seconds, rows = seconds + time.perf_counter() - before, rows + frame.height
    return {"rows_a_second": round(rows / seconds)}


def collect(folder: Path, customers: int) -> dict[str, Any]:
    """Both files into a new home's vault."""
    _found(folder / "home")
    from shouxin.duties.inventory import queries, services

    rows = seconds = 0.0
    for path in sorted((folder / "files").iterdir()):
        source = services.register_source(
            kind="file", title=path.name, locator=str(path), custodian="system", by="system", at=AT
        )
        services.scan_source(source=source, as_of=AS_OF, by="system", at=AT)
        services.confirm_columns(source=source, table=path.stem, by="system", at=AT)
        before = time.perf_counter()
        result = services.collect(source=source, by="system", at=AT)
        seconds, rows = seconds + time.perf_counter() - before, rows + result.rows_read
        assert result.balances
    assert 0.9 * customers < queries.counts()["customers"] <= customers
    return {
        "customers": queries.counts()["customers"],
        "rows": int(rows),
        "seconds": round(seconds, 1),
        "rows_a_second": round(rows / seconds),
        "peak_mib": peak_mib(),
    }


def peak_mib() -> int:
    """The most memory that this process held."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak // (1 << 20) if sys.platform == "darwin" else peak // 1024


def _found(home: Path) -> None:
    from shouxin.ground.formats.home import HomeFile, write_home

    home.mkdir()
    write_home(home, HomeFile(id="home_" + "b" * 26, simulated=True))
    os.environ["DJANGO_SETTINGS_MODULE"] = "shouxin.faces.site.settings"
    import django

    django.setup()
    from django.core.management import call_command

    from shouxin.ground.kernel.signing import signer
    from shouxin.stores.ledger import services as ledger
    from shouxin.stores.vault import services as vault

    for app in ("ledger", "vault", "jobs", "inventory"):
        call_command("migrate", app, verbosity=0)
    own = signer(bytes(32), "simulated.bench")
    ledger.found(origin="simulated.bench.example", simulated=True, company="甲", signer=own, at=AT)
    vault.found(at=AT)


ACTS = {"write": write, "polars": read_with_polars, "fernet": encrypt_with_fernet, "collect": collect}

if __name__ == "__main__":
    print(json.dumps(ACTS[sys.argv[1]](Path(sys.argv[2]), int(sys.argv[3]))))
