"""One shop in a process and a home of its own, served by the real server; not a test. Started by the browser's tests.

Prints one line of JSON: the ports of site and portal, the case, the links of some customers, a handle, the log-in.
Ends when its standard input does.
"""

# ruff: noqa: E402 - Django is set up before its models are imported

import json
import os
import secrets
import sys
import threading
from pathlib import Path

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "shouxin.faces.site.settings")
HOME = Path(os.environ["SHOUXIN_HOME"])
(HOME / "session.secret").write_bytes(secrets.token_bytes(48))

import django

django.setup()

from django.core.management import call_command
from waitress.server import create_server

from shouxin.duties.consent import queries as consent
from shouxin.duties.inventory import queries as inventory
from shouxin.duties.notices import sending
from shouxin.faces.site import portal, wsgi
from shouxin.ground.kernel import signing
from shouxin.ground.rulebook.gates.codes import Answer
from tests.faces.web import shop as shops

PASSWORD = "long enough for a day"


def main() -> None:
    """Found, collect, tell, answer, serve."""
    signing._SCRYPT_LOG_N = 4
    call_command("migrate", verbosity=0)
    files = HOME.parent / "files"
    files.mkdir()
    shop = shops.open_shop(files, customers=240)
    shops.tell_and_answer(shop)
    call_command("weblogin", shop.staff["privacy_officer"], password=PASSWORD)
    keys = _reached(shop.case)
    standing = consent.standing(shop.case)
    silent = next(person for person in keys if person not in standing)
    agreed = next(person for person in keys if standing.get(person) == Answer.AGREE)
    told = {
        "site": _serve(wsgi.application),
        "portal": _serve(portal.application),
        "case": shop.case,
        "silent": keys[silent].token,
        "agreed": keys[agreed].token,
        "code": keys[silent].spoken,
        "handle": inventory.handle(agreed),
        "staff": shop.staff["privacy_officer"],
        "password": PASSWORD,
    }
    sys.stdout.write(json.dumps(told) + "\n")
    sys.stdout.flush()
    sys.stdin.read()


def _reached(case: str) -> dict:
    """Grown-ups who read Chinese and were told, each with code and token."""
    grown = [
        int(person)
        for chunk in inventory.facts()
        for person, band, language in zip(chunk.customer, chunk.age_band, chunk.language, strict=True)
        if inventory.AGE_BANDS[band] == "adult" and inventory.LANGUAGES[language] == "zh"
    ]
    return sending.keys_of(case, grown)


def _serve(application) -> int:
    server = create_server(application, host="127.0.0.1", port=0, threads=4, ident=None)
    threading.Thread(target=server.run, daemon=True).start()
    return server.effective_port


if __name__ == "__main__":
    main()
