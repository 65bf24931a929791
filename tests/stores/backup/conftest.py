"""Tests that serve a real home: each body runs in a fork of a process that founded one company (see `driver`).

Killed at every named step and at every fifth write; with `SHOUXIN_FAULTS=all` at every write.
"""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

PEOPLE = 70
QUIET = ("create", "truncate", "sync_folder")
STRIDE = 1 if os.environ.get("SHOUXIN_FAULTS") == "all" else 5
ROOT = Path(__file__).resolve().parents[3]


def in_a_home(scenario):
    """A test whose body runs in a process that serves a home of its own; it gets the `World`."""

    def test(homes, tmp_path):
        homes(scenario, tmp_path)

    test.__name__, test.__doc__, test.__module__ = scenario.__name__, scenario.__doc__, scenario.__module__
    test.scenario = scenario
    return test


class Driver:
    """The other process."""

    def __init__(self, folder, *arguments):
        environment = {**os.environ, "PYTHONPATH": f"{ROOT / 'src'}{os.pathsep}{ROOT}"}
        self.process = subprocess.Popen(
            [sys.executable, "-m", "tests.stores.backup.driver", str(folder), *arguments],
            cwd=ROOT,
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def __call__(self, scenario, folder):
        self.process.stdin.write(f"{scenario.__module__} {scenario.__name__} {folder / 'w'}\n")
        self.process.stdin.flush()
        line = self.process.stdout.readline()
        assert line, "the driver ended"
        said = json.loads(line)
        if said:
            pytest.fail(said, pytrace=False)

    def close(self):
        self.process.stdin.close()
        self.process.wait(timeout=60)


@pytest.fixture(scope="session")
def homes(tmp_path_factory):
    """What runs a test in a home."""
    if os.name == "nt":
        pytest.skip("needs fork and SIGKILL")
    driver = Driver(tmp_path_factory.mktemp("backup"))
    yield driver
    driver.close()


@pytest.fixture
def homes_on_postgres(tmp_path):
    """The same with the company's database on PostgreSQL."""
    if not os.environ.get("SHOUXIN_TEST_POSTGRES"):
        pytest.skip("SHOUXIN_TEST_POSTGRES names no PostgreSQL")
    driver = Driver(tmp_path, "postgres")
    yield driver
    driver.close()
