"""Where every test lives: a home made before Django is set up, and a fresh one for tests that ask for it."""

import os
import tempfile
from datetime import UTC, datetime
from pathlib import Path

import pytest

_FIRST_HOME = Path(tempfile.mkdtemp(prefix="shouxin-tests-"))
os.environ["SHOUXIN_HOME"] = str(_FIRST_HOME)

NOTHING_SKIPS = bool(os.environ.get("SHOUXIN_NOTHING_SKIPS"))
SHARED = Path(__file__).resolve().parent.parent.parent / "shared"


@pytest.fixture
def at() -> datetime:
    """The instant at which tests happen: a Monday morning in China."""
    return datetime(2026, 11, 23, 1, 0, tzinfo=UTC)


@pytest.fixture
def home(tmp_path, settings):
    """An empty home folder that the settings point to."""
    folder = tmp_path / "home"
    folder.mkdir()
    settings.SHOUXIN_HOME = folder
    return folder


def needs_shared() -> pytest.MarkDecorator:
    """Skip with a reason where the shared material is not beside the checkout."""
    return pytest.mark.skipif(not SHARED.is_dir(), reason="../shared is not beside this checkout")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item, call):
    """Where nothing may skip (the project's own check), a skip is a failure that names its reason."""
    report = yield
    if NOTHING_SKIPS and report.skipped and not hasattr(report, "wasxfail"):
        report.outcome = "failed"
        report.longrepr = f"skipped where nothing skips: {report.longrepr}"
    return report
