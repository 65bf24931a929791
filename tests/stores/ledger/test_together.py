"""Several processes append at once: no gap, no doubled number, one tree."""

import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection, transaction

from shouxin.ground.kernel.signing import signer
from shouxin.stores.ledger import queries, services
from tests.stores.ledger.conftest import ORIGIN

WRITERS, TIMES = 4, 25


@pytest.mark.only_on("postgresql")  # SQLite's test database lives in one process's memory
def test_threads_on_postgresql_wait_for_the_head(durable_db, at):
    services.found(origin=ORIGIN, simulated=True, company="x", signer=signer(b"\x01" * 32, ORIGIN), at=at)
    with ThreadPoolExecutor(WRITERS) as pool:
        for ended in [pool.submit(_append_often, number, at) for number in range(WRITERS)]:
            ended.result()
    assert queries.check_whole().size == 1 + WRITERS * TIMES


def _append_often(number, at):
    try:
        for time in range(TIMES):
            with transaction.atomic():
                services.append(kind="test.made", scope=f"case:{number}", at=at, by="system", facts={"time": time})
    finally:
        connection.close()


WRITER = """
import sys, django
django.setup()
from datetime import UTC, datetime
from django.db import transaction
from shouxin.stores.ledger import services
for time in range({times}):
    with transaction.atomic():
        services.append(kind="test.made", scope="company", at=datetime(2026, 11, 23, 2, tzinfo=UTC), by="system",
        facts={{"n": time}})
"""
FOUNDER = """
import django
django.setup()
from datetime import UTC, datetime
from django.core.management import call_command
from shouxin.ground.kernel.signing import signer
from shouxin.stores.ledger import services
call_command("migrate", "ledger", verbosity=0)
at = datetime(2026, 11, 23, 1, tzinfo=UTC)
services.found(origin="simulated.a.example", simulated=True, company="x", signer=signer(bytes(32), "x"), at=at)
"""
READER = """
import django
django.setup()
from shouxin.stores.ledger import queries
print(queries.check_whole().size, sorted(e.facts["n"] for e in queries.entries(kinds=["test.made"])) ==
sorted(list(range({times})) * {writers}))
"""


def test_processes_on_sqlite_wait_for_one_another(tmp_path):
    environment = {key: value for key, value in os.environ.items() if key != "DATABASE_URL"}
    environment |= {"SHOUXIN_HOME": str(tmp_path), "DJANGO_SETTINGS_MODULE": "shouxin.faces.site.settings"}
    environment["PYTHONPATH"] = "src"

    def start(source):
        return subprocess.Popen([sys.executable, "-c", source], env=environment, stdout=subprocess.PIPE, text=True)

    assert start(FOUNDER).wait() == 0
    writers = [start(WRITER.format(times=TIMES)) for _ in range(2)]
    assert [each.wait() for each in writers] == [0, 0]
    reader = start(READER.format(times=TIMES, writers=2))
    assert reader.communicate()[0].split() == [str(1 + 2 * TIMES), "True"]
