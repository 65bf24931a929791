"""Buckets drawn by a seed that was committed before; lists of persons that open for one side only."""

import pytest

from shouxin.ground.formats import pit
from shouxin.ground.formats.package import new_identity
from shouxin.ground.formats.roots import person_tag, tags_root, totals
from shouxin.ground.kernel.canonical import to_base64
from shouxin.ground.kernel.refusals import Corrupt, Refusal
from tests.ground.formats.test_pit.cast import COUNTS, KEY, TID, WHOLE, after_withdrawal


def test_a_draw_is_the_same_for_everyone_and_another_for_another_seed():
    one = pit.draw(b"\x01" * 32, tid=TID, tables={"orders": 1024}, count=25)
    assert one == pit.draw(b"\x01" * 32, tid=TID, tables={"orders": 1024}, count=25)
    assert one != pit.draw(b"\x02" * 32, tid=TID, tables={"orders": 1024}, count=25)
    assert len(one["orders"]) == 25
    assert one["orders"] == sorted(set(one["orders"]))


def test_a_small_table_is_drawn_whole():
    assert pit.draw(b"\x01" * 32, tid=TID, tables={"orders": 4, "empty": 1}, count=9) == {
        "empty": [0],
        "orders": [0, 1, 2, 3],
    }


def test_the_frozen_draw_and_commitment():
    assert pit.commit(TID, b"\x0a" * 32) == "698e0350fa34f4b8b6c4c5dc7b0a677fa1bfa0604f011bd6408db6a887d63795"
    assert pit.draw(b"\x0a" * 32, tid=TID, tables={"orders": 64}, count=5)["orders"] == [3, 21, 33, 42, 47]


def test_an_answer_from_the_same_rows_passes_and_from_others_does_not():
    buckets = pit.draw(b"\x01" * 32, tid=TID, tables=COUNTS, count=8)
    right, wrong = pit.answer(WHOLE, buckets), pit.answer(after_withdrawal(7), buckets)
    assert pit.draws.passed(right, totals(WHOLE), COUNTS)
    assert not pit.draws.passed(wrong, totals(WHOLE), COUNTS)
    with pytest.raises(Refusal, match=r"transfer\.no_table"):
        pit.answer({"orders": WHOLE["orders"]}, buckets)


def test_a_list_of_persons_opens_for_the_other_side_only_and_shows_nobody():
    tags = {person_tag(KEY, f"p{i}") for i in range(5)}
    theirs, ours = new_identity(), new_identity()

    sealed = pit.seal_tags(tags, tid=TID, epoch=3, recipient=theirs.recipient)
    message = {**sealed, "tid": TID, "epoch": 3}

    assert pit.open_tags(message, identity=theirs.secret) == tags
    assert message["tags_root"] == tags_root(tags).hex()
    with pytest.raises(Refusal, match=r"transfer\.cannot_open"):
        pit.open_tags(message, identity=ours.secret)
    for wrong in ({"epoch": 4}, {"tags_root": "00" * 32}, {"tid": "tid_" + "a" * 26}):
        with pytest.raises(Corrupt):
            pit.open_tags({**message, **wrong}, identity=theirs.secret)
    with pytest.raises(Refusal):
        pit.open_tags({**message, "tags": to_base64(b"age")}, identity=theirs.secret)


def test_nobody_withdrew_is_a_list_too():
    theirs = new_identity()
    sealed = pit.seal_tags([], tid=TID, epoch=1, recipient=theirs.recipient)
    assert pit.open_tags({**sealed, "tid": TID, "epoch": 1}, identity=theirs.secret) == frozenset()
