"""Short messages through whatever provider a company has; by default one file per message for it to pick up."""

from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Protocol

from shouxin.duties.notices.channels.files import sync, write_unsynced
from shouxin.ground.kernel.canonical import encode
from shouxin.ground.kernel.times import to_text


@dataclass(frozen=True)
class ShortMessage:
    """One message, ready to go. The same id again is the same message; `number` counts on from one to the next."""

    id: str
    number: int
    to: str = field(repr=False)
    text: str = field(repr=False)
    at: datetime


class SmsProvider(Protocol):
    """Who takes short messages. Sending the same id twice must send one message."""

    def send(self, message: ShortMessage) -> None:
        """Take one message.

        Raises:
            Refusal("notices.sms_refused", reason=…): this number is refused; Unavailable: the provider is down.
        """
        ...

    def flush(self) -> None:
        """From here on no message taken so far can get lost.

        Raises:
            Unavailable: the provider is down.
        """
        ...


class FileDrop:
    """One JSON file per message in a folder of the spool, which is a registered place with an end of its own. By their
    names the files lie in the order of sending, so that two messages to one telephone come in that order.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._taken: list[Path] = []

    def send(self, message: ShortMessage) -> None:
        """Write the message whole or not at all; the same id overwrites itself."""
        body = {"id": message.id, "to": message.to, "text": message.text, "at": to_text(message.at)}
        if not self._taken:
            self._folder.mkdir(parents=True, exist_ok=True)
        path = self._folder / f"{message.number:012d}-{message.id}.json"
        write_unsynced(path, encode(body))
        self._taken.append(path)

    def flush(self) -> None:
        """Sync what was written since the last time, the folder's list of names included."""
        sync(self._taken)
        self._taken.clear()
