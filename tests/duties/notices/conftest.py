"""A real mail server on loopback that keeps what it gets, and can refuse or fall silent."""

import email
import socket
from dataclasses import dataclass, field
from email.policy import default

import pytest
from aiosmtpd.controller import Controller
from django.conf import settings as django_settings

from shouxin.ground.formats.home import HomeFile


@dataclass
class PostBox:
    """What arrived: (address, message) in order. `refuse` maps an address to the server's answer."""

    arrived: list = field(default_factory=list)
    refuse: dict = field(default_factory=dict)
    after: object = None
    server: str = ""
    pipelining: bool = False
    controller: object = None

    async def handle_EHLO(self, server, session, envelope, hostname, responses):
        session.host_name = hostname
        return [responses[0], *(["250-PIPELINING"] if self.pipelining else []), *responses[1:]]

    async def handle_RCPT(self, server, session, envelope, address, options):
        if address in self.refuse:
            return self.refuse[address]
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):
        message = email.message_from_bytes(envelope.content, policy=default)
        self.arrived.append((envelope.rcpt_tos[0], message))
        return self.after(self) if self.after else "250 taken"

    def addresses(self):
        return [address for address, _ in self.arrived]

    def text(self, number=0):
        return self.arrived[number][1].get_content()


@pytest.fixture
def postbox():
    """The server, running."""
    box = PostBox()
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    controller = Controller(box, hostname="127.0.0.1", port=port)
    controller.start()
    box.server, box.controller = f"127.0.0.1:{port}", controller
    yield box
    controller.stop()


@pytest.fixture
def with_mail(postbox, settings):
    """The home's file names the server and a sender; no public address."""
    settings.SHOUXIN = HomeFile(
        id="home_test", simulated=True, mail_server=postbox.server, mail_from="shop@qinghe.example"
    )
    return postbox


@pytest.fixture
def without_mail(settings):
    """A home without a mail server."""
    settings.SHOUXIN = HomeFile(id="home_test", simulated=True)
    return django_settings
