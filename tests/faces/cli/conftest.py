"""The command line, called in this process: what it prints, on which stream, with which exit code."""

import json
from dataclasses import dataclass
from typing import Any

import pytest

from shouxin.faces.cli import door, main
from shouxin.ground.kernel import signing
from tests.cast import SENDER
from tests.faces.web import shop as shops

PASSPHRASES = {"company": SENDER.passphrase, **{role.role: role.passphrase for role in shops.WORKING}}


@dataclass(frozen=True)
class Told:
    """What one command told."""

    code: int
    out: str
    err: str

    @property
    def plain(self) -> dict[str, Any]:
        """The one JSON object on standard output."""
        lines = self.out.splitlines()
        assert len(lines) == 1, self.out
        found = json.loads(lines[0])
        assert isinstance(found, dict)
        return found


@pytest.fixture
def quick_keys(monkeypatch):
    """Passphrases stretched for a moment only."""
    monkeypatch.setattr(signing, "_SCRYPT_LOG_N", 4)


@pytest.fixture
def session(monkeypatch):
    """A command's session that knows nothing yet, as a new process has."""
    fresh = door.Session()
    for name in ("as_json", "secrets_file", "secrets_fd", "embedded"):
        monkeypatch.setattr(door.session, name, getattr(fresh, name))
    monkeypatch.setattr(door.session, "_known", {})
    return door.session


@pytest.fixture
def plain(session, capsys, monkeypatch):
    """Call a verb that needs no installation."""
    return _caller(main.load_plain, session, capsys, monkeypatch)


@pytest.fixture
def shouxin(db, session, capsys, monkeypatch):
    """Call any verb of an installation."""
    return _caller(main.load_installed, session, capsys, monkeypatch)


@pytest.fixture
def shop(db, home, quick_keys, tmp_path):
    """The shop with its case open."""
    return shops.open_shop(tmp_path / "papers")


@pytest.fixture
def secrets(shop, tmp_path):
    """The passphrase file: each name and each member's id."""
    path = tmp_path / "passphrases.env"
    lines = [f"{name}={secret.decode()}" for name, secret in PASSPHRASES.items()]
    lines += [f"{staff}={PASSPHRASES[role].decode()}" for role, staff in shop.staff.items()]
    path.write_text("# invented\n" + "\n".join(lines) + "\n", "utf-8")
    return path


def _caller(load, session, capsys, monkeypatch):
    def call(*arguments: object) -> Told:
        session._known.clear()  # each command is a process of its own
        capsys.readouterr()
        code = main.run(load(), [str(each) for each in arguments])
        said = capsys.readouterr()
        return Told(code, said.out, said.err)

    return call
