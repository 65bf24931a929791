"""One company's long-lived process: reads commands as JSON argument lists, answers JSON, serves its pages beside.

    python -m shouxin.faces.cli.actor --home A
    > ["case", "status", "case_…"]
    < {"code": 0, "result": {…}}

Each command is the same verb as on the command line; `["serve", "--port", "0"]` starts the pages in a thread and gives
the port. The first command may be `init`, which makes the home before Django is set up.
"""

import json
import sys
import threading
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path
from typing import Any

from typer.exceptions import TyperException
from typer.main import get_command
from waitress.server import create_server

from shouxin.faces.cli import door
from shouxin.faces.cli.leaving import leave_lightly
from shouxin.faces.cli.main import load_installed, prepare_home
from shouxin.ground.kernel.refusals import ShouxinError

_NEEDS_NO_HOME = ("shouxin.engine.scan", "shouxin.ground.formats.verify", "django.db.models", "django.forms")


def main(argv: Sequence[str]) -> int:
    """Serve commands until standard input ends."""
    leave_lightly()
    home = argv[argv.index("--home") + 1]
    secrets = argv[argv.index("--secrets") + 1] if "--secrets" in argv else ""
    door.session.embedded = True
    door.session.secrets_file = Path(secrets) if secrets else None
    for name in _NEEDS_NO_HOME:  # while the first command, which tells for which home, is still to come
        import_module(name)
    import_module("shouxin.ground.rulebook.identifiers").load()
    verbs: Any = None
    for line in sys.stdin:
        arguments: list[str] = json.loads(line)
        answer: dict[str, Any]
        try:
            if verbs is None:
                prepare_home([*arguments, "--home", home] if arguments[0] == "init" else ["--home", home])
                verbs = get_command(load_installed())
                import_module("shouxin.stores.parties.private_keys").opener.keeps = True
            answer = _serve(arguments) if arguments[0] == "serve" else _run(verbs, arguments)
        except TyperException as error:
            answer = {"code": door.EXIT_USAGE, "result": {"error": "usage", "facts": {"what": str(error)}}}
        except ShouxinError as error:
            told = door.failed(error)
            answer = {"code": told.code, "result": told.plain}
        except Exception as error:  # noqa: BLE001 - a door: the company's process goes on after a fault of ours
            told = door.unexpected(error)
            answer = {"code": told.code, "result": told.plain}
        sys.stdout.write(json.dumps(answer, ensure_ascii=False, default=str) + "\n")
        sys.stdout.flush()
    return 0


def _run(verbs: Any, arguments: list[str]) -> dict[str, Any]:
    outcome = verbs(arguments, standalone_mode=False)
    if isinstance(outcome, door.Outcome):
        return {"code": outcome.code, "result": outcome.plain}
    return {"code": outcome if isinstance(outcome, int) else 0, "result": {}}


def _serve(arguments: list[str]) -> dict[str, Any]:
    port = int(arguments[arguments.index("--port") + 1]) if "--port" in arguments else 0
    application = import_module("shouxin.faces.site.wsgi").application
    server = create_server(application, host="127.0.0.1", port=port, threads=4, ident=None)
    threading.Thread(target=server.run, daemon=True).start()
    return {"code": 0, "result": {"port": server.effective_port}}


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
