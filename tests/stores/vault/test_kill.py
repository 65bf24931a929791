"""Killed at any step, each destruction is wholly done or wholly not, no other key is lost, and the next process
finishes it.
"""

from tests.stores.vault.faults import run


def test_a_destruction_killed_at_any_step_is_whole_and_hurts_nobody_else(tmp_path):
    points = run("shred", tmp_path, stride=9)
    names = [point["name"] for point in points]
    for step in (
        "intent written",
        "intent committed",
        "leaves inserted",
        "leaves committed",
        "escrow durable",
        "table written",
        "table durable",
        "root written",
        "flipped",
        "older root erased",
        "older escrow dead",
        "rows deleted",
        "done committed",
        "end",
    ):
        assert step in names
    # Killed before the intent's commit it never was; after it, it is always carried out.
    committed = names.index("intent committed")
    assert [point["done"] for point in points] == [at >= committed for at in range(len(points))]


def test_an_allocation_killed_at_any_step_loses_no_key_and_gives_no_number_twice(tmp_path):
    points = run("allocate", tmp_path, stride=9)
    assert {"leaves committed", "flipped", "older root erased", "allocation settled"} <= {p["name"] for p in points}
    assert {point["next"] for point in points[:-1]} == {71}
    assert points[-1]["next"] == 201


def test_two_processes_at_once_never_hurt_a_key(tmp_path):
    run("two", tmp_path, stride=1)


def test_a_process_that_remembers_a_key_uses_it_no_more_after_its_destruction(tmp_path):
    run("stale", tmp_path, stride=1)
