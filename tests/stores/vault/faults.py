"""Starts the driver; `SHOUXIN_FAULTS=all` tries every write and every reordering, else every named step and a part of
the writes.
"""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from django.conf import settings

ROOT = Path(__file__).resolve().parents[3]


def run(scenario, folder, *, stride):
    """The driver's lines. Every point must leave a vault in which nothing is wrong."""
    if os.name == "nt":
        pytest.skip("needs fork and SIGKILL")
    stride = 1 if os.environ.get("SHOUXIN_FAULTS") == "all" else stride
    stride *= 1 if is_sqlite() else 4  # each point makes a database of its own
    database = os.environ.get("DATABASE_URL", "")
    environment = {**os.environ, "PYTHONPATH": f"{ROOT / 'src'}{os.pathsep}{ROOT}"}
    if database:
        environment["DATABASE_URL"] = f"{database.rsplit('/', 1)[0]}/vault_{scenario.replace('-', '_')}_{os.getpid()}"
    done = subprocess.run(
        [sys.executable, "-m", "tests.stores.vault.driver", scenario, str(folder / "driver"), str(stride)],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    points = [json.loads(line) for line in done.stdout.splitlines()]
    assert [(point["name"], point["wrong"]) for point in points if point["wrong"]] == []
    return points


def is_sqlite():
    """Whether the company's database is the embedded file."""
    return "sqlite" in settings.DATABASES["default"]["ENGINE"]
