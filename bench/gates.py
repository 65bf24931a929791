"""The gates over a million customers, six kinds of information and two flows, then what stays.

- `decide_of_plain`: against one plain NumPy pass over the same columns (each compared with zero, once), which is the
  least that anyone reading them could do;
- `mib_beyond_result`: the most memory held at once besides the facts and the decisions themselves, and the same for
  four times as few customers: what is computed on the way does not grow with the crowd.
"""

import time
import tracemalloc
from dataclasses import fields
from typing import Any

import numpy as np

from shouxin.ground.rulebook.bases import NOTICE_ELEMENTS
from shouxin.ground.rulebook.gates import (
    Age,
    Facts,
    FlowFacts,
    FlowRole,
    Grounds,
    Holding,
    Movement,
    PurposeState,
    Remains,
    SenderFacts,
    Structure,
    decide,
    decide_all,
    explain_person,
)

CUSTOMERS = 1_000_000
KINDS = ("basic", "purchase", "need", "behaviour", "behaviour:free_text", "sensitive")
NEEDED = frozenset({"basic", "purchase", "need", "behaviour", "sensitive"})


def run() -> dict[str, Any]:
    """Seconds for the whole case, as a ratio to a plain pass; memory; one person explained."""
    grounds = made_up(CUSTOMERS)
    begun = time.perf_counter()
    decide_all(grounds)
    seconds = time.perf_counter() - begun
    plain = plain_pass(grounds)
    begun = time.perf_counter()
    explain_person(grounds, CUSTOMERS // 2)
    explained = time.perf_counter() - begun
    return {
        "customers": CUSTOMERS,
        "cells": CUSTOMERS * len(KINDS) * len(grounds.movements),
        "decide_seconds": round(seconds, 2),
        "decide_of_plain": round(seconds / plain, 1),
        "explain_person_seconds": round(explained, 3),
        "mib_beyond_result": beyond_result(grounds.movements[0]),
        "mib_beyond_result_of_a_quarter": beyond_result(made_up(CUSTOMERS // 4).movements[0]),
        "goals": {"decide_seconds": 10.0},
    }


def made_up(count: int) -> Grounds:
    """A company that is dissolved and sells its goods: a successor for some, a buyer for whoever agreed."""
    sender = SenderFacts(
        structures=frozenset({Structure.DISSOLUTION, Structure.ASSET_SALE}),
        ends_business=True,
        goes_on=False,
        people_at_announcement=count,
        people_at_cut_off=count,
    )
    source = np.random.default_rng(1)
    facts = [people(source, count) for _ in range(2)]
    shape = (count, len(KINDS))
    remains = Remains.of(
        count,
        KINDS,
        holding=facts[0].holding,
        moved=0,
        hold=facts[0].hold,
        requests=0,
        duty_open=source.random(shape) < 0.02,
        running=source.integers(0, 3, shape).astype(np.uint8),
        purpose=PurposeState.ENDED,
    )
    movements = (
        Movement("successor", facts[0], flow(sender, FlowRole.SUCCESSOR)),
        Movement("buyer", facts[1], flow(sender, FlowRole.OTHER_HANDLER)),
    )
    return Grounds(np.arange(count), movements, remains, sender, at_cut_off=True)


def people(source: np.random.Generator, count: int) -> Facts:
    """Facts in which every row of table A finds somebody."""
    shape = (count, len(KINDS))
    return Facts.of(
        count,
        KINDS,
        person_kind=source.integers(0, 6, count).astype(np.uint8),
        age=source.choice([Age.UNKNOWN, Age.UNDER_14, Age.MINOR, *[Age.ADULT] * 17], count).astype(np.uint8),
        dead=source.random(count) < 0.01,
        notice=source.integers(0, 5, count).astype(np.uint8),
        taken_over=source.random(count) < 0.5,
        holding=source.choice([Holding.NONE, *[Holding.LIVE] * 8, Holding.DESTROYED], shape).astype(np.uint8),
        hold=source.random(shape) < 0.01,
        requests=source.choice([0] * 30 + [1, 2], shape).astype(np.uint8),
        objected=source.random(shape) < 0.01,
        several=source.choice([0] * 20 + [1, 3], shape).astype(np.uint8),
        sensitive=source.random(shape) < 0.2,
        purpose_basis=source.integers(0, 4, shape).astype(np.uint8),
        answer=source.choice([0, 1, 1, 1, 2, 3], shape).astype(np.uint8),
        defects=source.choice([0] * 9 + [128], shape).astype(np.uint16),
        necessity_told=source.random(shape) < 0.5,
        separately_agreed=source.random(shape) < 0.5,
    )


def flow(sender: SenderFacts, role: FlowRole) -> FlowFacts:
    """A flow of which nothing stands in the way."""
    return FlowFacts(
        role=role,
        sender=sender,
        recipient=f"recipient:{role}",
        needed=NEEDED,
        purposes=frozenset({"continue_service"}),
        same_purpose=True,
        same_method=True,
        recipient_identified=True,
        recipient_restricted=False,
        key_matches=True,
        abroad=False,
        child_rules=True,
        told_elements=NOTICE_ELEMENTS,
        succession_on_record=True,
    )


def plain_pass(grounds: Grounds) -> float:
    """Seconds to compare every column with zero, once."""
    columns = [
        getattr(table, each.name)
        for table in (*(movement.facts for movement in grounds.movements), grounds.remains)
        for each in fields(table)
        if "dtype" in each.metadata and each.metadata["dtype"] != "datetime64[D]"
    ]
    begun = time.perf_counter()
    for column in columns:
        np.not_equal(column, 0)
    return time.perf_counter() - begun


def beyond_result(movement: Movement) -> float:
    """The most MiB held at once while one flow is decided, less what is returned."""
    tracemalloc.start()
    kept = decide(movement.facts, movement.flow)
    held, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return round((peak - held) / 2**20, 1) if len(kept) else 0.0
