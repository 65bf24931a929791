"""The demo's story with companies whose processes are watched, and hurt where a fault says so.

A fault has `phase`, `strike(company, verb, words, key)`, which may give a command's answer, `hurt(key)`, `ballast`
(where it fills a disk), and `turn`, which a company holds through a command. Without one the story only counts the
durable events of every command.
"""

import collections
import contextlib
import functools
import json
import os
import signal
import sqlite3
import subprocess
import sys
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import fastexcel
import psycopg

from shouxin.faces.cli.demo.companies import Company
from shouxin.faces.cli.demo.senders import made_up
from shouxin.faces.cli.demo.story import Story
from shouxin.ground.formats.home import read_home
from shouxin.ground.kernel.refusals import Refusal
from tests.stories.faults.looking import DONE
from tests.stories.faults.sitecustomize import FOLDER, PARENT, SIZE, Shared

CUSTOMERS, SEED = 60, 7
FAULTS = Path(__file__).parent
AGAIN = frozenset(
    {"backup.created", "backup.drilled", "backup.escrowed", "cases.decided", "cases.pack_exported", "cases.permitted"}
    | {"consent.window_opened", "inventory.goods_registered", "inventory.source_scanned", "ledger.peer_cosigned"}
    | {"parties.agreement_recorded", "parties.card_issued", "parties.granted", "review.assessment_drafted"}
    | {"review.questions_answered", "vault.epoch_closed", "vault.opened"}
)
"""What the ledger rightly tells once more when a command is given again: looks, copies, and words that replace those
said before."""
ENVIRONMENT = {name: value for name, value in os.environ.items() if name not in ("SHOUXIN_HOME", "DATABASE_URL")}


@dataclass
class Process:
    """One process of a company, and the memory shared with it."""

    pid: int
    commands: IO[str]
    answers: IO[str]
    shared: Shared

    def send(self, arguments):
        """Send one command."""
        self.commands.write(json.dumps([str(each) for each in arguments], ensure_ascii=False) + "\n")
        self.commands.flush()

    def answer(self):
        """What it answered; nothing when it died."""
        line = self.answers.readline()
        return json.loads(line) if line else None

    def kill(self):
        """kill -9, unless it is dead; and wait until it is gone."""
        with contextlib.suppress(ProcessLookupError):
            os.kill(self.pid, signal.SIGKILL)
        while self.answers.readline():
            pass
        with contextlib.suppress(BrokenPipeError):
            self.commands.close()
        self.answers.close()


class Nursery:
    """A process that has everything loaded and forks what is wanted, since starting takes seconds."""

    def __init__(self, *home, database=""):
        path = os.pathsep.join([str(FAULTS), *filter(None, sys.path)])
        environment = {**ENVIRONMENT, "PYTHONPATH": path, FOLDER: "", PARENT: str(os.getpid())}
        environment |= {"DATABASE_URL": database} if database else {}
        self._process = subprocess.Popen(
            [sys.executable, str(FAULTS / "nursery.py"), *home],
            stdin=subprocess.PIPE, text=True, encoding="utf-8", env=environment,
        )  # fmt: skip
        self._one_at_a_time = threading.Lock()

    def fork(self, *, home, secrets, shared, ballast):
        """A new process for a home."""
        told = {"home": str(home), "secrets": str(secrets), "shared": str(shared), "ballast": str(ballast)}
        for name in ("commands", "answers"):
            told[name] = f"{shared}.{name}"
            os.mkfifo(told[name])
        with self._one_at_a_time:
            self._process.stdin.write(json.dumps(told) + "\n")
            self._process.stdin.flush()
        commands = Path(told["commands"]).open("w", encoding="utf-8")  # noqa: SIM115 - open as long as it lives
        answers = Path(told["answers"]).open(encoding="utf-8")  # noqa: SIM115
        return Process(int(answers.readline()), commands, answers, Shared(shared))

    def close(self):
        """Let it end."""
        self._process.stdin.close()
        self._process.wait(timeout=20)


@functools.cache
def homeless(database=""):
    """Where the processes come from that found a company in that database; ends with the tests."""
    return Nursery(database=database)


class WatchedCompany(Company):
    """A company whose process is watched, and hurt where the fault says so."""

    def watch(self, *, folder, fault, database):
        """Say what to count into, what to suffer, and where the company's database is founded."""
        self.faults, self.fault, self.database = folder, fault, database
        self.counts = {}
        self.seen = collections.Counter()
        self.begun = 0
        self.story = None
        self.present = self.resting = self.nursery = None
        folder.mkdir(parents=True, exist_ok=True)

    def call(self, *arguments, may_fail=False):
        """Run one verb, hurt and sent again where that is wanted."""
        words = [str(each) for each in arguments]
        verb = " ".join(words[: 1 if words[0] in ("init", "collect") else 2])
        key = (self.name, verb, self.seen[verb])
        self.seen[verb] += 1
        with self.fault.turn if self.fault else contextlib.nullcontext():
            answer = self.fault.strike(self, verb, words, key) if self.fault else None
            if answer is None:
                answer = self.once(words)
                self.counts[key] = self.process().shared.count()
            if answer is None:
                raise AssertionError(f"{verb} died by itself")
            result = answer["result"]
            if "error" in result and self.fault and self.fault.hurt(key):
                result = self._judge(verb, words, result)
        if "error" in result and not may_fail:
            raise Refusal(str(result["error"]), **{k: v for k, v in result.get("facts", {}).items() if k != "code"})
        return {**result, "exit_code": answer["code"]}

    def _judge(self, verb, words, result):
        """A refusal that says the verb was done already is read as a person reads it: look, and go on."""
        code, done = DONE.get(verb, ("", None))
        if done is None or result["error"] != code:
            return result
        found = done(self, words, result["facts"])
        return result if found is None else found

    def ask(self, *words):
        """Ask without being hurt."""
        answer = self.once(list(words))
        assert answer["code"] == 0, (words, answer)
        return answer["result"]

    def once(self, words, **armed):
        """Send one command; nothing comes back when the process died of it."""
        process = self.process()
        process.shared.arm(**armed)
        process.send(words)
        return process.answer()

    def process(self):
        """The process that takes the next command; a new one after a death."""
        if self.present is None:
            self.begun += 1
            shared = self.faults / f"{self.name}-{self.begun}"
            shared.write_bytes(bytes(SIZE))
            self.present = self._nursery().fork(
                home=self.folder, secrets=self.secrets, shared=shared, ballast=self.fault.ballast if self.fault else ""
            )
        return self.present

    def change_over(self):
        """From here on the company's other process takes the commands; what this one remembers grows old."""
        self.present, self.resting = self.resting, self.present

    def _nursery(self):
        if not self.staff:
            return homeless(self.database)
        if self.nursery is None:
            self.nursery = Nursery(str(self.folder))
        return self.nursery

    def bury(self):
        """The next command goes to a process that knows nothing."""
        self.present.kill()
        self.present = None

    def stop(self):
        """End what lives."""
        for _ in range(2):
            if self.present is not None:
                self.bury()
            self.change_over()
        if self.nursery is not None:
            self.nursery.close()
            self.nursery = None


class WatchedStory(Story):
    """The demo's story with watched companies."""

    def watch(self, *, folder, fault, database):
        """Watch both companies."""
        for name in ("a", "b"):
            plain = getattr(self, name)
            company = WatchedCompany(plain.name, plain.folder, plain.secrets)
            company.watch(folder=folder, fault=fault, database=database)
            company.story = self
            setattr(self, name, company)
        self.fault = fault
        return self

    def _phase(self, name, number):
        super()._phase(name, number)
        if self.fault and name != "demo.files":
            self.fault.phase = name.removeprefix("demo.")

    def _read_post(self):
        self.listed = _listed(self.a.folder / "spool" / "lists")
        super()._read_post()

    def tell(self):
        """From the files to the proof."""
        try:
            for part in (self.prepare, self.tell_and_ask, self.decide, self.hand_over, self.end, self.prove):
                part()
        finally:
            if sys.exc_info()[0] is not None:
                self.stop()
        return self


def story(folder, fault, *, watched=None, database=""):
    """A story of sixty customers; what its processes share with the test lies in `watched`, else beside them."""
    told = WatchedStory(folder=folder, sender=made_up(customers=CUSTOMERS, seed=SEED), teller=_silent)
    return told.watch(folder=watched or folder / "faults", fault=fault, database=database)


def held(company):
    """What a company holds: its sources' rows, its customers by kind."""
    plain = company.ask("source", "list")
    rows = [
        {name: each[name] for name in ("kind", "rows_read", "rows_collected", "rows_merged", "rows_rejected", "gone")}
        for each in plain["sources"]
    ]
    return rows, plain["counts"], plain["categories"]


def told_once(company):
    """How often the ledger tells each kind of event that a command given again must not tell again."""
    home, asked = read_home(company.folder), "SELECT kind FROM ledger_entry"
    if home.database:
        with psycopg.connect(home.database, options=f"-c search_path={home.schema}") as database:
            kinds = database.execute(asked).fetchall()
    else:
        with contextlib.closing(sqlite3.connect(company.folder / "company.sqlite3")) as database:
            kinds = database.execute(asked).fetchall()
    return collections.Counter(kind for (kind,) in kinds if kind not in AGAIN)


def staff(company):
    """Who works there, by role."""
    return sorted(each["role"] for each in company.ask("staff", "list")["staff"])


def sent(told):
    """How many short messages each number got."""
    phones = told.folder / "outside" / "phones"
    return collections.Counter(json.loads(path.read_text("utf-8"))["to"] for path in phones.glob("*.json"))


def verdict(told):
    """The exit code of `verify` on the story's pack, and what it said."""
    done = subprocess.run(
        [sys.executable, "-m", "shouxin.faces.cli.main", "verify", str(told.pack), "--trust", str(told.trust)],
        env=ENVIRONMENT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    return done.returncode, done.stdout


def messages(told):
    """Every envelope of both companies, by where it lies."""
    return [
        {path.relative_to(folder): path.read_bytes() for path in folder.rglob("*.dsse")}
        for folder in (told.folder / name / "home" / "messages" for name in ("A", "B"))
    ]


def _silent(phase, done, total):
    """Progress is not told here."""


def _listed(folder):
    """How often each reply code stands on the telephone and letter lists."""
    count = collections.Counter()
    for path in folder.rglob("*.xlsx"):
        rows = fastexcel.read_excel(path).load_sheet(0, header_row=None, dtypes="string").to_arrow().to_pylist()
        count.update(str(list(row.values())[3]) for row in rows[1:])
    return count
