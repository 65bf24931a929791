"""Mail over SMTP, one connection for many messages. A message in doubt goes again under the same Message-ID.

Where the server offers it, the commands of one message go in one piece with the end of the one before (RFC 2920). Its
own body goes when they are granted; its last line, without which no server takes it, when what came of the one before
is known for good. One message is ever in doubt, and server and disk work at the same time.
"""

import smtplib
import socket
import ssl
from binascii import b2a_base64
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from email.header import Header
from email.utils import format_datetime
from functools import cache
from smtplib import quoteaddr

from shouxin.ground.kernel.refusals import Refusal, Unavailable

_TIMEOUT = 30
_TAKEN, _GO_ON, _CLOSING, _PERMANENT = 250, 354, 421, 500
_GRANTED = (_TAKEN, 251, _GO_ON)
_LINE = 76
_END = b"\r\n.\r\n"


@dataclass(frozen=True)
class Mail:
    """One message, ready to go."""

    id: str
    to: str = field(repr=False)
    subject: str
    body: str = field(repr=False)
    language: str
    at: datetime


@dataclass(frozen=True, repr=False)
class Letter:
    """What goes over the wire: the commands, then the bytes without the end of the last line."""

    envelope: tuple[str, ...]
    raw: bytes


def _at_once() -> None:
    """Nothing to wait for."""


class MailServer:
    """An open connection to the home's mail server."""

    def __init__(self, connection: smtplib.SMTP, sender: str) -> None:
        self._connection = connection
        self._sender = sender
        self._from = f"MAIL FROM:{quoteaddr(sender)}"
        self._in_one_piece = connection.has_extn("pipelining")
        self._speaks_unicode = connection.has_extn("smtputf8") and connection.has_extn("8bitmime")
        self._asked = False

    def send_all(self, mails: Sequence[Mail], *, known: Callable[[], None] = _at_once) -> Iterator[str]:
        """Hand messages over one after the other; for each, in order, why it was refused (a code, never the server's
        words), or nothing when it was taken. A message ends only after what came of the one before was taken from here
        and `known` returned.

        Raises:
            Unavailable: the server is gone; whether it took the message it was at is not known.
        """
        letters = [self._letter(mail) for mail in mails]
        for letter, following in zip(letters, [*letters[1:], None], strict=True):
            if letter is None:
                yield "address"
                continue
            with _reaching_the_server():
                refused = self._begin(letter)
            if not refused:
                known()
                with _reaching_the_server():
                    refused = self._end(following)
            yield ("smtp_permanent" if refused >= _PERMANENT else "smtp_temporary") if refused else ""

    def _begin(self, letter: Letter) -> int:
        """The first part of a transaction (RFC 5321, 3.3): commands and body; the code of a refusal that concerns this
        message alone, else 0.
        """
        replies = self._ask(letter.envelope)
        self._asked = False
        refused = next((at for at, code in enumerate(replies) if code not in _GRANTED), None)
        if refused is None:
            self._connection.send(letter.raw)
            return 0
        if refused == 0:  # the sender, or the server itself
            raise smtplib.SMTPSenderRefused(replies[0], b"", self._sender)
        if replies[-1] == _GO_ON:  # it waits for a body all the same: an empty one, to nobody
            self._connection.send(b".\r\n")
            self._reply()
        self._ask(("RSET",))
        return replies[refused]

    def _end(self, following: Letter | None) -> int:
        """The last line, the next commands behind it; the code of a refusal of this message, 0 when it was taken."""
        ahead = following.envelope if following and self._in_one_piece else ()
        self._asked = bool(ahead)
        self._connection.send(_END + _lines(ahead))
        code = self._reply()
        return 0 if code == _TAKEN else code

    def _ask(self, commands: tuple[str, ...]) -> list[int]:
        """The replies to some commands; without pipelining none is said after one that was refused."""
        if self._in_one_piece:
            if not self._asked:
                self._connection.send(_lines(commands))
            return [self._reply() for _ in commands]
        replies: list[int] = []
        for command in commands:
            self._connection.send(_lines((command,)))
            replies.append(self._reply())
            if replies[-1] not in _GRANTED:
                break
        return replies

    def _reply(self) -> int:
        code, _ = self._connection.getreply()
        if code == _CLOSING or code < 0:
            raise smtplib.SMTPServerDisconnected("closing, or no reply that can be read")
        return code

    def _letter(self, mail: Mail) -> Letter | None:
        """The message (RFC 5322), written by hand: only two lines and the body differ from one to the next. None when
        the address cannot be written.

        No line of it begins with a dot, neither header lines nor base64 do.
        """
        if any(sign in line for line in (self._sender, mail.to) for sign in "\r\n"):
            return None
        sender, to = _on_the_wire(self._sender), _on_the_wire(mail.to)
        beyond = not (sender + to).isascii()
        if beyond and not self._speaks_unicode:
            return None
        head = [
            f"From: {sender}",
            f"To: {to}",
            _subject_line(mail.subject),
            f"Date: {format_datetime(mail.at)}",
            f"Message-ID: <{mail.id}@{sender.rpartition('@')[2]}>",
            "MIME-Version: 1.0",
            'Content-Type: text/plain; charset="utf-8"',
            f"Content-Language: {mail.language}",
            "Content-Transfer-Encoding: base64",
        ]
        unicode = " BODY=8BITMIME SMTPUTF8" if beyond else ""  # RFC 6531, 3.4
        envelope = (f"MAIL FROM:{quoteaddr(sender)}{unicode}", f"RCPT TO:{quoteaddr(to)}", "DATA")
        try:
            headers = "\r\n".join(head).encode()
        except UnicodeEncodeError:
            return None
        return Letter(envelope, headers + b"\r\n\r\n" + _in_base64(mail.body))


@contextmanager
def _reaching_the_server() -> Iterator[None]:
    try:
        yield
    except (smtplib.SMTPException, OSError) as error:
        raise Unavailable("mail server") from error


@contextmanager
def connect(*, server: str, sender: str) -> Iterator[MailServer]:
    """A connection to `host:port`, encrypted where the server offers it.

    Raises:
        Refusal("notices.no_mail_server"): the home names none, or no sender; Unavailable: it does not answer.
    """
    host, _, port = server.rpartition(":")
    if not host or not port.isdigit() or "@" not in sender:
        raise Refusal("notices.no_mail_server")
    try:
        connection = smtplib.SMTP(host, int(port), timeout=_TIMEOUT)
        connection.ehlo_or_helo_if_needed()
        if connection.has_extn("starttls"):
            connection.starttls(context=ssl.create_default_context())
            connection.ehlo_or_helo_if_needed()
    except (smtplib.SMTPException, OSError) as error:
        raise Unavailable("mail server") from error
    if connection.sock is not None:  # the last line of a message is short, and goes at once
        connection.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    try:
        yield MailServer(connection, sender)
    finally:
        connection.close()


@cache
def _subject_line(subject: str) -> str:
    return "Subject: " + Header(subject, "utf-8", header_name="Subject").encode(linesep="\r\n")


def _lines(commands: tuple[str, ...]) -> bytes:
    return "".join([f"{command}\r\n" for command in commands]).encode()


def _on_the_wire(address: str) -> str:
    """A domain beyond ASCII in the form every server knows (RFC 5891), where the name before it is plain; else both as
    they are.
    """
    name, _, domain = address.rpartition("@")
    if address.isascii() or not name.isascii():
        return address
    try:
        return f"{name}@{domain.encode('idna').decode('ascii')}"
    except UnicodeError:
        return address


def _in_base64(body: str) -> bytes:
    coded = b2a_base64(body.replace("\n", "\r\n").encode(), newline=False)
    return b"\r\n".join([coded[at : at + _LINE] for at in range(0, len(coded), _LINE)])
