"""Runs in a process of its own: kills the ending of a case at each step, gives the same commands again, looks again.

    python -m tests.duties.disposal.driver FOLDER STRIDE       one JSON line per point; then one for two processes

A point is a named step of disposal, or every STRIDE-th named step of the vault between them.
"""

import json
import os
import shutil
import signal
import sys
from pathlib import Path

from shouxin.ground.formats.home import HomeFile

WORK, STRIDE = Path(sys.argv[1]), int(sys.argv[2])
TEMPLATE = WORK / "template"
TEMPLATE.mkdir(parents=True)
os.environ["SHOUXIN_HOME"] = str(TEMPLATE)
os.environ["DJANGO_SETTINGS_MODULE"] = "shouxin.faces.site.settings"
os.environ.pop("DATABASE_URL", None)
(TEMPLATE / "home.toml").write_text(HomeFile(id="home_driver", simulated=True).to_text())

import django  # noqa: E402

django.setup()

from django.conf import settings  # noqa: E402
from django.core.management import call_command  # noqa: E402
from django.db import connection  # noqa: E402

from shouxin.duties.disposal import destruction, queries, services, steps  # noqa: E402
from shouxin.duties.disposal.models import Destruction, Sealed  # noqa: E402
from shouxin.duties.inventory.models import Customer  # noqa: E402
from shouxin.ground.formats import balance as balances  # noqa: E402
from shouxin.ground.formats import certificate as certificates  # noqa: E402
from shouxin.ground.formats import permit as permits  # noqa: E402
from shouxin.ground.kernel import signing  # noqa: E402
from shouxin.ground.kernel.refusals import Refusal  # noqa: E402
from shouxin.stores.ledger import queries as ledger  # noqa: E402
from shouxin.stores.vault import blind, durable  # noqa: E402
from shouxin.stores.vault import queries as vault_queries  # noqa: E402
from shouxin.stores.vault import services as vault  # noqa: E402
from tests.duties.disposal import scene as scenes  # noqa: E402
from tests.duties.disposal.scene import AT, CASE, GONE, HELD, NOTED, SENSITIVE  # noqa: E402

signing._SCRYPT_LOG_N = 4
destruction.SHRED_STEP = 4


def use(home):
    """Point this process to a home."""
    connection.close()
    settings.SHOUXIN_HOME = home
    connection.settings_dict["NAME"] = str(home / "company.sqlite3")


def make_template():
    """A home at the end of its case, with a registered list in the clear."""
    use(TEMPLATE)
    for app in ("ledger", "vault", "parties", "jobs", "inventory", "consent", "notices", "disposal"):
        call_command("migrate", app, verbosity=0)
    scene = scenes.found()
    scenes.write_list(WORK / "list.csv")
    scenes.register_list(scene, WORK / "list.csv")
    vault.forget()
    blind.close()
    with connection.cursor() as cursor:
        cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    connection.close()
    return scene


def copy(name):
    """A copy of the template; the list stands in the clear again where it was registered."""
    home = WORK / name
    shutil.copytree(TEMPLATE, home)
    scenes.write_list(WORK / "list.csv")
    return home


def act(scene, home):
    """The commands that end the case."""
    scenes.destroy(scene)
    scenes.certify(scene, folder=home / "evidence")
    services.dispose_sources(case=CASE, confirm=True, home=home, canaries=["PLANTED-1"], by=scene.clerk, at=AT)
    return scenes.certify(scene, folder=home / "evidence").headline


def kill_at(point, told):
    """Stop this process, as kill -9 does, at the n-th point; write its name first."""
    seen, inner = 0, 0

    def tick(name):
        nonlocal seen
        seen += 1
        if seen == point:
            told.write_text(name)
            os.kill(os.getpid(), signal.SIGKILL)

    def tick_vault(name):
        nonlocal inner
        inner += 1
        if inner % STRIDE == 0:
            tick(f"vault: {name}")

    steps.reached, durable.reached = tick, tick_vault


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


def before(scene):
    """What stands right after the stop: no certificate without its destruction, no source gone before it."""
    wrong = []
    ended = Destruction.objects.exclude(ended_at=None).exists()
    if queries.issued() and not ended:
        wrong.append("a certificate without destruction")
    if not ended and list((settings.SHOUXIN_HOME / "evidence").glob("*")):
        wrong.append("a certificate's file without destruction")
    if not ended and not (WORK / "list.csv").exists():
        wrong.append("a source gone before the destruction")
    try:
        services.certificate(case=CASE, company=scene.company, by=scene.officer, at=AT)
        if not ended:
            wrong.append("certified before the end")
    except Refusal as refusal:
        if refusal.code != "disposal.not_destroyed" or ended:
            wrong.append(refusal.code)
    return wrong


def check(scene, home):
    """The same commands again, then everything in order."""
    use(home)
    wrong = before(scene)
    if act(scene, home) != "complete":
        wrong.append("headline")
    return wrong + after(scene, home)


def after(scene, home):
    """Who was to go is gone, once; who was to stay is whole; destruction and certificates are all told."""
    wrong = list(vault_queries.self_test(sample=1000).wrong)
    states = vault_queries.state(scene.customers)
    gone = {scene.customers[place] for place in (GONE, NOTED, SENSITIVE)}
    if {number for number, state in states.items() if state.state == "destroyed"} != gone:
        wrong.append("wrong people")
    if set(Customer.objects.filter(state="destroyed", handle=None).values_list("customer", flat=True)) != gone:
        wrong.append("facts of the gone")
    if vault.look_up(entries=[("phone", scenes.phone(GONE)), ("phone", scenes.phone(HELD))]) != [
        (),
        (scene.customers[HELD],),
    ]:
        wrong.append("index")
    cells = vault_queries.cells(scene.customers)
    if (cells.category == 6).sum() != 2 or Sealed.objects.count() != 2:
        wrong.append("extracts not exactly once")
    if balances.check(queries.balance(CASE)):
        wrong.append("balance")
    kinds = [entry.kind for entry in ledger.entries()]
    if (kinds.count("disposal.begun"), kinds.count("disposal.destroyed"), kinds.count("destroy.done")) != (1, 1, 2):
        wrong.append("entries")
    ledger.check_whole()
    return wrong + check_chain(scene, home)


def check_chain(scene, home):
    """Every certificate verifies, names the one before it, and lies in its file."""
    wrong, previous, newest = [], "", ("", b"")
    permit = permits.check(scene.envelope)
    for name, envelope in queries.certificates(CASE).items():
        content = certificates.check(envelope, company_keys={scene.company.key_id: scene.company.public}, permit=permit)
        if content.previous != previous:
            wrong.append("chain")
        previous, newest = content.digest, (name, envelope)
    if (home / "evidence" / f"certificate-{newest[0]}.dsse").read_bytes() != newest[1]:
        wrong.append("file")
    return wrong


def kill_everywhere(scene):
    """One point after the other, until the act ends by itself."""
    point, killed = 0, True
    while killed:
        point += 1
        home, told = copy(f"p{point}"), WORK / f"told{point}"

        def work(home=home, told=told, point=point):
            use(home)
            kill_at(point, told)
            return act(scene, home)

        status, _ = in_child(work)
        killed = told.exists()
        if not killed and status != 0:
            raise SystemExit(f"the act itself failed at point {point}")
        status, wrong = in_child(lambda home=home: check(scene, home))
        wrong = ["the same command failed"] if status else wrong
        print(json.dumps({"name": told.read_text() if killed else "end", "wrong": wrong}), flush=True)
        shutil.rmtree(home)


def two_at_once(scene):
    """Two processes give the same command at once: one of them does it, the other is told so or gets the result."""
    home = copy("two")

    def work():
        use(home)
        try:
            return scenes.destroy(scene).whole
        except Refusal as refusal:
            return refusal.code

    children = []
    for _ in range(2):
        reader, writer = os.pipe()
        if os.fork() == 0:
            os.write(writer, json.dumps(work()).encode())
            os._exit(0)
        os.close(writer)
        children.append(reader)
    said = []
    for reader in children:
        with os.fdopen(reader) as pipe:
            said.append(json.loads(pipe.read()))
        os.wait()
    use(home)
    wrong = [] if set(said) <= {3, "jobs.leased"} and 3 in said else [f"said {said}"]
    act(scene, home)
    print(json.dumps({"name": "two", "wrong": wrong + after(scene, home)}), flush=True)


def main():
    scene = make_template()
    kill_everywhere(scene)
    two_at_once(scene)


if __name__ == "__main__":
    main()
