"""One consistent state of the company's database, whichever it is, as frames; and what that state says of itself."""

import sqlite3
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.db import connection

from shouxin.ground.kernel.merkle import Frontier
from shouxin.ground.kernel.refusals import Refusal
from shouxin.stores.backup import pages, tables

Ask = Callable[[str], list[tuple[Any, ...]]]


@dataclass(frozen=True)
class Shot:
    """A state that stands still: the SQLite file of it (none on PostgreSQL), keys' generation, ledger height and root,
    newest migration of each app.
    """

    path: Path | None
    page_size: int
    generation: int
    height: int
    root: bytes
    migrations: Mapping[str, str]

    def frames(
        self, before: pages.Hashes | None, key: bytes, told: Callable[[int, int], None]
    ) -> Iterator[tuple[bytes, int, bytes]]:
        """The frames of the database: each with how many pages are in it and the hashes of those passed."""
        if self.path is not None:
            yield from pages.changed_runs(self.path, before, key=key, told=told)
            return
        for packed in tables.dump(told):
            yield packed, 0, b""


@contextmanager
def taken(scratch: Path) -> Iterator[Shot]:
    """The state of this moment: on SQLite a file, on PostgreSQL a transaction that sees no later change.

    Raises:
        Refusal("backup.inside_transaction"); Unavailable: the database refuses.
    """
    if connection.vendor == "postgresql":
        with tables.repeatable():
            yield _shot(_ask_django, None)
        return
    with pages.snapshot(scratch) as path:
        yield _shot(_ask_file(path), path)


def asked(path: Path) -> Shot:
    """What a SQLite file says of itself."""
    return _shot(_ask_file(path), path)


def _shot(ask: Ask, path: Path | None) -> Shot:
    state = ask("SELECT generation FROM vault_state WHERE id = 1")
    head = ask("SELECT size, frontier FROM ledger_head WHERE id = 1")
    if not state or not head:
        raise Refusal("vault.not_founded")
    size, joined = head[0][0], bytes(head[0][1])
    tree = Frontier(size, [joined[at : at + 32] for at in range(0, len(joined), 32)])
    return Shot(
        path=path,
        page_size=0 if path is None else pages.page_size(path),
        generation=int(state[0][0]),
        height=size,
        root=tree.root(),
        migrations=dict(ask("SELECT app, max(name) FROM django_migrations GROUP BY app ORDER BY app")),
    )


def _ask_django(statement: str) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(statement)
        return list(cursor.fetchall())


def _ask_file(path: Path) -> Ask:
    def ask(statement: str) -> list[tuple[Any, ...]]:
        opened = sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro&immutable=1", uri=True)
        try:
            return opened.execute(statement).fetchall()
        finally:
            opened.close()

    return ask
