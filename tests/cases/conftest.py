"""The stage of these tests: the shop of the faces' tests, with keys that stretch quickly."""

from contextlib import contextmanager
from datetime import timedelta

import pytest
from django.conf import settings
from django.db import transaction
from django.test import override_settings

from shouxin.cases import queries
from shouxin.ground.kernel import signing
from shouxin.ground.kernel.digests import digest
from shouxin.stores.parties import services as parties
from tests.cast import RECEIVER, SENDER
from tests.faces.web import shop as shops

DOCUMENT = digest("协议".encode())
CLAUSES = dict.fromkeys(
    (
        "purpose",
        "method",
        "scope",
        "security_duties",
        "supervision",
        "destruction_or_return",
        "sub_processing",
        "rights",
        "responsibility",
    ),
    "双方约定的内容写在这里。",
)


@pytest.fixture
def quick_keys(monkeypatch):
    """Passphrases stretched for a moment only."""
    monkeypatch.setattr(signing, "_SCRYPT_LOG_N", 4)


@pytest.fixture
def shop(db, home, quick_keys, tmp_path):
    """The shop with its case open and no customer yet."""
    return shops.open_shop(tmp_path / "papers")


@pytest.fixture(scope="module")
def answered(django_db_setup, django_db_blocker, tmp_path_factory):
    """The shop with forty customers who were told and have answered, an agreement with the recipient; the instant of
    their answers, and one after the last day for answers. Made once for a module; a test undoes its own by `undone`.
    """
    folder = tmp_path_factory.mktemp("answered")
    (folder / "home").mkdir()
    with django_db_blocker.unblock(), pytest.MonkeyPatch.context() as patch, override_settings():
        patch.setattr(signing, "_SCRYPT_LOG_N", 4)
        settings.SHOUXIN_HOME = folder / "home"
        with _undone_at_last():
            opened = shops.open_shop(folder / "papers", customers=40)
            later = shops.tell_and_answer(opened)
            _agree(opened, at=later)
            yield opened, later, later + timedelta(days=20)


@pytest.fixture
def undone(answered, db):
    """The same; what this test writes is undone after it."""
    return answered


@contextmanager
def _undone_at_last():
    block = transaction.atomic()
    block._from_testcase = True  # as Django's own test cases mark theirs: the vault looks for a caller's transaction
    with block:
        yield
        transaction.set_rollback(True)


def _agree(shop, *, at):
    """The agreement, complete, signed by both companies."""
    recipient = queries.case(shop.case).recipient
    theirs = signing.signer(b"\x21" * 32, RECEIVER.origin)
    ours = parties.company_signer(passphrase=SENDER.passphrase)
    told = {"recipient": recipient, "clauses": CLAUSES, "document_digest": DOCUMENT}
    signatures = [parties.sign_agreement(**told, signer=each) for each in (ours, theirs)]
    parties.record_agreement(**told, signatures=signatures, by=shop.staff["owner"], at=at)


@pytest.fixture
def keys(shop):
    """Who signs, by role."""
    return keys_of(shop)


def keys_of(shop):
    """The signer of every member of staff, by role."""
    return {
        role.role: parties.staff_signer(staff=shop.staff[role.role], passphrase=role.passphrase)
        for role in shops.WORKING
    }
