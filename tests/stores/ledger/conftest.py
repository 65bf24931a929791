"""A founded log without a company around it."""

import importlib

import pytest
from django.db import connection

from shouxin.ground.kernel.signing import signer
from shouxin.stores.ledger import services

ORIGIN = "simulated.qinghe.example"
PEER_ORIGIN = "simulated.yunshan.example"


@pytest.fixture
def own(db, at):
    """The signer of a simulated log that was founded just now."""
    made = signer(b"\x01" * 32, ORIGIN)
    services.found(origin=ORIGIN, simulated=True, company="青禾家政服务部", signer=made, at=at)
    return made


@pytest.fixture
def peer():
    """The signer of another company's log."""
    return signer(b"\x02" * 32, PEER_ORIGIN)


@pytest.fixture
def fill(at):
    """Append a number of entries."""

    def fill(count, *, kind="consent.recorded", scope="case:c1", when=at):
        entries = [services.NewEntry(kind, scope, {"n": number}) for number in range(count)]
        return services.append_many(entries=entries, at=when, by="customer")

    return fill


@pytest.fixture
def without_triggers():
    """Do what an owner of the database can: drop the triggers. The test's transaction brings them back."""

    def drop(cursor):
        if connection.vendor == "postgresql":
            # Deferred constraint checks of the rows just written stand in the way of ALTER TABLE.
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
            for table in append_only.WRITTEN_ONCE:
                cursor.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
            return
        cursor.execute("SELECT name FROM sqlite_master WHERE type = 'trigger' AND name LIKE 'ledger_%'")
        for (name,) in cursor.fetchall():
            cursor.execute(f"DROP TRIGGER {name}")

    append_only = importlib.import_module("shouxin.stores.ledger.migrations.0002_append_only")
    return drop
