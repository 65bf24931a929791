"""From the offer to CLOSED between two installations: what arrives, what is proved, what nobody knows any more."""

import json
from pathlib import Path

import pytest

from shouxin.ground.formats import pit
from tests.duties.transfer.story import ALL, Story
from tests.duties.transfer.two_homes import person


@pytest.fixture(scope="module")
def told(world):
    """One whole transfer of forty newcomers, with a checker, watched at every stage."""
    world.clock.wait(minutes=1)
    story = Story(world, world.new_case())
    people = story.newcomers(40)
    cells = story.cells(people, [*ALL, "behaviour:free_text"])
    cells[str(people[7])] = ["basic", "behaviour"]
    cells[str(people[14])] = ["basic", "sensitive"]
    given = [[each, "agree", ["basic", "purchase"], False] for each in people[:30]]
    world.a.tell("answers", case=story.case, recipient=world.b_at_a, given=given)
    story.tick()
    story.offer()
    story.accept()
    world.v.tell("observe", messages=[story.said["offer"], story.said["accept"]])
    seen = {"people": people}
    auditor = world.v.tell("commit", tid=story.tid)["commitment"]
    story.tick()
    story.pack(cells, auditor=auditor, untold=["registered_on"])
    seen["on the way"] = [world.a.tell("bytes_of_home", words=_words(story)), story.said["parts"]]
    story.receive()
    story.to_a("receipt")
    seen["before"] = world.b.tell("texts")["values"]
    seen["import"] = story.take_in()
    seen["after"] = world.b.tell("texts")["values"]
    seen["b on disk"] = world.b.tell("bytes_of_home", words=_words(story))
    story.to_a("imported")
    story.a_says("challenge")
    story.b_says("answer", message=story.said["challenge"])
    seen["unsettled"] = world.a.tell("case", case=story.case)
    story.a_says("settle", message=story.said["answer"])
    seen["secrets of b"] = story.look("b")["secrets"]
    story.b_says("ack", message=story.said["settle"])
    seen["hold"] = story.look("b")
    story.to_a("ack")
    seen["too early"] = story.refused(lambda: story.a_says("permit"))
    story.wait(hours=72)
    story.b_says("ack", again=True)
    story.to_a("ack")
    seen["settled"] = world.a.tell("case", case=story.case)
    story.a_says("permit")
    story.b.tell("receive", message=story.said["permit"])
    wrong = ["transfer", "destroyed", story.tid, "--certificate", story.said["permit"], "--by", "system"]
    seen["another paper"] = story.a.tell("cli", arguments=wrong)
    story.a_says("destroyed")
    seen["destroyed"] = story.look("a")
    story.b_says("ack", message=story.said["destroyed"])
    story.to_a("ack")
    seen["closed"] = [story.look("a"), story.look("b")]
    story.said["end"] = seen
    return story


def _words(story):
    base = 1000 * int(story.case.removeprefix("case_"))
    rows = [fields for number in range(40) for _, fields in person(number, base=base)]
    return [text for fields in rows for name, text in fields.items() if name in ("phone", "name", "note", "address")]


def test_another_paper_than_the_certificate_under_the_permit_is_never_told(told):
    refused = told.said["end"]["another paper"]
    assert (refused["code"], refused["plain"]["error"]) == (1, "transfer.not_our_certificate")
    assert told.said["end"]["closed"][0]["kinds"].count("destroyed") == 1


def test_both_sides_walk_the_same_states_to_the_end(told):
    seen = told.said["end"]
    assert [each["status"] for each in seen["closed"]] == ["CLOSED", "CLOSED"]
    assert seen["closed"][0]["kinds"] == seen["closed"][1]["kinds"]
    assert seen["too early"] == "transfer.gates"
    assert seen["closed"][0]["files"][:2] == ["0001.dsse", "0002.dsse"]


def test_what_arrives_is_what_was_decided_and_no_field_more(told):
    seen = told.said["end"]
    old = {(row[0], row[1], row[2]) for row in seen["before"]}
    came = [row for row in seen["after"] if (row[0], row[1], row[2]) not in old]
    of_kind = {kind: [f["f"] for row in came if row[1] == kind for f in row[4]] for kind in _kinds(came)}
    base = 1000 * int(told.case.removeprefix("case_"))
    wanted = [dict(rows[0][1]) for rows in (person(number, base=base) for number in range(40))]
    # No notice told of the day of registration: it stays, and the entry counts it.
    assert {each.pop("registered_on") for each in wanted} == {"2020-01-02"}
    assert _sorted(of_kind["basic"]) == _sorted(wanted)
    # One customer's notes stay (free text was not agreed), the rest of the visit goes; another's visits stay whole.
    assert len(of_kind["behaviour"]) == 39
    assert sum("note" not in fields for fields in of_kind["behaviour"]) == 1
    assert of_kind["sensitive"] == [{"door_code": "0014#"}]
    assert len(of_kind["evidence"]) == 30
    assert {f["answer"] for f in of_kind["evidence"]} == {"agree"}
    assert {f["sensitive"] for f in of_kind["evidence"]} == {"refused"}


def _sorted(rows):
    return sorted(json.dumps(each, sort_keys=True) for each in rows)


def _kinds(rows):
    return {row[1] for row in rows}


def test_no_value_rests_in_the_clear_on_either_side(told):
    seen = told.said["end"]
    assert seen["on the way"][0]["hits"] == []
    assert seen["b on disk"]["hits"] == []
    assert Path(seen["on the way"][1][0]).read_bytes().startswith(b"age-encryption.org/v1")


def test_findings_follow_the_chain(told):
    before, after = (told.said["end"][name]["findings"] for name in ("unsettled", "settled"))
    assert before["accepted"] == [True, True]
    assert before["settled_share"] == [False, 0.0]
    assert after == {name: [True, 1.0 if name == "settled_share" else True] for name in after}


def test_every_cell_that_went_is_settled(told):
    seen = told.said["end"]
    assert told.said["end"]["unsettled"]["settled"] == []
    assert seen["settled"]["settled"] == seen["settled"]["handed"] != []
    people = seen["people"]
    handed = {tuple(each) for each in seen["settled"]["handed"]}
    assert (people[7], "behaviour") in handed
    assert (people[7], "behaviour:free_text") not in handed


def test_the_package_key_dies_with_settled_and_the_rest_with_destroyed(told):
    seen = told.said["end"]
    assert "package" in seen["secrets of b"]
    assert "package" not in seen["hold"]["secrets"]
    assert not [name for name in seen["hold"]["files"] if "age" in name]
    assert seen["destroyed"]["secrets"] == []
    assert seen["destroyed"]["tables"] == 0
    assert all(each["secrets"] == [] and each["tables"] == 0 for each in seen["closed"])


def test_a_checker_follows_the_chain_and_attests(told):
    messages = told.look("a")["messages"]
    assert told.v.tell("observe", messages=messages)["status"] == "CLOSED"
    made = told.v.tell("attest", tid=told.tid)
    told.tick()
    for home in (told.a, told.b):
        home.tell("receive", message=made["path"])
    assert told.look("a")["kinds"][-1] == "attest" == told.look("b")["kinds"][-1]
    envelopes = [Path(each).read_bytes() for each in told.look("a")["messages"]]
    kinds = [pit.peek(each)[0] for each in envelopes]
    assert kinds[:3] == ["offer", "accept", "package"]


def test_each_verb_leaves_one_entry(told):
    entries = told.look("a")["entries"]
    for kind in ("offered", "packed", "challenged", "settled", "permitted", "destroyed"):
        assert entries.count(f"transfer.{kind}") == 1
    assert entries.count("transfer.message_taken") == 8
    assert told.look("a")["surplus"] == [{"registered_on": 40}]
