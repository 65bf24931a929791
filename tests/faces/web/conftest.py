"""The stage of the pages: a founded company that asks its customers, their links, their texts, a browser without a
screen. Time stands where the simulated clock says.
"""

import re
from dataclasses import dataclass

import pytest

from shouxin.duties.notices import sending
from shouxin.stores.ledger import services as ledger_services
from tests.duties import stage as stages
from tests.duties.conftest import quick_keys, stage  # noqa: F401 - fixtures
from tests.duties.stage import CASE, CUT_OFF

_KEY = re.compile(r'name="csrfmiddlewaretoken" value="([^"]+)"')


@dataclass(frozen=True)
class Asked:
    """The company, and each customer's token and reply code, in the order of the cast."""

    stage: stages.Stage
    tokens: tuple[str, ...]
    codes: tuple[str, ...]
    texts: dict[str, str]

    def link(self, number: int = 0, rest: str = "") -> str:
        """A customer's personal address."""
        return f"/a/{self.tokens[number]}{rest}"


@pytest.fixture
def asked(stage, settings):  # noqa: F811 - the fixture
    """Texts adopted in both languages, the window open, every customer with a link."""
    settings.ALLOWED_HOSTS = ["testserver", "127.0.0.1", "localhost"]
    texts = stages.adopt(stage)
    stages.ask(stage, texts=tuple(texts.values()))
    sending.ensure_keys(CASE, stage.customers)
    keys = [sending.key_of(CASE, customer) for customer in stage.customers]
    return Asked(stage, tuple(key.token for key in keys), tuple(key.code for key in keys), texts)


class Press:
    """A customer: opens a page, reads its form key, presses a button."""

    def __init__(self, client, asked):
        self.client, self.asked = client, asked

    def open(self, number=0, rest="", **query):
        """GET."""
        return self.client.get(self.asked.link(number, rest), query)

    def press(self, number=0, rest="", **form):
        """POST with the form key of a page just opened."""
        key = _KEY.search(self.open(number).content.decode())[1]
        return self.client.post(self.asked.link(number, rest), {"csrfmiddlewaretoken": key, **form})


@pytest.fixture
def press(client, asked):
    """What a customer does."""
    return Press(client, asked)


@pytest.fixture
def after_cut_off(asked):
    """The last day for answers is over."""
    ledger_services.advance_clock(to=CUT_OFF.replace(day=24), by="system")
    return asked
