"""Two companies and a checker, each an installation in a folder and a process of its own; they exchange files only."""

import contextlib
import itertools
import json
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from shouxin.ground.formats.home import HomeFile, write_home

START = datetime(2026, 11, 23, 1, 0, tzinfo=UTC)
ROOT = Path(__file__).resolve().parents[3]


class Refused(AssertionError):
    """A verb said no."""

    def __init__(self, code, facts):
        super().__init__(code, facts)
        self.code, self.facts = code, facts


class Stopped(AssertionError):
    """The process ended in the middle of a verb."""


class Nursery:
    """The process that every installation's process is forked from."""

    def __init__(self):
        environment = {**os.environ, "PYTHONPATH": f"{ROOT / 'src'}:{ROOT}"}
        environment.pop("DATABASE_URL", None)
        environment.pop("DJANGO_SETTINGS_MODULE", None)
        command = [sys.executable, "-m", "tests.duties.transfer.nursery"]
        self.process = subprocess.Popen(command, cwd=ROOT, env=environment, stdin=subprocess.PIPE, text=True)

    def fork(self, **told):
        """One process more."""
        self.process.stdin.write(json.dumps(told) + "\n")
        self.process.stdin.flush()

    def stop(self):
        """No more processes."""
        self.process.stdin.close()
        self.process.wait(timeout=20)


@dataclass
class Home:
    """One installation. `tell` runs a verb in its process, at the time both companies share."""

    name: str
    folder: Path
    clock: "Clock"
    nursery: Nursery
    commands: object = field(default=None, repr=False)
    answers: object = field(default=None, repr=False)

    def start(self):
        told = {name: str(self.folder.parent / f"{self.name}.{name}") for name in ("commands", "answers")}
        for path in told.values():
            if not os.path.exists(path):
                os.mkfifo(path)
        self.nursery.fork(home=str(self.folder), **told)
        self.commands = Path(told["commands"]).open("w")  # noqa: SIM115 - open as long as the home is
        self.answers = Path(told["answers"]).open()  # noqa: SIM115
        return self

    def tell(self, verb, **told):
        self.ask(verb, **told)
        return self.hear()

    def ask(self, verb, **told):
        line = json.dumps({"do": verb, "at": self.clock.now.isoformat(), **told}, ensure_ascii=False)
        self.commands.write(line + "\n")
        self.commands.flush()

    def hear(self):
        line = self.answers.readline()
        if not line:
            self.stop()
            self.start()
            raise Stopped(self.name)
        answer = json.loads(line)
        if "refused" in answer:
            raise Refused(answer["refused"], answer["facts"])
        if "corrupt" in answer:
            raise Refused("corrupt", answer)
        return answer["ok"]

    def stop(self):
        for file in (self.commands, self.answers):
            with contextlib.suppress(BrokenPipeError):
                file.close()


@dataclass
class Clock:
    """The time that all homes are told."""

    now: datetime = START

    def wait(self, **duration):
        self.now += timedelta(**duration)


def migrated(folder):
    """An empty database with all tables, made once."""
    environment = {**os.environ, "SHOUXIN_HOME": str(folder), "DJANGO_SETTINGS_MODULE": "shouxin.faces.site.settings"}
    environment.pop("DATABASE_URL", None)
    folder.mkdir()
    command = [sys.executable, "-m", "django", "migrate", "--verbosity", "0"]
    subprocess.run(command, env={**environment, "PYTHONPATH": str(ROOT / "src")}, cwd=ROOT, check=True)
    return folder / "company.sqlite3"


def new_home(folder, name, clock, nursery):
    """A home whose process is starting; it has no database yet."""
    write_home(folder, HomeFile(id=f"home_{name}", simulated=True))
    for sub in ("keys", "messages"):
        (folder / sub).mkdir()
    return Home(name, folder, clock, nursery)


def give_database(home, database):
    """The migrated database, before the process first asks for it."""
    for each in database.parent.glob("company.sqlite3*"):
        shutil.copyfile(each, home.folder / each.name)


@dataclass
class World:
    """A sends, B receives, V checks. They know one another by their cards; A and B have signed an agreement."""

    a: Home
    b: Home
    v: Home
    clock: Clock
    b_at_a: str = ""
    a_at_b: str = ""
    v_at_a: str = ""
    owners: dict = field(default_factory=dict)
    own_at_b: dict = field(default_factory=dict)
    _cases: itertools.count = field(default_factory=lambda: itertools.count(1))

    @classmethod
    def founded(cls, folder):
        clock, nursery = Clock(), Nursery()
        a, b, v = (new_home(folder / name, name, clock, nursery) for name in ("a", "b", "v"))
        database = migrated(folder / "empty")
        for home in (a, b, v):
            give_database(home, database)
            home.start()
        world = cls(a, b, v, clock)
        names = {"a": "青禾家政服务部", "b": "云杉家庭服务有限公司", "v": "中立见证事务所"}
        for home in (a, b, v):
            home.ask("found", name=names[home.name])
        cards = {home.name: home.hear()["card"] for home in (a, b, v)}
        world.b_at_a = a.tell("pin", card=cards["b"])["recipient"]
        world.a_at_b = b.tell("pin", card=cards["a"])["recipient"]
        world.v_at_a = a.tell("pin", card=cards["v"], role="processor")["recipient"]
        b.tell("pin", card=cards["v"], role="processor")
        for card in ("a", "b"):
            v.tell("pin", card=cards[card], role="processor")
        signatures = [
            a.tell("sign_agreement", recipient=world.b_at_a)["signature"],
            b.tell("sign_agreement", recipient=world.a_at_b)["signature"],
        ]
        assert a.tell("agree", recipient=world.b_at_a, signatures=signatures)["missing"] == []
        assert b.tell("agree", recipient=world.a_at_b, signatures=signatures)["missing"] == []
        return world

    def stop(self):
        for home in (self.a, self.b, self.v):
            home.stop()
        self.a.nursery.stop()

    def new_case(self):
        return f"case_{next(self._cases)}"


def person(number, *, base=0):
    """One customer of the cast's town, as rows by kind; numbers lie in ranges that no network gives."""
    name = "甲乙丙丁戊己庚辛壬癸"[number % 10] + "子丑寅卯辰巳午未申酉戌亥"[number // 10 % 12] + "测"
    phone = f"154{base + number:08d}"
    basic = {
        "name": name,
        "phone": phone,
        "address": f"测试市样例区丙三路{number + 1}号{base}室",
        "registered_on": "2020-01-02",
    }
    rows = [("basic", basic)]
    rows += [
        (
            "purchase",
            {"order_no": f"D{base}{number:04d}{part}", "ordered_on": "2026-05-06", "item": "保洁", "amount": "88"},
        )
        for part in range(2)
    ]
    rows.append(("behaviour", {"visit_on": "2026-05-07", "rating": "5", "note": f"备注{base}第{number}条𠮷"}))
    if number % 3 == 0:
        rows.append(("need", {"frequency": "每周", "preference": "周末"}))
    if number % 7 == 0:
        rows.append(("sensitive", {"door_code": f"{number:04d}#"}))
    return rows
