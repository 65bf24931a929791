"""What the pages' server says in its log: no personal link, and of waiting requests only what needs somebody."""

import logging
import re
import time

_LINK = re.compile(r"/a/[^\s/?'\"]+")
WORTH_TELLING = 100
"""So many requests wait for seconds."""
_QUIET_SECONDS = 60


class TokenlessFormatter(logging.Formatter):
    """Covers the token of a personal link wherever it stands in a line, also in a traceback: whoever holds a link can
    answer with it, so it stands in no log.
    """

    def format(self, record: logging.LogRecord) -> str:
        """The line, links covered."""
        return _LINK.sub("/a/…", super().format(record))


class LongQueue(logging.Filter):
    """The server tells of every request that waits for a moment. A long queue is worth a line, once a minute."""

    def __init__(self) -> None:
        super().__init__()
        self._told = -float("inf")

    def filter(self, record: logging.LogRecord) -> bool:
        """Whether this line is written: any other than of a short queue."""
        waiting = record.args[0] if isinstance(record.args, tuple) and record.args else None
        if not isinstance(waiting, int):
            return True
        if waiting < WORTH_TELLING or time.monotonic() < self._told + _QUIET_SECONDS:
            return False
        self._told = time.monotonic()
        return True
