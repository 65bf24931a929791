"""Rows that are known to bear the same keys are recognised together, and come out as if each were looked at alone."""

import random
from dataclasses import replace

import numpy as np
import polars as pl

from shouxin.duties.inventory import taking
from shouxin.duties.inventory.rows import Rows

KINDS = ("id_no", "phone_name", "source_ref", "link")
PEOPLE, ROWS = 40, 300


def made_up(seed):
    """Rows of people of whom some share a key with others, some dealings among them."""
    drawn = random.Random(seed)
    people = {kind: [drawn.choice([None, f"{kind}{drawn.randrange(PEOPLE)}"]) for _ in range(PEOPLE)] for kind in KINDS}
    person = np.array([drawn.randrange(PEOPLE) for _ in range(ROWS)])
    keys = [(kind, pl.Series(people[kind], dtype=pl.String).gather(person)) for kind in KINDS]
    orders = pl.Series([drawn.choice([None, "1"]) for _ in range(ROWS)], dtype=pl.String)
    return Rows(np.arange(2, 2 + ROWS), keys, pl.DataFrame({"order_no": orders}), pl.DataFrame(), same=person)


def test_they_come_out_as_if_each_were_looked_at_alone(db):
    conflicts = 0
    for seed in range(30):
        rows = made_up(seed)
        together, alone = taking.recognise(rows), taking.recognise(replace(rows, same=None))
        assert together.owners.tolist() == alone.owners.tolist()
        assert (together.firsts, together.new_keys) == (alone.firsts, alone.new_keys)
        assert together.conflicts == alone.conflicts
        assert 0 < len(together.firsts) < PEOPLE
        conflicts += len(together.conflicts)
    assert conflicts
