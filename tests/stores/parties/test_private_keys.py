"""A process that says so stretches each passphrase once; nothing else about who may sign changes."""

import hashlib

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


def test_a_key_made_here_signs_without_another_stretching(founded, keeping, stretched, at):
    staff = services.add_staff(name="林未", role="clerk", passphrase=b"a passphrase of her own", by="system", at=at)
    before = len(stretched)
    assert services.staff_signer(staff=staff, passphrase=b"a passphrase of her own").name == staff
    assert len(stretched) == before


@pytest.mark.parametrize("keeps", [False, True], ids=["stretched", "compared"])
@pytest.mark.parametrize(
    ("his", "hers"),
    [
        (b"the same passphrase", b"the same passphrase"),
        (b"short of a block", b"short of a block\0\0"),
        (b"longer than a block " * 4, hashlib.sha256(b"longer than a block " * 4).digest()),
    ],
    ids=["equal", "filled up", "hashed"],
)
def test_what_opens_a_colleagues_key_is_refused_compared_or_stretched(founded, monkeypatch, keeps, his, hers, at):
    monkeypatch.setattr(opener, "keeps", keeps)
    services.add_staff(name="林未", role="clerk", passphrase=his, by="system", at=at)
    with pytest.raises(Refusal, match=r"passphrase\.shared"):
        services.add_staff(name="沈一", role="second_signer", passphrase=hers, by="system", at=at)
    assert services.add_staff(name="沈一", role="second_signer", passphrase=his[:-1] + b"!", by="system", at=at)
    opener.forget()


def test_taking_people_on_stretches_each_passphrase_once(founded, officer, clerk, second, keeping, stretched, at):
    for each in (officer, clerk, second):
        services.staff_signer(staff=each.id, passphrase=each.passphrase)
    for number in range(4):
        own = b"a passphrase of number %d" % number
        staff = services.add_staff(name=f"样人{number}", role="clerk", passphrase=own, by="system", at=at)
        services.sign_undertaking(staff=staff, passphrase=own, text_digest="sha256:" + "0" * 64, at=at)
    assert len(stretched) == 3 + 4
