"""Killed at any step, the same commands go on: no certificate without destruction, none of these without the other."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]
STEPS = {
    "job begun",
    "extract written",
    "extract committed",
    "keys destroyed",
    "facts let go",
    "group committed",
    "scrubbed",
    "epoch closed",
    "end written",
    "end committed",
    "certificate written",
    "certificate committed",
    "intent committed",
    "file gone",
    "place closed",
}


@pytest.mark.skipif(os.name == "nt", reason="needs fork and SIGKILL")
def test_killed_at_any_step_the_same_commands_end_the_case_once_and_certify_it(tmp_path):
    stride = 1 if os.environ.get("SHOUXIN_FAULTS") == "all" else 6
    done = subprocess.run(
        [sys.executable, "-m", "tests.duties.disposal.driver", str(tmp_path / "driver"), str(stride)],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": f"{ROOT / 'src'}{os.pathsep}{ROOT}"},
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    points = [json.loads(line) for line in done.stdout.splitlines()]
    assert [point for point in points if point["wrong"]] == []
    assert {point["name"] for point in points} >= STEPS | {"end", "two"}
