"""A process that says so stretches each passphrase once; nothing else about who may sign changes."""

import pytest

from shouxin.ground.kernel import signing
from shouxin.ground.kernel.refusals import Refusal
from shouxin.stores.parties import services
from shouxin.stores.parties.private_keys import opener
from tests import cast


@pytest.fixture
def stretched(monkeypatch):
    """How often a passphrase was stretched."""
    real, times = signing._stretch, []

    def counting(*args):
        times.append(1)
        return real(*args)

    monkeypatch.setattr(signing, "_stretch", counting)
    return times


@pytest.fixture
def keeping(monkeypatch):
    """A process that keeps what it opens."""
    monkeypatch.setattr(opener, "keeps", True)
    yield
    opener.forget()


def _refused(staff: str, passphrase: bytes) -> str:
    with pytest.raises(Refusal) as refusal:
        services.staff_signer(staff=staff, passphrase=passphrase)
    return refusal.value.code


def test_a_process_keeps_nothing_unless_it_says_so(founded, clerk, stretched):
    for _ in range(2):
        services.staff_signer(staff=clerk.id, passphrase=clerk.passphrase)
    assert len(stretched) == 2


def test_a_key_opened_once_signs_again_for_the_same_passphrase_and_no_other(founded, clerk, second, keeping, stretched):
    first = services.staff_signer(staff=clerk.id, passphrase=clerk.passphrase)
    again = services.staff_signer(staff=clerk.id, passphrase=clerk.passphrase)
    assert (again.public, again.sign(b"said")) == (first.public, first.sign(b"said"))
    assert services.company_signer(passphrase=cast.SENDER.passphrase).key_id == founded.signer.key_id
    assert len(stretched) == 2
    for wrong in (second.passphrase, b"", clerk.passphrase[:-1]):
        assert _refused(clerk.id, wrong) == "passphrase.wrong"
        assert _refused(clerk.id, wrong) == "passphrase.wrong"
    assert len(stretched) == 8
    opener.forget()
    services.staff_signer(staff=clerk.id, passphrase=clerk.passphrase)
    assert len(stretched) == 9


def test_a_kept_key_signs_no_more_for_who_left_or_took_a_new_one(founded, officer, clerk, second, keeping, at):
    for each in (clerk, second):
        services.staff_signer(staff=each.id, passphrase=each.passphrase)
    services.revoke_staff(staff=clerk.id, by=officer.id, at=at)
    assert _refused(clerk.id, clerk.passphrase) == "parties.staff_revoked"
    key = services.rotate_staff_key(
        staff=second.id, old_passphrase=second.passphrase, passphrase=b"new own passphrase", by=second.id, at=at
    )
    assert _refused(second.id, second.passphrase) == "passphrase.wrong"
    assert services.staff_signer(staff=second.id, passphrase=b"new own passphrase").key_id == key
