"""What an auditor sees: enough to judge, nothing of a person, in two seconds for a million rows."""

import hashlib
import time

import pytest

from shouxin.ground.formats import pit
from shouxin.ground.formats.pit import Copies
from shouxin.ground.formats.roots import root_of
from tests.ground.formats.test_pit import cast
from tests.ground.formats.test_pit.cast import SHAPES, WHOLE, Story, rows


@pytest.fixture
def closed():
    return Story().to("CLOSED")


def check(story: Story, copies: Copies | None = None):
    return pit.check_offline(story.envelopes, story.parties, at=story.at, copies=copies)


def buckets(roots):
    return {name: each.buckets for name, each in roots.items()}


def test_bucket_tables_and_parts_beside_the_messages_are_compared(closed, tmp_path):
    right = check(closed, Copies(buckets_a=buckets(WHOLE), buckets_b=buckets(WHOLE)))
    other = buckets(cast.after_withdrawal(7))
    wrong = check(closed, Copies(buckets_a=buckets(WHOLE), buckets_b=other))
    short = check(closed, Copies(buckets_a={"orders": WHOLE["orders"].buckets}))
    part = tmp_path / "package.age.001"
    part.write_bytes(b"not the ciphertext")
    exchanged = check(closed, Copies(parts=(part, part)))

    assert right.holds
    assert (wrong.holds, wrong.reason) == (False, "transfer.buckets_b")
    assert (short.holds, short.reason) == (False, "transfer.buckets_a")
    assert (exchanged.holds, exchanged.reason) == (False, "transfer.ciphertext")


def test_it_says_what_it_cannot_see_and_ends_at_the_first_fault(closed):
    report = check(closed)
    assert set(report.not_seen) == {"transfer.not_seen.key", "transfer.not_seen.sources"}
    cut = pit.check_offline([*closed.envelopes[:3], b"{}"], closed.parties, at=closed.at)
    assert (cut.holds, cut.fault, cut.fault_seq, cut.status) == (False, "corrupt", 4, "SEALED")
    nothing = pit.check_offline([], closed.parties, at=closed.at)
    assert (nothing.holds, nothing.status) == (False, "DRAFT")


def test_nothing_that_an_auditor_gets_holds_a_value_of_a_row(closed):
    seen = b"".join(closed.envelopes) + repr(closed.transfer).encode()
    values = {str(value) for name in SHAPES for row in rows(name, 400).to_pylist() for value in row.values()}
    decoded = "".join(str(pit.peek(each)) for each in closed.envelopes)
    assert not [value for value in values if len(value) > 3 and (value.encode() in seen or value in decoded)]
    assert cast.KEY.hex() not in decoded


def test_a_million_rows_are_checked_in_two_seconds(monkeypatch):
    values = {name: tuple(hashlib.sha256(f"{name}{i}".encode()).digest() for i in range(16384)) for name in SHAPES}
    other = {name: (b"\x00" * 32, *each[1:]) for name, each in values.items()}
    whole = {name: large(SHAPES[name], each) for name, each in values.items()}
    monkeypatch.setattr(cast, "WHOLE", whole)
    monkeypatch.setattr(cast, "COUNTS", dict.fromkeys(SHAPES, 16384))
    story = Story().to("DELIVERED")
    found = {
        name: {"root": root_of(each).hex(), "rows": 1_000_000, "values": [v.hex() for v in each]}
        for name, each in other.items()
    }
    story.say("B", "imported", tables=found)
    story.say("A", "resend", buckets={name: [0] for name in SHAPES}).say("A", "package").say("B", "receipt")
    story.say("B", "imported").say("A", "challenge").say("B", "answer").say("A", "settled")

    began = time.perf_counter()
    report = check(story, Copies(buckets_a=values, buckets_b=values))
    took = time.perf_counter() - began

    assert (report.holds, report.status) == (True, "SETTLED")
    assert took < 2


def large(shape, values):
    return cast.TableRoots(
        table=shape.name, rows=1_000_000, buckets=values, root=root_of(values), schema_digest=shape.digest
    )
