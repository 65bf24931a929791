"""What became of each message of an open mailing, on the disk before the next message goes; then the rows are marked
at once.

One line per message: row number, state, reason. A line that a stop cut short does not count: that message is in doubt,
and it alone. No contact value stands here, and the file goes when the rows are marked.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from shouxin.duties.notices.channels.files import sync_folder
from shouxin.duties.notices.models import Delivery

_FOLDER = "spool/marks"
_LINE_END = b"\n"


class Journal:
    """The open journal of one mailing."""

    def __init__(self, file: int) -> None:
        self._file = file

    def note(self, row: int, state: str, reason: str) -> None:
        """From here on this message is known to have gone, or not to go."""
        os.write(self._file, f"{row} {state} {reason}\n".encode())
        os.fsync(self._file)


@contextmanager
def writing(home: Path, mailing: int) -> Iterator[Journal]:
    """The journal of a mailing; however the sending ends, what it says is in the rows afterwards, unless the process
    is killed: then `settle` does that before the mailing goes on.
    """
    path = _path(home, mailing)
    path.parent.mkdir(parents=True, exist_ok=True)
    file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | getattr(os, "O_BINARY", 0), 0o600)
    try:
        sync_folder(path.parent)
        yield Journal(file)
    finally:
        os.close(file)
        settle(home, mailing)


def settle(home: Path, mailing: int) -> None:
    """Mark the rows as the journal says, those that are marked already left alone; then the journal goes."""
    path = _path(home, mailing)
    if not path.is_file():
        return
    outcomes: dict[tuple[str, str], list[int]] = {}
    for line in path.read_bytes().split(_LINE_END)[:-1]:
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
