"""Log lines without personal links: whoever holds a link can answer with it, so it stands in no log."""

import logging
import re

_LINK = re.compile(r"/a/[^\s/?'\"]+")


class TokenlessFormatter(logging.Formatter):
    """Covers the token of a personal link wherever it stands in a line, also in a traceback."""

    def format(self, record: logging.LogRecord) -> str:
        """The line, links covered."""
        return _LINK.sub("/a/…", super().format(record))
