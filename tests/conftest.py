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


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup, django_db_blocker):
    """Row numbers start far apart from table to table, so that no test can lean on a first row being number one."""
    with django_db_blocker.unblock():
        _start_row_numbers_far_apart()


def _start_row_numbers_far_apart() -> None:
    from django.apps import apps
    from django.db import connection

    with connection.cursor() as cursor:
        for start, model in enumerate(apps.get_models(), 101):
            table, key = model._meta.db_table, model._meta.pk
            if key.get_internal_type() not in ("AutoField", "BigAutoField"):
                continue
            if connection.vendor == "sqlite":
                cursor.execute("DELETE FROM sqlite_sequence WHERE name = %s", [table])
                cursor.execute("INSERT INTO sqlite_sequence (name, seq) VALUES (%s, %s)", [table, start * 1000])
            else:
                sequence = connection.ops.quote_name(f"{table}_{key.column}_seq")
                cursor.execute(f"ALTER SEQUENCE {sequence} RESTART WITH {start * 1000}")


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


def pytest_collection_modifyitems(config, items):
    """A test of one kind of database steps aside on the other: skipped, or left out where both are run."""
    from django.db import connection

    elsewhere = []
    for item in items:
        marker = item.get_closest_marker("only_on")
        if marker and marker.args[0] != connection.vendor:
            item.add_marker(pytest.mark.skip(reason=f"this test is about {marker.args[0]}; set DATABASE_URL to one"))
            elsewhere.append(item)
    if NOTHING_SKIPS and elsewhere:
        config.hook.pytest_deselected(items=elsewhere)
        items[:] = [item for item in items if item not in elsewhere]


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
