"""The home before there is an installation: writing `home.toml` for `shouxin init`, before Django is set up."""

import os
import secrets
from collections.abc import Sequence
from pathlib import Path

from shouxin.ground.formats.home import FILE_NAME, HomeFile, read_home, write_home
from shouxin.ground.kernel.ids import new_id
from shouxin.ground.kernel.refusals import Refusal

FOLDERS = ("keys", "spool/mail", "spool/sms", "spool/lists", "messages", "backups", "evidence", "papers", "static")


def option(arguments: Sequence[str], name: str) -> str:
    """The value of `--name value` or `--name=value`; empty when it is not given."""
    for place, word in enumerate(arguments):
        if word == name and place + 1 < len(arguments):
            return arguments[place + 1]
        if word.startswith(name + "="):
            return word.partition("=")[2]
    return ""


def options(arguments: Sequence[str], name: str) -> tuple[str, ...]:
    """All values of a repeated option."""
    return tuple(arguments[place + 1] for place, word in enumerate(arguments[:-1]) if word == name)


def prepare(arguments: Sequence[str], folder: Path, database: str) -> None:
    """Write the home file and folders, unless the same command wrote them before it was stopped.

    Raises:
        Refusal("home.other_kind"): the folder is a home of the other kind (simulated or real).
    """
    simulated = "--simulated" in arguments
    if (folder / FILE_NAME).is_file():
        if read_home(folder).simulated != simulated:
            raise Refusal("home.other_kind", simulated=not simulated)
    else:
        home_id = new_id("home")
        home = HomeFile(
            id=home_id,
            simulated=simulated,
            database=database,
            schema="shouxin_" + home_id.removeprefix("home_")[:20] if database.startswith("postgres") else "",
            public_address=option(arguments, "--public-address"),
            mail_server=option(arguments, "--mail-server"),
            mail_from=option(arguments, "--mail-from"),
            kek=option(arguments, "--kek"),
            escrow=tuple(str(Path(each).resolve()) for each in options(arguments, "--escrow")),
        )
        write_home(folder, home)
    for name in FOLDERS:
        (folder / name).mkdir(parents=True, exist_ok=True)
    secret = folder / "session.secret"
    if not secret.is_file():
        fresh = folder / "session.secret.new"
        fresh.write_bytes(secrets.token_bytes(48))
        os.replace(fresh, secret)
