"""A challenge after import: the seed was committed before, so nobody could choose the buckets; B recomputes the values
from its own database.

commitment = commit(tid, seed)                      # goes into PACKAGE
buckets = draw(seed, tid=tid, tables={name: count}, least=25)   # into CHALLENGE, with the seed
answers = answer(recomputed, buckets)                # into ANSWER
"""

import hashlib
from collections.abc import Callable, Mapping
from typing import Any

from shouxin.ground.formats.roots import TableRoots, check_buckets
from shouxin.ground.kernel import merkle
from shouxin.ground.kernel.refusals import Corrupt, Refusal

SEED = 32


def new_seed(entropy: Callable[[int], bytes]) -> bytes:
    """A fresh seed."""
    return entropy(SEED)


def commit(tid: str, seed: bytes) -> str:
    """What is published before the import: binds to the seed and tells nothing of it."""
    return hashlib.sha256(b"pit/v1/seed\x00" + tid.encode() + b"\x00" + seed).hexdigest()


def draw(seed: bytes, *, tid: str, tables: Mapping[str, int], count: int) -> dict[str, list[int]]:
    """The buckets drawn, by table, sorted; all of a table that has no more than `count`."""
    return {name: _draw_table(seed, tid, name, check_buckets(held), count) for name, held in sorted(tables.items())}


def answer(roots: Mapping[str, TableRoots], buckets: Mapping[str, list[int]]) -> dict[str, list[dict[str, Any]]]:
    """The drawn buckets' values with their paths, from roots recomputed from one's own database.

    Raises:
        Refusal("transfer.no_table"): a table that was not recomputed.
    """
    if missing := sorted(set(buckets) - set(roots)):
        raise Refusal("transfer.no_table", tables=missing)
    return {name: _answer_table(roots[name], numbers) for name, numbers in buckets.items()}


def passed(answers: Mapping[str, Any], totals: Mapping[str, Mapping[str, Any]], counts: Mapping[str, int]) -> bool:
    """Whether every answered bucket lies under the expected root of its table."""
    return all(
        _holds(each, bytes.fromhex(totals[name]["root"]), counts[name])
        for name, listed in answers.items()
        for each in listed
    )


def _holds(each: Mapping[str, Any], root: bytes, size: int) -> bool:
    try:
        merkle.check_inclusion(
            leaf=merkle.leaf_hash(bytes.fromhex(each["value"])),
            index=each["bucket"],
            size=size,
            path=[bytes.fromhex(step) for step in each["path"]],
            expected=root,
        )
    except Corrupt:
        return False
    return True


def _draw_table(seed: bytes, tid: str, table: str, held: int, count: int) -> list[int]:
    head = b"pit/v1/draw\x00" + tid.encode() + b"\x00" + table.encode() + b"\x00" + seed
    found: set[int] = set()
    number = 0
    while len(found) < min(count, held):
        drawn = hashlib.sha256(head + number.to_bytes(4, "big")).digest()
        found.add(int.from_bytes(drawn[:8], "big") % held)
        number += 1
    return sorted(found)


def _answer_table(roots: TableRoots, numbers: list[int]) -> list[dict[str, Any]]:
    leaves = [merkle.leaf_hash(value) for value in roots.buckets]
    return [
        {
            "bucket": number,
            "path": [step.hex() for step in merkle.inclusion_proof(leaves, number)],
            "value": roots.buckets[number].hex(),
        }
        for number in numbers
    ]
