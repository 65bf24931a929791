"""Runs in a process of its own: forks a child for each moment at which collecting is killed, and one that goes on.

    python -m tests.duties.inventory.driver FOLDER                         one JSON line per child

The parent only imports; whatever starts threads happens in the children.
"""

import json
import os
import sys
import time
from pathlib import Path

from shouxin.ground.formats.home import HomeFile

WORK = Path(sys.argv[1])
HOME = WORK / "home"
HOME.mkdir(parents=True)
os.environ["SHOUXIN_HOME"] = str(HOME)
os.environ["DJANGO_SETTINGS_MODULE"] = "shouxin.faces.site.settings"
os.environ.pop("DATABASE_URL", None)
(HOME / "home.toml").write_text(HomeFile(id="home_driver", simulated=True).to_text())

import django  # noqa: E402

django.setup()

from django.core.management import call_command  # noqa: E402
from django.db import connection  # noqa: E402

from shouxin.duties.inventory import collecting, queries, services, taking  # noqa: E402
from shouxin.ground.kernel.refusals import Refusal  # noqa: E402
from shouxin.ground.kernel.signing import signer  # noqa: E402
from shouxin.stores.jobs import services as jobs  # noqa: E402
from shouxin.stores.ledger import services as ledger  # noqa: E402
from shouxin.stores.vault import blind  # noqa: E402
from shouxin.stores.vault import services as vault  # noqa: E402
from tests.duties.inventory.shop import AT, Shop, sealed  # noqa: E402

PEOPLE, BATCH = 20, 3
MOMENTS = ("numbers allocated", "before the commit", "before the index", "after the commit", "before the end")
KILLED = 9


def found():
    """A company with two lists of the same people, ready to be collected."""
    for app in ("ledger", "vault", "jobs", "inventory"):
        call_command("migrate", app, verbosity=0)
    ledger.found(
        origin="simulated.example/a", simulated=True, company="甲", signer=signer(b"\7" * 32, "simulated.a"), at=AT
    )
    vault.found(at=AT)
    shop = Shop(WORK, "system", "system", "system", "system")
    rows = [
        {"客户编号": f"KH{n:03d}", "姓名": f"客户{chr(0x4E00 + n)}", "手机号码": f"154{n:08d}"}
        for n in range(1, PEOPLE + 1)
    ]
    return [shop.prepared(shop.customers(rows, name=name)) for name in ("一.csv", "二.csv")]


def collect(source, progress=None):
    return services.collect(source=source, by="system", at=AT, batch_rows=BATCH, progress=progress)


def killed_at(moment, source):
    """Collecting in which this process dies at the first such moment."""

    def die(*_, **__):
        os._exit(KILLED)

    def then_die(act):
        def acts(*args, **kwargs):
            act(*args, **kwargs)
            os._exit(KILLED)

        return acts

    match moment:
        case "numbers allocated":
            taking.settle_numbers = then_die(taking.settle_numbers)
        case "before the commit":
            collecting.jobs.advance = then_die(jobs.advance)
        case "before the index":
            blind._flush = die
        case "before the end":
            collecting.jobs.finish = die
    collect(source, progress=die if moment == "after the commit" else None)


def slowly(source):
    """Collecting that waits after its first batch until it is told to go on."""

    def wait(*_):
        (WORK / "begun").touch()
        while not (WORK / "go").exists():
            time.sleep(0.01)

    collect(source, progress=wait)


def refused(source):
    """What someone is told who collects meanwhile."""
    while not (WORK / "begun").exists():
        time.sleep(0.01)
    try:
        collect(source)
    except Refusal as error:
        return error.code
    return "taken in"


def state(source):
    """What is held and what the result says."""
    keys = [("source_ref", f"shop|KH{n:03d}") for n in range(1, PEOPLE + 1)]
    result = collect(source)
    return {
        "customers": queries.counts()["customers"],
        "found": [len(hits) for hits in vault.look_up(entries=keys)],
        "sealed": sorted(row["n"] for rows in sealed().values() for row in rows),
        "read": result.rows_read,
        "new": result.customers_new,
        "merged": result.rows_merged,
        "balances": result.balances,
    }


def in_child(act, *args):
    """The act in a forked child: its pid, and where its answer comes from."""
    reader, writer = os.pipe()
    pid = os.fork()
    if pid == 0:
        os.close(reader)
        answer = act(*args)
        connection.close()
        os.write(writer, json.dumps(answer).encode())
        os._exit(0)
    os.close(writer)
    return pid, reader


def ended(child):
    """(exit code, answer) of a child."""
    pid, reader = child
    with os.fdopen(reader, "rb") as pipe:
        raw = pipe.read()
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), json.loads(raw or b"null")


def tell(what, code, answer):
    print(json.dumps({"what": what, "exit": code, "answer": answer}, ensure_ascii=False), flush=True)


def main():
    _, (first, second) = ended(in_child(found))
    for moment in MOMENTS:
        tell(moment, *ended(in_child(killed_at, moment, first)))
    tell("first", *ended(in_child(state, first)))
    slow = in_child(slowly, second)
    for source in (first, second):
        tell("meanwhile", *ended(in_child(refused, source)))
    (WORK / "go").touch()
    tell("slow", *ended(slow))
    tell("second", *ended(in_child(state, second)))


if __name__ == "__main__":
    main()
