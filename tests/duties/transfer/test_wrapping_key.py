"""The key of a transfer's secrets: one row under the company's passphrase, stretched once where a process keeps it."""

import pytest

from shouxin.duties.transfer import secrets
from shouxin.ground.kernel import signing
from shouxin.ground.kernel.refusals import Refusal
from shouxin.stores.parties.private_keys import opener

PASSPHRASE, NEW = b"company passphrase", b"another passphrase"


def refused(passphrase):
    with pytest.raises(Refusal) as caught:
        secrets.wrapping_key(passphrase)
    return caught.value.code


def test_it_is_made_once_and_opens_for_the_newest_passphrase_alone(db, quick_keys):
    key = secrets.wrapping_key(PASSPHRASE)
    assert secrets.wrapping_key(PASSPHRASE) == key
    assert refused(NEW) == "passphrase.wrong"
    secrets.rewrap(old_passphrase=PASSPHRASE, passphrase=NEW)
    assert secrets.wrapping_key(NEW) == key
    assert refused(PASSPHRASE) == "passphrase.wrong"


def test_a_process_that_keeps_its_keys_stretches_it_once_and_no_longer_than_the_passphrase_stands(
    db, quick_keys, monkeypatch
):
    real, times = signing._stretch, []
    monkeypatch.setattr(signing, "_stretch", lambda *told: times.append(1) or real(*told))
    monkeypatch.setattr(opener, "keeps", True)
    key = secrets.wrapping_key(PASSPHRASE)
    opened = [secrets.wrapping_key(PASSPHRASE) for _ in range(3)]
    assert (opened, len(times)) == ([key] * 3, 1)
    assert refused(NEW) == "passphrase.wrong"
    secrets.rewrap(old_passphrase=PASSPHRASE, passphrase=NEW)
    assert refused(PASSPHRASE) == "passphrase.wrong"
    assert secrets.wrapping_key(NEW) == key
    opener.forget()
