"""The command `shouxin`: finds the home, sets the installation up when the verb needs one, and calls the verb.

`ask`, `scan`, `verify`, `demo` and `evidence verifier` work without an installation and start without Django.
"""

import importlib
import json
import os
import sys
from collections.abc import Sequence
from pathlib import Path

import django
import typer
from typer.exceptions import TyperException

from shouxin.faces.cli import homes
from shouxin.faces.cli.door import EXIT_OK, EXIT_USAGE, Outcome, failed, unexpected
from shouxin.faces.cli.leaving import leave_lightly
from shouxin.ground.formats.home import read_home
from shouxin.ground.kernel.refusals import ShouxinError

PLAIN_VERBS = frozenset({"ask", "scan", "verify", "demo", "verifier"})
SETTINGS = "shouxin.faces.site.settings"


def main(argv: Sequence[str] | None = None) -> int:
    """The command's door: its exit code."""
    leave_lightly()
    arguments = list(sys.argv[1:] if argv is None else argv)
    if arguments and arguments[0] in PLAIN_VERBS:
        return run(load_plain(), arguments)
    try:
        prepare_home(arguments)
    except ShouxinError as error:
        return _tell(failed(error), arguments)
    return run(load_installed(), arguments)


def run(app: typer.Typer, arguments: Sequence[str]) -> int:
    """Call the verb; usage errors are exit code 2."""
    try:
        result = app(list(arguments), standalone_mode=False)
    except TyperException as error:
        sys.stderr.write(f"{error}\n")
        return EXIT_USAGE
    except (typer.Abort, KeyboardInterrupt):
        return 130
    except Exception as error:  # noqa: BLE001 - a door: faults of ours are told without their message
        return _tell(unexpected(error), arguments)
    if isinstance(result, Outcome):
        return result.code
    return result if isinstance(result, int) else EXIT_OK


def _tell(outcome: Outcome, arguments: Sequence[str]) -> int:
    """Tell an error that no verb has told: still one JSON object where JSON was asked for."""
    if "--json" in arguments:
        sys.stdout.write(json.dumps(outcome.plain, ensure_ascii=False, default=str) + "\n")
    else:
        sys.stderr.writelines(line + "\n" for line in outcome.lines)
    return outcome.code


def prepare_home(arguments: Sequence[str]) -> None:
    """Point the settings at the home named on the command line, and set Django up once.

    Raises:
        Refusal("home.absent"): no company lives there; Corrupt: its home file is damaged.
    """
    for place, word in enumerate(arguments):
        if word == "--home" and place + 1 < len(arguments):
            os.environ["SHOUXIN_HOME"] = str(Path(arguments[place + 1]).resolve())
        elif word.startswith("--home="):
            os.environ["SHOUXIN_HOME"] = str(Path(word.partition("=")[2]).resolve())
    os.environ.setdefault("SHOUXIN_HOME", str(Path.home() / ".shouxin"))
    folder = Path(os.environ["SHOUXIN_HOME"])
    if arguments and arguments[0] == "init":
        homes.prepare(arguments, folder, os.environ.get("DATABASE_URL", ""))
    elif _serves_a_home(arguments):
        read_home(folder)
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", SETTINGS)
    django.setup()


def _serves_a_home(arguments: Sequence[str]) -> bool:
    """Whether these words call a verb of a company that is there: no help, no restore into a new folder."""
    return len(arguments) > 0 and "--help" not in arguments and list(arguments[:2]) != ["backup", "restore"]


def load_plain() -> typer.Typer:
    """The verbs that need no installation."""
    return importlib.import_module("shouxin.faces.cli.plain").app


def load_installed() -> typer.Typer:
    """All verbs; their modules import tables, so they are loaded after Django is set up."""
    return importlib.import_module("shouxin.faces.cli.installed").app


if __name__ == "__main__":
    sys.exit(main())
