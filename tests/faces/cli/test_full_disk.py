"""A full disk is told as such by whatever failed; other faults are not taken for one."""

import errno
import sqlite3
from contextlib import closing

import pytest
from django.db import OperationalError

from shouxin.faces import words
from shouxin.faces.cli import door, full_disk
from shouxin.ground.kernel.refusals import Corrupt, Refusal, Unavailable
from tests.disks import no_room


class ServerError(Exception):
    """As the driver of PostgreSQL gives it."""

    def __init__(self, sqlstate):
        super().__init__(sqlstate)
        self.sqlstate = sqlstate


def caused(error, cause):
    """An error with its cause, as `raise … from` makes it."""
    error.__cause__ = cause
    return error


@pytest.mark.parametrize(
    "error",
    [
        OSError(errno.ENOSPC, "No space left on device"),
        OSError(errno.EFBIG, "File too large"),
        caused(Unavailable("storage"), OSError(errno.EDQUOT, "Disk quota exceeded")),
        caused(Corrupt("package that does not open", "part 1"), OSError(errno.ENOSPC, "No space left on device")),
        caused(OperationalError("could not extend file"), ServerError("53100")),
    ],
)
def test_it_is_told_wherever_in_the_chain_it_stands(error, tmp_path):
    found = full_disk.refusal_of(error, tmp_path)
    assert found.code == "disk.full"
    assert found.facts["free_mb"] > 0


@pytest.mark.parametrize(
    "error",
    [
        OSError(errno.EIO, "Input/output error"),
        ValueError("disk full"),
        Refusal("cases.closed"),
        Unavailable("mail server"),
        caused(OperationalError("canceled"), ServerError("57014")),
    ],
)
def test_other_faults_are_no_full_disk(error, tmp_path):
    assert full_disk.refusal_of(error, tmp_path) is None


def test_a_database_that_is_full_says_so_itself(tmp_path):
    with closing(sqlite3.connect(tmp_path / "small")) as database:
        database.execute("PRAGMA max_page_count = 2")
        database.execute("CREATE TABLE t (x)")
        with pytest.raises(sqlite3.OperationalError) as failed:
            database.execute("INSERT INTO t VALUES (zeroblob(20000))")
    assert full_disk.refusal_of(failed.value, tmp_path).code == "disk.full"


def test_a_database_file_that_may_not_grow_is_a_full_disk_as_long_as_the_home_takes_nothing(tmp_path):
    with closing(sqlite3.connect(tmp_path / "small")) as database:
        with no_room():
            with pytest.raises(sqlite3.OperationalError) as failed:
                database.execute("CREATE TABLE t (x)")
            assert full_disk.refusal_of(failed.value, tmp_path / "not" / "there").code == "disk.full"
        assert full_disk.refusal_of(failed.value, tmp_path) is None


def test_the_door_says_what_to_do_in_both_languages_and_ends_with_the_world_is_down(monkeypatch):
    full = OSError(errno.ENOSPC, "No space left on device")
    for told in (door.failed(caused(Unavailable("storage"), full)), door.unexpected(full)):
        assert (told.code, told.plain["error"]) == (4, "disk.full")
        assert "腾出空间" in told.plain["sentence"]
    english = words.sentence("disk.full", told.plain["facts"], in_language="en")
    assert "Make room" in english
    assert "same command again" in english
    monkeypatch.setenv("SHOUXIN_LANGUAGE", "en")
    assert door.unexpected(full).lines == (english,)


def test_errors_that_stand_behind_one_another_in_a_ring_are_looked_at_once(tmp_path):
    refused = Refusal("parties.no_staff", staff="x")
    ring = caused(RuntimeError("command"), refused)
    refused.__context__ = ring  # raised again out of the error that it caused
    assert full_disk.refusal_of(ring, tmp_path) is None
    refused.__context__ = caused(OSError(errno.ENOSPC, "No space left on device"), ring)
    assert full_disk.refusal_of(ring, tmp_path).code == "disk.full"
