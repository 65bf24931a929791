"""A transfer's files appear whole, however many processes of the company write them at once."""

import hashlib
import os
from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace

from shouxin.duties.transfer import places
from tests.disks import no_room

TID = "tid_" + "a" * 26
AT_ONCE, TIMES = 8, 20


def test_an_envelope_that_several_write_at_once_lies_there_whole(home):
    for seq in range(1, TIMES + 1):
        message = SimpleNamespace(transfer_id=TID, seq=seq, envelope=os.urandom(50_000))
        with ThreadPoolExecutor(AT_ONCE) as several:
            paths = set(several.map(lambda _, message=message: places.put_envelope(message), range(AT_ONCE)))
        assert [path.read_bytes() for path in paths] == [message.envelope]
    assert not list((home / "messages" / TID).glob("*.unfinished"))


def test_a_part_that_several_take_at_once_arrives_for_each_of_them(home, tmp_path):
    raw = os.urandom(300_000)
    source = tmp_path / "part"
    source.write_bytes(raw)
    told = {"size": len(raw), "digest": "sha256:" + hashlib.sha256(raw).hexdigest()}
    for number in range(TIMES):
        target = places.package_path(TID, number)
        with ThreadPoolExecutor(AT_ONCE) as several:
            assert all(several.map(lambda _, t=target: places.take_part(source, t, **told), range(AT_ONCE)))
        assert target.read_bytes() == raw


def test_an_envelope_that_a_full_disk_refused_is_written_when_there_is_room(home):
    message = SimpleNamespace(transfer_id=TID, seq=1, envelope=b"{}")
    places.folder(TID)
    places.put_envelope(SimpleNamespace(transfer_id=TID, seq=2, envelope=b"{}"))
    with no_room():
        try:
            places.put_envelope(message)
        except OSError as error:
            refused = error
    assert "large" in str(refused)
    assert not places.envelope_path(TID, 1).exists()
    assert places.put_envelope(message).read_bytes() == b"{}"
