"""kill -9 in the middle of sending, at the worst moment: the server has the message, the house has not marked it."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from shouxin.ground.formats.home import HomeFile, write_home

ROOT = Path(__file__).resolve().parents[3]
PEOPLE = 9
CHILD = """
import json, sys
import django
django.setup()
from django.core.management import call_command
from shouxin.duties.notices import services
from shouxin.duties.notices.models import Delivery
from shouxin.ground.kernel import signing
from shouxin.stores.ledger import queries as ledger
from tests.duties import stage as stages
signing._SCRYPT_LOG_N = 4
if sys.argv[1] == "found":
    call_command("migrate", verbosity=0)
    stage = stages.found()
    stages.add_customers(tuple({"name": "测试", "email": f"p{n}@post.example"} for n in range(ADDED)))
    stages.adopt(stage)
    print(stage.clerk)
else:
    result = services.send(case=stages.CASE, by=sys.argv[2], at=stages.later(minutes=int(sys.argv[3])))
    doubts = Delivery.objects.filter(in_doubt=True).count()
    told = sum(entry.facts["people"] for entry in ledger.entries(kinds=["notices.sent"]))
    print(json.dumps({"states": result.states, "doubts": doubts, "told": told}))
""".replace("ADDED", str(PEOPLE - 5))


def child(home, *argv):
    """A process of its own on this home."""
    env = {
        "PATH": os.environ["PATH"],
        "SHOUXIN_HOME": str(home),
        "DJANGO_SETTINGS_MODULE": "shouxin.faces.site.settings",
        "PYTHONPATH": f"{ROOT / 'src'}{os.pathsep}{ROOT}",
    }
    return subprocess.Popen(
        [sys.executable, "-c", CHILD, *argv], env=env, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )


@pytest.mark.skipif(sys.platform == "win32", reason="SIGKILL is POSIX's; Windows ends a process otherwise")
def test_after_a_kill_the_same_call_goes_on_and_only_the_one_in_doubt_comes_twice(postbox, tmp_path):
    home = tmp_path / "home"
    settings = HomeFile(id="home_test", simulated=True, mail_server=postbox.server, mail_from="shop@qinghe.example")
    write_home(home, settings)
    founding = child(home, "found")
    out, err = founding.communicate(timeout=60)
    assert founding.returncode == 0, err.decode()
    clerk = out.decode().strip()

    for minute, kill_at in enumerate((3, 6), start=1):
        sending = child(home, "send", clerk, str(minute))

        def kill(box, process=sending, count=kill_at):
            if len(box.arrived) == count:
                os.kill(process.pid, signal.SIGKILL)
            return "250 taken"

        postbox.after = kill
        sending.communicate(timeout=60)
        assert sending.returncode == -signal.SIGKILL
    postbox.after = None
    last = child(home, "send", clerk, "3")
    out, err = last.communicate(timeout=60)
    assert last.returncode == 0, err.decode()
    assert json.loads(out) == {"states": {"sent": PEOPLE}, "doubts": 2, "told": PEOPLE}

    addresses = postbox.addresses()
    assert len(set(addresses)) == PEOPLE
    assert len(addresses) == PEOPLE + 2
    for twice in {address for address in addresses if addresses.count(address) > 1}:
        ids = {message["Message-ID"] for address, message in postbox.arrived if address == twice}
        assert len(ids) == 1
