"""A founded company for the rooms of the stores and above: its log, its staff, their keys.

Founding stretches a passphrase a dozen times. So the first test that asks for a founded company has it founded by the
real verbs, and the rows that they wrote are laid down again for each later test of the same process; nothing in them
depends on the test. Import these fixtures where a room needs them: `from tests.stores.conftest import *`.
"""

import importlib
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import pytest
from django.apps import apps
from django.core.management.color import no_style
from django.db import connection, transaction

from shouxin.ground.kernel.digests import digest
from shouxin.ground.kernel.signing import Signer
from shouxin.stores.ledger import services as ledger
from shouxin.stores.parties import services as parties
from tests import cast

FOUNDED_AT = datetime(2026, 11, 2, 1, 0, tzinfo=UTC)
UNDERTAKING = digest("员工保密承诺书".encode())

APPEND_ONLY = importlib.import_module("shouxin.stores.ledger.migrations.0002_append_only")

_ROWS: dict[str, tuple[list[str], list[tuple[Any, ...]]]] = {}
_KNOWN: dict[str, Any] = {}


@dataclass(frozen=True)
class Member:
    """Someone of the cast who works here: the id, the passphrase, the signer."""

    id: str
    passphrase: bytes
    signer: Signer


@dataclass(frozen=True)
class Founded:
    """The sending company, founded: its signer and its staff, who have all signed their undertaking."""

    company: cast.CompanyRole
    signer: Signer
    officer: Member
    second: Member
    clerk: Member


@pytest.fixture
def founded(db) -> Founded:
    """The sending company of the cast, founded on 2 November 2026 as a simulated one."""
    if not _ROWS:
        return _found()
    _lay_down()
    return _KNOWN["founded"]


@pytest.fixture
def company_signer(founded) -> Signer:
    """Who signs for the sending company."""
    return founded.signer


@pytest.fixture
def officer(founded) -> Member:
    """The privacy officer."""
    return founded.officer


@pytest.fixture
def second(founded) -> Member:
    """The second signer, with a key of an own."""
    return founded.second


@pytest.fixture
def clerk(founded) -> Member:
    """The clerk."""
    return founded.clerk


@pytest.fixture
def outsider(founded) -> str:
    """Someone who does not work here."""
    return "staff:" + "o" * 26


@pytest.fixture
def triggers_stand_again(django_db_setup, django_db_blocker):
    """What is written once is so again, after Django has emptied the tables behind a test with real transactions."""
    yield
    with django_db_blocker.unblock(), connection.schema_editor() as editor:
        APPEND_ONLY.install(None, editor)


@pytest.fixture
def durable_db(triggers_stand_again, transactional_db):
    """A database whose transactions are real, for tests with several connections."""
    yield
    with connection.schema_editor() as editor:
        APPEND_ONLY.remove(None, editor)


def _found() -> Founded:
    own = cast.SENDER
    with transaction.atomic():
        parties.found_company(
            name=own.name,
            uscc=own.uscc,
            contact=own.contact,
            address=own.address,
            company_passphrase=own.passphrase,
            at=FOUNDED_AT,
        )
        signer = parties.company_signer(passphrase=own.passphrase)
        ledger.found(origin=own.origin, simulated=True, company=own.name, signer=signer, at=FOUNDED_AT)
        signer = parties.company_signer(passphrase=own.passphrase)
        members = [_join(role) for role in (cast.OFFICER, cast.SECOND, cast.CLERK)]
        parties.issue_card(signer=signer, at=FOUNDED_AT)
    _KNOWN["founded"] = Founded(own, signer, *members)
    _remember()
    return _KNOWN["founded"]


def _join(role: cast.StaffRole) -> Member:
    staff = parties.add_staff(name=role.name, role=role.role, passphrase=role.passphrase, by="system", at=FOUNDED_AT)
    parties.sign_undertaking(staff=staff, passphrase=role.passphrase, text_digest=UNDERTAKING, at=FOUNDED_AT)
    return Member(staff, role.passphrase, parties.staff_signer(staff=staff, passphrase=role.passphrase))


def _remember() -> None:
    for model in _models():
        names = [field.column for field in model._meta.concrete_fields]
        quoted = ", ".join(f'"{name}"' for name in names)
        with connection.cursor() as cursor:
            cursor.execute(f'SELECT {quoted} FROM {model._meta.db_table} ORDER BY "{model._meta.pk.column}"')
            _ROWS[model._meta.db_table] = (names, list(cursor.fetchall()))


def _lay_down() -> None:
    with connection.cursor() as cursor:
        for table, (names, rows) in _ROWS.items():
            quoted = ", ".join(f'"{name}"' for name in names)
            places = ", ".join(["%s"] * len(names))
            cursor.executemany(f"INSERT INTO {table} ({quoted}) VALUES ({places})", rows)
        for statement in connection.ops.sequence_reset_sql(no_style(), _models()):
            cursor.execute(statement)


def _models() -> list[Any]:
    """The tables of ledger and parties, those pointed to before those that point."""
    found = [*apps.get_app_config("ledger").get_models(), *apps.get_app_config("parties").get_models()]
    return sorted(found, key=lambda model: any(field.many_to_one for field in model._meta.get_fields()))
