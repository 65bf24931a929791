"""Runs in a process of its own: founds one company in a real home, then each test in a fork that serves a copy of it.

    python -m tests.stores.backup.driver FOLDER        a line `module name folder` in, a JSON line out

With SHOUXIN_TEST_POSTGRES in the environment and `postgres` as second argument the home lies in a schema there, and
is not copied: one test a process.
"""

import importlib
import json
import os
import shutil
import signal
import sys
import traceback
from dataclasses import dataclass
from pathlib import Path

from shouxin.ground.formats.home import HomeFile, write_home
from shouxin.ground.kernel.ids import new_id

WORK = Path(sys.argv[1])
POSTGRES = os.environ["SHOUXIN_TEST_POSTGRES"] if sys.argv[2:] == ["postgres"] else ""
TEMPLATE = WORK / "template"
HOME_ID = new_id("home")
SCHEMA = "shouxin_" + HOME_ID.removeprefix("home_")[:20] if POSTGRES else ""
os.environ.pop("DATABASE_URL", None)
if POSTGRES:
    os.environ["DATABASE_URL"] = POSTGRES
os.environ["SHOUXIN_HOME"] = str(TEMPLATE / "home")
os.environ["DJANGO_SETTINGS_MODULE"] = "shouxin.faces.site.settings"
write_home(TEMPLATE / "home", HomeFile(id=HOME_ID, simulated=True, database=POSTGRES, schema=SCHEMA))

import django  # noqa: E402

django.setup()

from django.conf import settings  # noqa: E402
from django.core.management import call_command  # noqa: E402
from django.db import connection  # noqa: E402

from shouxin.stores.backup import restoring, services  # noqa: E402
from shouxin.stores.ledger import services as ledger  # noqa: E402
from shouxin.stores.parties import services as parties  # noqa: E402
from shouxin.stores.vault import blind, durable  # noqa: E402
from shouxin.stores.vault import services as vault  # noqa: E402
from tests import cast  # noqa: E402
from tests.stores.backup.conftest import PEOPLE, QUIET  # noqa: E402
from tests.stores.vault.conftest import AT, fill  # noqa: E402

PASSPHRASE = b"recovery-holders-passphrase"
FAR = ("../e1", "../e2")


@dataclass
class World:
    """What a test finds: the home, two escrow folders, an empty folder, and the recovery key's private half."""

    root: Path
    recovery: bytes

    @property
    def home(self) -> Path:
        return self.root / "home"

    @property
    def e1(self) -> Path:
        return self.root / "e1"

    @property
    def e2(self) -> Path:
        return self.root / "e2"

    @property
    def new(self) -> Path:
        return self.root / "new"

    @property
    def signer(self):
        return parties.company_signer(passphrase=cast.SENDER.passphrase)

    def serving(self, folder):
        """This process serves the home in that folder."""
        home = restoring.HomeFile(id=HOME_ID, simulated=True, schema=SCHEMA)
        return restoring.serving(folder, home)

    def killed(self, work, point):
        """Run `work` in a fork that is killed at the n-th point, or the first of that name; what the point was called,
        "" when the work came to its end.
        """
        told = self.root / "killed-at"
        told.unlink(missing_ok=True)
        _leave()
        child = os.fork()
        if child == 0:
            _kill_at(point, told)
            try:
                work()
            except BaseException:  # noqa: BLE001
                traceback.print_exc()
                os._exit(3)
            os._exit(0)
        _, status = os.waitpid(child, 0)
        assert status == 0 or os.WIFSIGNALED(status), f"ended by itself: {status}"
        return told.read_text() if told.exists() else ""


def _kill_at(point, told):
    seen = 0

    def tick(name):
        nonlocal seen
        seen += 1
        if point in (seen, name):
            told.write_text(name)
            os.kill(os.getpid(), signal.SIGKILL)

    durable.reached = tick
    durable.observe = lambda kind, path, *_: None if kind in QUIET else tick(f"{kind} {Path(path).name}")


def _leave():
    vault.forget()
    blind.close()
    connection.close()


def make_template():
    """A founded company with a key, an escrow in two folders and seventy customers."""
    if POSTGRES:
        with connection.cursor() as cursor:
            cursor.execute(f'CREATE SCHEMA "{SCHEMA}"')
    call_command("migrate", verbosity=0)
    own = cast.SENDER
    parties.found_company(
        name=own.name,
        uscc=own.uscc,
        contact=own.contact,
        address=own.address,
        company_passphrase=own.passphrase,
        at=AT,
    )
    signer = parties.company_signer(passphrase=own.passphrase)
    ledger.found(origin=own.origin, simulated=True, company=HOME_ID, signer=signer, at=AT)
    services.found(
        escrow_targets=[Path(each) for each in FAR],
        kek=None,
        algorithm="aes-256-gcm",
        recovery_out=TEMPLATE / "recovery.json",
        recovery_passphrase=PASSPHRASE,
        at=AT,
    )
    fill(PEOPLE)
    for name in ("messages/t_1/0001.dsse", "evidence/pack.zip", "messages/t_1/0002-package.age", "spool/sms/a.csv"):
        (TEMPLATE / "home" / name).parent.mkdir(parents=True, exist_ok=True)
        (TEMPLATE / "home" / name).write_bytes(name.encode() * 100)
    (TEMPLATE / "home" / "session.secret").write_bytes(b"session secret of the old machine")
    _leave()


def use(folder):
    """A copy of the template, served by this process."""
    if POSTGRES:
        return World(TEMPLATE, services.open_recovery(TEMPLATE / "recovery.json", PASSPHRASE))
    shutil.copytree(TEMPLATE, folder)
    settings.SHOUXIN_HOME = folder / "home"
    connection.settings_dict["NAME"] = str(folder / "home" / "company.sqlite3")
    return World(folder, RECOVERY)


def attempt(module, name, folder):
    """The test in a fork; its traceback when it failed."""
    _leave()
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reader)
        try:
            getattr(importlib.import_module(module), name).scenario(use(Path(folder)))
            said = ""
        except BaseException:  # noqa: BLE001
            said = traceback.format_exc()
        with os.fdopen(writer, "w") as pipe:
            pipe.write(said)
        os._exit(0)
    os.close(writer)
    with os.fdopen(reader) as pipe:
        said = pipe.read()
    _, status = os.waitpid(child, 0)
    return said or ("" if status == 0 else f"ended with status {status}")


def drop_schemas():
    """What the test made on the server goes."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT schema_name FROM information_schema.schemata WHERE schema_name LIKE %s", (SCHEMA + "%",))
        for (name,) in cursor.fetchall():
            cursor.execute(f'DROP SCHEMA "{name}" CASCADE')


if __name__ == "__main__":
    make_template()
    RECOVERY = services.open_recovery(TEMPLATE / "recovery.json", PASSPHRASE)
    for line in sys.stdin:
        print(json.dumps(attempt(*line.split())), flush=True)
    if POSTGRES:
        drop_schemas()
