"""A founded vault in a home of its own, with its ledger; on whatever database the settings name."""

import importlib
from datetime import UTC, datetime

import pytest
from django.db import connection, transaction

from shouxin.ground.kernel.canonical import encode
from shouxin.ground.kernel.signing import signer
from shouxin.ground.rulebook.access import grant
from shouxin.stores.ledger import services as ledger
from shouxin.stores.vault import blind, services
from shouxin.stores.vault.services import Item

AT = datetime(2026, 11, 23, 1, 0, tzinfo=UTC)


PERMIT = grant(
    actor="staff:1",
    role="privacy_officer",
    purpose="dispose",
    categories=("basic", "purchase", "need", "sensitive", "evidence", "retained"),
    until=datetime(2026, 12, 1, tzinfo=UTC),
)


def nobody(customers):
    """No holds."""
    return ()


def found_ledger(at=AT):
    """The ledger of a simulated company."""
    ledger.found(
        origin="simulated.example.cn/a", simulated=True, company="甲", signer=signer(b"\x07" * 32, "simulated.a"), at=at
    )


def rows(text):
    """The canonical JSON of one row."""
    return encode([{"n": 1, "f": {"note": text}}])


def fill(count, *, at=AT, categories=("basic", "purchase"), index=True):
    """`count` customers with an envelope per category and a telephone key each."""
    numbers = services.allocate(count)
    with transaction.atomic():
        items = [Item(n, category, 1, 1, rows(f"{category} {n}")) for n in numbers for category in categories]
        services.seal_batch(items=items, at=at)
        if index:
            services.index(entries=[("phone", f"000{n:08d}", n) for n in numbers])
    return numbers


def texts(customers, *, categories=("basic", "purchase"), permit=PERMIT, at=AT):
    """What opens: (customer, category) → raw."""
    found = services.open_for(grant=permit, customers=customers, categories=categories, reason="test", at=at)
    return {(opened.customer, opened.category): opened.value.raw for opened in found}


TRIGGERS = importlib.import_module("shouxin.stores.ledger.migrations.0002_append_only")


@pytest.fixture
def after_flush(django_db_setup, django_db_blocker):
    """The ledger's triggers stand again when Django has emptied the tables."""
    yield
    with django_db_blocker.unblock(), connection.schema_editor() as editor:
        TRIGGERS.install(None, editor)


@pytest.fixture
def committing(after_flush, transactional_db):
    """Real commits; the ledger's triggers are laid aside while Django empties the tables."""
    yield
    with connection.schema_editor() as editor:
        TRIGGERS.remove(None, editor)


@pytest.fixture
def bare(home, committing):
    """A home with a ledger and no vault."""
    found_ledger()
    yield home
    services.forget()
    blind.close()


@pytest.fixture
def vault(bare):
    """A home with a ledger and a vault."""
    services.found(at=AT)
    return bare
