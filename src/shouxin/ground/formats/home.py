"""The home file: which company lives in this folder, simulated or real, and where its database is. No secrets in it.

`home.toml` is written once by `init`; `simulated` in it is a convenience: the truth is ledger entry 0 and the key's
name.
"""

import json
import os
import tomllib
from dataclasses import dataclass
from pathlib import Path

from shouxin.ground.kernel.refusals import Corrupt, Refusal

FILE_NAME = "home.toml"


@dataclass(frozen=True)
class HomeFile:
    """The content of `home.toml`. `database` is empty for the embedded SQLite file; `schema` is PostgreSQL's."""

    id: str
    simulated: bool
    database: str = ""
    schema: str = ""
    public_address: str = ""
    mail_server: str = ""
    mail_from: str = ""
    kek: str = ""
    escrow: tuple[str, ...] = ()

    def to_text(self) -> str:
        """TOML; every value is a JSON scalar or list, which TOML reads alike."""
        lines = [f"{name} = {json.dumps(value, ensure_ascii=False)}" for name, value in vars(self).items()]
        return "# One company lives in this folder. Written by `shouxin init`.\n" + "\n".join(lines) + "\n"


def read_home(folder: Path) -> HomeFile:
    """The home file of a folder.

    Raises:
        Refusal("home.absent"): no home here; Corrupt: not a home file.
    """
    path = folder / FILE_NAME
    if not path.is_file():
        raise Refusal("home.absent", folder=folder.name)
    try:
        plain = tomllib.loads(path.read_text("utf-8"))
        return HomeFile(**{**plain, "escrow": tuple(plain.get("escrow", ()))})
    except (ValueError, TypeError, RecursionError) as error:
        raise Corrupt("home file that cannot be read", FILE_NAME) from error


def write_home(folder: Path, home: HomeFile) -> None:
    """Write the home file, whole or not at all; the folder is made when it is not there.

    Raises:
        Refusal("home.taken"): the folder is a home already.
    """
    folder.mkdir(parents=True, exist_ok=True)
    fresh = folder / f"{FILE_NAME}.{home.id}"
    try:
        with fresh.open("w", encoding="utf-8") as file:
            file.write(home.to_text())
            file.flush()
            os.fsync(file.fileno())
        _appear(fresh, folder / FILE_NAME)
    except FileExistsError as error:
        raise Refusal("home.taken", folder=folder.name) from error
    finally:
        fresh.unlink(missing_ok=True)


def _appear(fresh: Path, path: Path) -> None:
    """Give a whole file its name unless something has it; raises FileExistsError."""
    try:
        os.link(fresh, path)
    except FileExistsError:
        raise
    except OSError:  # a disk without hard links
        if path.exists():
            raise FileExistsError(path.name) from None
        os.replace(fresh, path)
