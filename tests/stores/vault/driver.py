"""Runs in a process of its own: forks a child for each point at which it is killed, and another that opens what is
left.

    python -m tests.stores.vault.driver SCENARIO FOLDER [STRIDE]        one JSON line per point

Every named step is a point, and every STRIDE-th write, sync, rename and removal between them.
"""

import contextlib
import hashlib
import json
import os
import random
import shutil
import signal
import sys
from pathlib import Path

from shouxin.ground.formats.home import HomeFile

SCENARIO, WORK = sys.argv[1], Path(sys.argv[2])
STRIDE = int(sys.argv[3]) if len(sys.argv) > 3 else 1
URL = os.environ.get("DATABASE_URL", "")
TEMPLATE = WORK / "template"
TEMPLATE.mkdir(parents=True)
os.environ["SHOUXIN_HOME"] = str(TEMPLATE)
os.environ["DJANGO_SETTINGS_MODULE"] = "shouxin.faces.site.settings"
(TEMPLATE / "home.toml").write_text(HomeFile(id="home_driver", simulated=True).to_text())

import django  # noqa: E402

django.setup()

from django.conf import settings  # noqa: E402
from django.core.management import call_command  # noqa: E402
from django.db import connection  # noqa: E402

from shouxin.ground.kernel.refusals import Refusal  # noqa: E402
from shouxin.stores.ledger import queries as ledger  # noqa: E402
from shouxin.stores.vault import allocation, blind, durable, escrow, keyring, queries, services  # noqa: E402
from tests.stores.vault.conftest import AT, PERMIT, fill, found_ledger, nobody, rows, texts  # noqa: E402

GONE = {5: None, 64: None, 66: frozenset({"purchase"}), 69: None}
PEOPLE = 70
QUIET = ("create", "truncate")
allocation.PAGES_AHEAD = 2
DATABASE = settings.DATABASES["default"]["NAME"]


def use(home, database):
    """Point this process to a home and its database."""
    connection.close()
    settings.SHOUXIN_HOME = home
    settings.STATIC_ROOT = home / "static"
    connection.settings_dict["NAME"] = database if URL else str(home / "company.sqlite3")


def admin(statement):
    """One statement outside every home (PostgreSQL)."""
    connection.close()
    connection.settings_dict["NAME"] = "postgres"
    with connection.cursor() as cursor:
        cursor.execute(statement)
    connection.close()


def make_template():
    """A home with keys, escrow and 130 customers; the founding is its own scenario."""
    if URL:
        admin(f'DROP DATABASE IF EXISTS "{DATABASE}_t"')
        admin(f'CREATE DATABASE "{DATABASE}_t"')
    use(TEMPLATE, f"{DATABASE}_t")
    for app in ("ledger", "vault"):
        call_command("migrate", app, verbosity=0)
    found_ledger()
    if SCENARIO != "found":
        found()
        fill(PEOPLE)
    services.forget()
    blind.close()
    if not URL:
        with connection.cursor() as cursor:
            cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    connection.close()
    if SCENARIO.endswith("recover"):
        shutil.copy(TEMPLATE / "keys" / "root.1", WORK / "root.1")
        in_child(stop_at_the_flip)


def stop_at_the_flip():
    """The worst moment: the new root was written, not synced, and the older one stands."""
    use(TEMPLATE, f"{DATABASE}_t")
    kill_at("root written", WORK / "told")
    shred()


def copy(name):
    """A copy of the template."""
    home = WORK / name
    shutil.copytree(TEMPLATE, home)
    if URL:
        admin(f'DROP DATABASE IF EXISTS "{DATABASE}_c"')
        admin(f'CREATE DATABASE "{DATABASE}_c" TEMPLATE "{DATABASE}_t"')
    return home


def found():
    private, public = escrow.new_recovery()
    (Path(settings.SHOUXIN_HOME) / "holder.key").write_bytes(private)
    services.found(at=AT, escrow_targets=[Path("escrow-a"), Path("escrow-b")], recovery=public)


def shred():
    return services.shred(cells=GONE, reason={"why": "test"}, at=AT, by="staff:1", held=nobody)


def act():
    """What is killed."""
    if SCENARIO in ("shred", "power-shred"):
        shred()
    elif SCENARIO in ("allocate", "power-allocate"):
        services.allocate(130)
    elif SCENARIO in ("epoch", "power-epoch"):
        services.close_epoch(at=AT, by="staff:1")
    elif SCENARIO in ("recover", "power-recover"):
        services.recover()
    elif SCENARIO == "found":
        found()


def kill_at(point, told):
    """Stop this process, as kill -9 does, at the n-th point or the first of that name; write the name first."""
    seen, writes = 0, 0

    def tick(name):
        nonlocal seen
        seen += 1
        if point in (seen, name):
            told.write_text(name)
            os.kill(os.getpid(), signal.SIGKILL)

    def tick_write(kind, path, *_):
        nonlocal writes
        writes += kind not in QUIET
        if kind not in QUIET and writes % STRIDE == 0:
            tick(f"{kind} {Path(path).name}")

    durable.reached = tick
    durable.observe = tick_write


def in_child(work):
    """Run `work` in a fork; its exit status and what it returned."""
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reader)
        answer = work()
        os.write(writer, json.dumps(answer).encode())
        os._exit(0)
    os.close(writer)
    with os.fdopen(reader) as pipe:
        said = pipe.read()
    _, status = os.waitpid(child, 0)
    return status, json.loads(said) if said else None


def check(home):
    """What the next process finds: before recovery the others' values, after it everything in order."""
    use(home, f"{DATABASE}_c")
    if SCENARIO == "found":
        return check_founding()
    others = [n for n in range(1, PEOPLE + 1) if n not in GONE]
    before = texts(others)
    services.recover()
    after = texts(others)
    whole = {(n, c): rows(f"{c} {n}") for n in others for c in ("basic", "purchase")}
    wrong = list(queries.self_test(sample=1000).wrong)
    if before != whole or after != whole:
        wrong.append("others hurt")
    if services.look_up(entries=[("phone", f"000{n:08d}") for n in others]) != [(n,) for n in others]:
        wrong.append("others not found")
    intents = len(ledger.entries(kinds={"destroy.intent"}))
    if intents != len(ledger.entries(kinds={"destroy.done"})):
        wrong.append("intent without done")
    wrong += check_gone(destroyed=bool(intents)) + check_escrow(home)
    again = services.allocate(1)[0]
    return {"wrong": wrong, "done": bool(intents), "next": again}


def check_gone(*, destroyed):
    """Each of those who were to go is wholly gone, or wholly there."""
    wrong = []
    for customer, names in GONE.items():
        found = services.look_up(entries=[("phone", f"000{customer:08d}")])
        try:
            opened = set(texts([customer]))
        except Refusal:
            opened = set()
        left = {(customer, c) for c in ("basic", "purchase") if not destroyed or (names and c not in names)}
        if opened != left or bool(found[0]) != ((customer, "basic") in left):
            wrong.append(f"torn {customer}")
    return wrong


def check_escrow(home):
    """One bundle per copy, of the present generation, with every leaf."""
    generation = queries.self_test().generation
    for name in ("escrow-a", "escrow-b"):
        if [path.name for path in sorted((home / name).glob("keys-*"))] != [f"keys-{generation:012d}.escrow"]:
            return [f"escrow of another generation in {name}"]
        if escrow.open_bundle(escrow.newest(home / name), (home / "holder.key").read_bytes()).table.pages < 2:
            return ["escrow without pages"]
    return []


def check_founding():
    """The same command again founds, or finds it founded; then it works."""
    with contextlib.suppress(Refusal):
        found()
    fill(3)
    return {"wrong": list(queries.self_test().wrong), "done": len(texts([1, 2, 3])) == 6, "next": 4}


def lose_power():
    """Record every act on key files with the database's bytes at that moment; then try each prefix with reorderings
    of what was not synced.
    """
    home = copy("live")
    use(home, f"{DATABASE}_c")
    model, moments = Disk(home), []

    def tell(*event):
        model.apply(*event)
        moments.append((" ".join([event[0], Path(event[1]).name]), model.variants(len(moments)), database_bytes(home)))

    durable.observe = tell
    act()
    durable.observe = None
    services.forget()
    blind.close()
    connection.close()
    shutil.rmtree(home)
    seen = set()
    for point, (name, variants, databases) in enumerate(moments):
        for files in variants:
            mark = hashlib.sha256(repr((sorted(files.items()), sorted(databases.items()))).encode()).digest()
            if mark in seen:
                continue
            seen.add(mark)
            if len(seen) % STRIDE:
                continue
            yield point, name, files, databases


def database_bytes(home):
    """What SQLite has handed to the disk: its own commits are synced."""
    return {path.name: path.read_bytes() for path in home.glob("*.sqlite3*") if not path.name.endswith("-shm")}


class Disk:
    """Files and names, each as synced and as written since: any subset of the latter may have reached the disk."""

    def __init__(self, home):
        self.home = home
        self.contents, self.now = {}, {}
        for folder in ("keys", "escrow-a", "escrow-b"):
            for path in (home / folder).rglob("*"):
                if path.is_file() and path.name != "lock":
                    self.now[self.name(path)] = len(self.contents)
                    self.contents[len(self.contents)] = (path.read_bytes(), [])
        self.synced = dict(self.now)
        if SCENARIO == "power-recover":
            # The killed process had not synced the new root: all readers see it, and the disk may not hold it.
            number = self.now["keys/root.1"]
            self.contents[number] = ((WORK / "root.1").read_bytes(), [("write", self.contents[number][0])])

    def name(self, path):
        return str(Path(path).relative_to(self.home))

    def apply(self, kind, path, *rest):
        name = self.name(path)
        if kind == "create":
            self.now[name] = len(self.contents)
            self.contents[len(self.contents)] = (b"", [])
        elif kind in ("write", "truncate", "append"):
            self.contents[self.now[name]][1].append((kind, *rest))
        elif kind == "sync":
            number = self.now[name]
            self.contents[number] = (after(self.contents[number], keep=lambda: True), [])
        elif kind == "replace":
            self.now[self.name(rest[0])] = self.now.pop(name)
        elif kind == "unlink":
            del self.now[name]
        elif kind == "sync_folder":
            within = {n for n in self.now.keys() | self.synced.keys() if str(Path(n).parent) == name}
            for known in within:
                self.synced.pop(known, None)
                if known in self.now:
                    self.synced[known] = self.now[known]

    def variants(self, seed):
        chance = random.Random(seed)
        found = []
        for names in (self.synced, self.now):
            for keep in (lambda: True, lambda: False, lambda: chance.random() < 0.5, lambda: chance.random() < 0.5):
                found.append({name: after(self.contents[number], keep=keep) for name, number in names.items()})
        return found


def after(content, *, keep):
    """A file's bytes when of each 512-byte block written since the last sync `keep` says which reached the disk."""
    synced, writes = content
    raw = bytearray(synced)
    for kind, what in writes:
        if kind == "truncate":
            if keep():
                del raw[what:]
                raw.extend(bytes(max(0, what - len(raw))))
            continue
        start = len(raw) if kind == "append" else 0
        for place in range(0, len(what), 512):
            if keep():
                block = what[place : place + 512]
                raw.extend(bytes(max(0, start + place - len(raw))))
                raw[start + place : start + place + len(block)] = block
    return bytes(raw)


def try_power_losses():
    for number, (point, name, files, databases) in enumerate(lose_power()):
        home = WORK / f"p{number}"
        home.mkdir()
        for file, raw in {**files, **databases}.items():
            (home / file).parent.mkdir(parents=True, exist_ok=True)
            (home / file).write_bytes(raw)
        shutil.copy(TEMPLATE / "holder.key", home)
        _, answer = in_child(lambda home=home: check(home))
        answer = answer or {"wrong": ["opening failed"], "done": None, "next": None}
        print(json.dumps({"point": point, "name": name, **answer}), flush=True)
        shutil.rmtree(home)


def two_at_once():
    """Two processes allocate, seal, find, open and destroy in the same home at the same time."""
    home = copy("two")

    def work(who):
        use(home, f"{DATABASE}_c")
        kept, gone = [], []
        for round_ in range(6):
            numbers = fill(90)
            out = {n: None for n in numbers if n % 5 == round_ % 5}
            services.shred(cells=out, reason={"who": who, "round": round_}, at=AT, by="system", held=nobody)
            gone += out
            kept += [n for n in numbers if n not in out]
            if len(texts(kept)) != 2 * len(kept):
                return {"kept": [], "gone": [], "wrong": "own keys hurt"}
        return {"kept": kept, "gone": gone, "wrong": ""}

    pipes = []
    for who in (1, 2):
        reader, writer = os.pipe()
        if os.fork() == 0:
            os.write(writer, json.dumps(work(who)).encode())
            os._exit(0)
        os.close(writer)
        pipes.append(reader)
    said = []
    for reader in pipes:
        with os.fdopen(reader) as pipe:
            said.append(json.loads(pipe.read()))
        os.wait()
    use(home, f"{DATABASE}_c")
    kept, gone = [n for one in said for n in one["kept"]], [n for one in said for n in one["gone"]]
    wrong = [one["wrong"] for one in said if one["wrong"]] + list(queries.self_test(sample=10_000).wrong)
    if len(set(kept + gone)) != 2 * 6 * 90:
        wrong.append("a number was given twice")
    if len(texts(kept)) != 2 * len(kept) or any(s.state != "destroyed" for s in queries.state(gone).values()):
        wrong.append("keys hurt")
    found = services.look_up(entries=[("phone", f"000{n:08d}") for n in kept + gone])
    if found != [(n,) for n in kept] + [()] * len(gone):
        wrong.append("index hurt")
    print(json.dumps({"point": 1, "name": "two", "wrong": wrong, "done": True, "next": 0}))


def stale_reader():
    """A process that has a key in its memory, and a destruction by another one meanwhile."""
    home = copy("stale")
    ask, told = os.pipe(), os.pipe()
    if os.fork() == 0:
        use(home, f"{DATABASE}_c")
        ring = keyring.current()
        had = ring.cipher(5 * 8) is not None
        stream = services.open_for(grant=PERMIT, customers=range(1, 71), categories=["basic"], reason="t", at=AT)
        first = next(stream).customer
        os.write(told[1], b"x")
        os.read(ask[0], 1)
        rest = [opened.customer for opened in stream]
        answer = {"had": had, "has": ring.cipher(5 * 8) is not None, "first": first, "rest": rest}
        os.write(told[1], json.dumps(answer).encode())
        os._exit(0)
    os.close(told[1])
    os.read(told[0], 1)
    status, _ = in_child(lambda: use(home, f"{DATABASE}_c") or shred().records)
    os.write(ask[1], b"x")
    with os.fdopen(told[0]) as pipe:
        answer = json.loads(pipe.read())
    os.wait()
    wrong = [] if status == 0 else ["shred failed"]
    if not answer["had"] or answer["has"]:
        wrong.append("a key outlived its destruction in a process's memory")
    if answer["first"] != 1 or set(answer["rest"]) != set(range(2, 71)) - {5, 64, 69}:
        wrong.append("a stream gave out what was destroyed, or lost others")
    print(json.dumps({"point": 1, "name": "stale", "wrong": wrong, "done": True, "next": 0}))


def kill_everywhere():
    point, killed = 0, True
    while killed:
        point += 1
        home, told = copy(f"p{point}"), WORK / f"told{point}"

        def work(home=home, told=told, point=point):
            use(home, f"{DATABASE}_c")
            kill_at(point, told)
            act()

        status, _ = in_child(work)
        killed = told.exists()
        if not killed and status != 0:
            raise SystemExit(f"the act itself failed at point {point}")
        status, answer = in_child(lambda home=home: check(home))
        answer = answer or {"wrong": ["opening failed"], "done": None, "next": None}
        print(json.dumps({"point": point, "name": told.read_text() if killed else "end", **answer}), flush=True)
        shutil.rmtree(home)


def main():
    make_template()
    if SCENARIO.startswith("power-"):
        try_power_losses()
    else:
        {"two": two_at_once, "stale": stale_reader}.get(SCENARIO, kill_everywhere)()
    if URL:
        admin(f'DROP DATABASE "{DATABASE}_c"')
        admin(f'DROP DATABASE "{DATABASE}_t"')


if __name__ == "__main__":
    main()
