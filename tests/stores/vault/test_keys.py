"""Key files that are older, torn, of another vault or unreadable are refused; never repaired silently, never
overwritten.
"""

import errno
import os
import shutil
import sqlite3

import pytest
from django.db import connection, transaction

from shouxin.ground.formats.home import HomeFile
from shouxin.ground.kernel.refusals import Corrupt, Refusal, Unavailable
from shouxin.ground.kernel.sealing import NONCE
from shouxin.stores.ledger import queries as ledger
from shouxin.stores.vault import blind, custody, durable, keyring, queries, roots, services
from shouxin.stores.vault.numbers import KEY
from tests.stores.vault.conftest import AT, fill, nobody, texts


def shred(cells):
    return services.shred(cells=cells, reason={"why": "test"}, at=AT, by="staff:1", held=nobody)


def test_opening_does_not_fall_back_to_an_older_root_and_writes_nothing(vault):
    fill(3)
    generation = keyring.current().generation
    table = vault / "keys" / f"pkt.{generation & 1}"
    table.write_bytes(bytes(len(table.read_bytes())))
    older = vault / "keys" / f"root.{(generation + 1) & 1}"
    before = older.read_bytes()
    services.forget()
    with pytest.raises(Corrupt, match="does not open under the newest root"):
        services.look_up(entries=[("phone", "00000000001")])
    with pytest.raises(Corrupt, match="does not open under the newest root"):
        services.recover()
    assert older.read_bytes() == before


def test_keys_older_than_the_database_are_refused(vault):
    fill(3)
    services.forget()
    shutil.copytree(vault / "keys", vault / "copy")
    shred({1: None})
    services.forget()
    shutil.rmtree(vault / "keys")
    (vault / "copy").rename(vault / "keys")
    with pytest.raises(Corrupt, match="keys older than the database"):
        texts([2])


def test_a_torn_newer_slot_is_no_root(vault):
    fill(3)
    ring = keyring.current()
    newer = vault / "keys" / f"root.{(ring.generation + 1) & 1}"
    whole = roots.write_slot(bytes(32), generation=ring.generation + 1, kek=bytes(32), kek_version=1, vault=ring.vault)
    newer.write_bytes(whole[:2048] + bytes(2048))
    services.forget()
    assert len(texts([1, 2, 3])) == 6


def test_a_kek_of_another_name_or_away_opens_nothing(vault, settings):
    fill(1)
    services.forget()
    (vault / "keys" / "kek").rename(vault / "away")
    with pytest.raises(Unavailable, match="key-encrypting key"):
        texts([1])
    (vault / "away").rename(vault / "keys" / "kek")
    settings.SHOUXIN = HomeFile(id=settings.SHOUXIN.id, simulated=not settings.SHOUXIN.simulated)
    with pytest.raises(Corrupt, match="another name"):
        texts([1])


def test_the_kek_s_name_says_simulated_or_real_and_whose(vault, settings):
    assert queries.self_test().kek == f"shouxin.kek/simulated/{settings.SHOUXIN.id}/1"


def test_custody_is_k1_only_on_another_device(vault, monkeypatch):
    assert queries.custody() == "K0"
    real = os.stat(vault / "keys").st_dev

    class Elsewhere:
        st_dev = real + 1

    class Apart:
        parent = None

        def stat(self):
            return Elsewhere()

    apart = Apart()
    apart.parent = apart
    assert custody.custody_class(vault / "keys", apart) == "K1"


def test_after_a_failed_sync_nothing_is_written_and_nothing_retried(vault, monkeypatch):
    fill(3)
    calls = []

    def failing(handle):
        calls.append(handle)
        raise OSError(errno.EIO, "input/output error")

    monkeypatch.setattr(durable.os, "fsync", failing)
    with pytest.raises(Unavailable, match="sync") as failed:
        shred({1: None})
    assert failed.value.permanent
    assert len(calls) == 1
    monkeypatch.undo()
    with pytest.raises(Unavailable, match="closed after a failed sync"):
        shred({2: None})
    monkeypatch.setattr(durable, "_closed", set())
    services.forget()
    assert services.recover().intents == 1
    assert queries.state([1])[1].state == "destroyed"
    assert len(texts([2, 3])) == 4


def test_after_a_destruction_the_key_is_in_no_file_that_the_present_root_opens(vault):
    numbers = fill(200)
    ring = keyring.current()
    doomed = ring.keys_of(7)
    old = {page: ring.table.page(page) for page in range(ring.table.pages)}
    shred({7: None})
    table, page_keys = ring.fresh(), []
    page_keys += [key for _, key in (table.page(page) for page in range(table.pages))]
    assert old[0][1] not in page_keys
    assert old[1][1] in page_keys
    everything = b"".join(path.read_bytes() for path in (vault / "keys").iterdir() if path.is_file())
    if connection.vendor == "sqlite":
        with connection.cursor() as cursor:
            cursor.execute("VACUUM INTO %s", (str(vault / "dump"),))
        everything += (vault / "dump").read_bytes() + (vault / "index.sqlite3").read_bytes()
    assert not any(key in everything for key in doomed)
    with connection.cursor() as cursor:
        cursor.execute("SELECT page, gen, body FROM vault_leaf")
        leaves = [(page, gen, bytes(body)) for page, gen, body in cursor.fetchall()]
    assert len(leaves) == table.pages
    for key in page_keys:
        for page, gen, body in leaves:
            try:
                opened = keyring.open_leaf(body, key=key, vault=ring.vault, page=page, gen=gen)
            except Corrupt:
                continue
            assert not any(dead in opened for dead in doomed)
            assert len(opened) == 512 * KEY
    assert len(texts([n for n in numbers if n != 7])) == 398


@pytest.mark.only_on("sqlite")
def test_the_log_and_the_index_file_lose_the_deleted_rows_too(vault):
    fill(5)
    with sqlite3.connect(vault / "index.sqlite3") as index:
        tag = index.execute("SELECT tag FROM bidx WHERE customer = 3").fetchone()[0]
    with connection.cursor() as cursor:
        cursor.execute("SELECT body FROM vault_record WHERE customer = 3 AND kind = 'collected'")
        body = bytes(cursor.fetchone()[0])
    shred({3: None})
    services.scrub()
    files = [*vault.glob("index.sqlite3*")]
    assert not any(tag in path.read_bytes() for path in files)
    with connection.cursor() as cursor:
        cursor.execute("VACUUM INTO %s", (str(vault / "dump"),))
    assert body[14 : 14 + NONCE] not in (vault / "dump").read_bytes()


def test_closing_an_epoch_replaces_the_kek_and_the_index_and_keeps_tokens(vault):
    numbers = fill(5)
    token = services.token_tag("reply", "K7QX")
    old = (vault / "keys" / "kek").read_bytes()
    services.close_epoch(at=AT, by="staff:1")
    assert queries.self_test().kek.endswith("/2")
    assert (vault / "keys" / "kek").read_bytes() != old
    assert not (vault / "keys" / "kek.next").exists()
    assert services.look_up(entries=[("phone", f"000{n:08d}") for n in numbers]) == [(n,) for n in numbers]
    assert services.token_tag("reply", "K7QX") == token
    assert services.token_tag("link", "K7QX") != token
    entry = ledger.entries(kinds={"vault.epoch_closed"})[-1]
    assert (entry.facts["epoch"], entry.facts["indexed"]) == (2, 5)


def test_a_new_index_takes_its_first_texts_without_opening_what_was_just_sealed(vault, monkeypatch):
    opened, unsealed = [], blind.records.unsealed
    monkeypatch.setattr(blind.records, "unsealed", lambda *told, **more: opened.append(more) or unsealed(*told, **more))
    fill(3)
    assert services.look_up(entries=[("phone", f"000{n:08d}") for n in (1, 2, 3)]) == [(1,), (2,), (3,)]
    assert not opened
    if connection.vendor != "postgresql":
        blind.close()
        (vault / "index.sqlite3").unlink()
        assert services.look_up(entries=[("phone", "00000000002")]) == [(2,)]
        assert len(opened) == 3


def test_a_lost_index_is_rebuilt_from_what_is_sealed(vault):
    numbers = fill(70)
    shred({9: None})
    if connection.vendor == "sqlite":
        with sqlite3.connect(vault / "index.sqlite3") as index:
            index.execute("DELETE FROM bidx")
            index.execute("DELETE FROM meta")
    else:
        with connection.cursor() as cursor:
            cursor.execute("TRUNCATE vault_bidx, vault_bidx_meta")
    with pytest.raises(Unavailable, match="rebuilt"):
        services.look_up(entries=[("phone", "00000000001")])
    assert services.recover().indexed == 69
    found = services.look_up(entries=[("phone", f"000{n:08d}") for n in numbers])
    assert found == [() if n == 9 else (n,) for n in numbers]


def test_founding_twice_or_over_keys_of_another_database_is_refused(vault):
    fill(1)
    with pytest.raises(Refusal, match=r"vault\.founded_already"):
        services.found(at=AT)
    services.forget()
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM vault_state")
    before = {path.name: path.read_bytes() for path in (vault / "keys").iterdir()}
    with pytest.raises(Refusal, match=r"vault\.keys_in_the_way"):
        services.found(at=AT)
    assert {path.name: path.read_bytes() for path in (vault / "keys").iterdir()} == before


def test_a_vault_that_was_never_founded_says_so(bare):
    with pytest.raises(Refusal, match=r"vault\.not_founded"), transaction.atomic():
        services.index(entries=[("phone", "1", 1)])
