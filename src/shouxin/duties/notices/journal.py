"""What became of each message of an open mailing, on the disk before the last line of the next one goes; then the rows
are marked at once.

One line per message: row number, state, reason. A line that a stop cut short does not count: that message is in doubt,
and it alone. No contact value stands here, and the file goes when the rows are marked.

The file has its full length, in zeros, before the first line: the disk then takes a line without a change of the file's
length, in half the time.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from shouxin.duties.notices.channels.files import sync_folder
from shouxin.duties.notices.models import Delivery

_FOLDER = "spool/marks"
_LINE_END, _NOT_WRITTEN = b"\n", b"\0"
_LONGEST_LINE = 80
_sync = getattr(os, "fdatasync", os.fsync)


class Journal:
    """The open journal of one mailing."""

    def __init__(self, file: int) -> None:
        self._file = file
        self._on_disk = True

    def note(self, row: int, state: str, reason: str) -> None:
        """From here on this message is known to have gone, or not to go, whatever ends the process; after `keep` also
        whatever ends the machine.
        """
        os.write(self._file, f"{row} {state} {reason}\n".encode())
        self._on_disk = False

    def keep(self) -> None:
        """What was noted is on the disk when this returns."""
        if not self._on_disk:
            _sync(self._file)
            self._on_disk = True


@contextmanager
def writing(home: Path, mailing: int, *, messages: int) -> Iterator[Journal]:
    """The journal of a mailing of so many messages; however the sending ends, what it says is in the rows afterwards,
    unless the process is killed: then `settle` does that before the mailing goes on.
    """
    path = _path(home, mailing)
    path.parent.mkdir(parents=True, exist_ok=True)
    file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_TRUNC | getattr(os, "O_BINARY", 0), 0o600)
    try:
        os.write(file, _NOT_WRITTEN * (_LONGEST_LINE * messages))
        os.lseek(file, 0, os.SEEK_SET)
        os.fsync(file)
        sync_folder(path.parent)
        journal = Journal(file)
        yield journal
        journal.keep()
    finally:
        os.close(file)
        settle(home, mailing)


def settle(home: Path, mailing: int) -> None:
    """Mark the rows as the journal says, those that are marked already left alone; then the journal goes."""
    path = _path(home, mailing)
    if not path.is_file():
        return
    outcomes: dict[tuple[str, str], list[int]] = {}
    for line in path.read_bytes().rstrip(_NOT_WRITTEN).split(_LINE_END)[:-1]:
        row, state, reason = line.decode().split(" ", 2)
        outcomes.setdefault((state, reason), []).append(int(row))
    mark(outcomes)
    path.unlink()


def mark(outcomes: dict[tuple[str, str], list[int]]) -> None:
    """Mark queued rows: (state, reason) → row numbers."""
    for (state, reason), rows in outcomes.items():
        Delivery.objects.filter(pk__in=rows, state=Delivery.QUEUED).update(state=state, reason=reason)


def _path(home: Path, mailing: int) -> Path:
    return home / _FOLDER / str(mailing)
