"""The world outside the demo: a mail server on loopback that keeps each mailbox, and a short-message carrier.

    python -m shouxin.faces.cli.demo.post FOLDER

prints its port and keeps every message as a file in FOLDER, where the demo's customers read it.
"""

import email
import json
import socket
import sys
import time
from pathlib import Path
from typing import Any


class Mailboxes:
    """Keeps every message that is delivered, one file each."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._count = 0

    async def handle_EHLO(  # noqa: N802 - aiosmtpd's name
        self, server: Any, session: Any, envelope: Any, hostname: str, responses: list[str]
    ) -> list[str]:
        """Offer pipelining (RFC 2920): the sender need not wait for each line."""
        session.host_name = hostname
        return [responses[0], "250-PIPELINING", *responses[1:]]

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:  # noqa: ARG002, N802 - aiosmtpd's names
        """Take one message."""
        self._count += 1
        (self._folder / f"{self._count:07d}.eml").write_bytes(envelope.content)
        return "250 OK"


def read_mail(folder: Path) -> list[tuple[str, str]]:
    """Every message kept: address and text."""
    found = []
    for path in sorted(folder.glob("*.eml")):
        message = email.message_from_bytes(path.read_bytes())
        body = message.get_payload(decode=True)
        text = body.decode(message.get_content_charset("utf-8")) if isinstance(body, bytes) else ""
        found.append((str(message["To"]), text))
    return found


def carry_short_messages(spool: Path, phones: Path) -> list[tuple[str, str]]:
    """Take the short messages out of a company's spool, as its carrier does: number and text."""
    phones.mkdir(parents=True, exist_ok=True)
    found = []
    for path in sorted(spool.glob("*.json")):
        plain = json.loads(path.read_text("utf-8"))
        found.append((plain["to"], plain["text"]))
        path.replace(phones / path.name)
    return found


def main(argv: list[str]) -> int:
    """Serve until standard input ends."""
    from aiosmtpd.controller import Controller  # whoever only reads the mail starts without a server

    folder = Path(argv[0])
    folder.mkdir(parents=True, exist_ok=True)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    controller = Controller(Mailboxes(folder), hostname="127.0.0.1", port=port)
    controller.start()
    sys.stdout.write(f"{port}\n")
    sys.stdout.flush()
    while sys.stdin.readline():
        time.sleep(0.01)
    controller.stop()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
