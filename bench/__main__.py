"""Run every bench, each in a process of its own, print a table, and write `bench/results.json`.

    python -m bench                    all of them, within ten minutes
    python -m bench scan vault         some of them
    python -m bench collect --million  with a million customers besides

The file holds ratios, medians and what kind of machine it was; no name of a machine and no path.
"""

import argparse
import json
import os
import platform
import subprocess
import sys
import time
from importlib import import_module
from pathlib import Path
from typing import Any

NAMES = ("scan", "collect", "gates", "vault", "package", "verify")
ROOT = Path(__file__).resolve().parent.parent
RESULTS = ROOT / "bench" / "results.json"


def main() -> int:
    """The command."""
    parser = argparse.ArgumentParser(prog="python -m bench", description="The figures, as ratios in one run.")
    parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join(NAMES))
    parser.add_argument("--million", action="store_true", help="collect a million customers too")
    parser.add_argument("--only", metavar="NAME", choices=NAMES, help=argparse.SUPPRESS)
    asked = parser.parse_args()
    unknown = set(asked.names) - set(NAMES)
    if unknown:
        parser.error(f"no such bench: {', '.join(sorted(unknown))}")
    if asked.only:
        print(json.dumps(import_module(f"bench.{asked.only}").run(**_options(asked.only, million=asked.million))))
        return 0
    return _run_all(asked.names or NAMES, million=asked.million)


def _options(name: str, *, million: bool) -> dict[str, Any]:
    return {"million": True} if million and name == "collect" else {}


def _run_all(names: tuple[str, ...] | list[str], *, million: bool) -> int:
    results = _earlier()
    results["machine"] = machine()
    failed = []
    for name in names:
        before = time.perf_counter()
        figures = _in_child(name, million=million)
        if figures is None:
            failed.append(name)
            continue
        results["figures"][name] = {**figures, "bench_seconds": round(time.perf_counter() - before, 1)}
        _print(name, results["figures"][name])
        RESULTS.write_text(json.dumps(results, indent=1, sort_keys=True) + "\n", "utf-8")
    for name in failed:
        print(f"{name}: failed")
    return 1 if failed else 0


def _earlier() -> dict[str, Any]:
    """What other benches found before, when only some run now."""
    if RESULTS.is_file():
        kept: dict[str, Any] = json.loads(RESULTS.read_text("utf-8"))
        return kept
    return {"figures": {}}


def _in_child(name: str, *, million: bool) -> dict[str, Any] | None:
    path = os.pathsep.join([str(ROOT / "src"), str(ROOT)])
    command = [sys.executable, "-m", "bench", "--only", name, *(["--million"] if million else [])]
    done = subprocess.run(
        command, cwd=ROOT, env={**os.environ, "PYTHONPATH": path}, stdout=subprocess.PIPE, text=True, check=False
    )
    if done.returncode:
        return None
    told: dict[str, Any] = json.loads(done.stdout)
    return told


def machine() -> dict[str, Any]:
    """What kind of machine it is; how busy it was tells how far single figures can be trusted."""
    return {
        "system": platform.system(),
        "architecture": platform.machine(),
        "python": platform.python_version(),
        "cores": os.cpu_count(),
        "memory_gib": _memory_gib(),
        "load_before": round(os.getloadavg()[0], 1) if hasattr(os, "getloadavg") else None,
    }


def _memory_gib() -> int | None:
    if not hasattr(os, "sysconf") or "SC_PHYS_PAGES" not in os.sysconf_names:
        return None
    return round(os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") / 2**30)


def _print(name: str, figures: dict[str, Any]) -> None:
    print(name)
    for figure, value in figures.items():
        if not isinstance(value, dict):
            print(f"  {figure:<36} {value:>14,}" if isinstance(value, int | float) else f"  {figure:<36} {value!s:>14}")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
