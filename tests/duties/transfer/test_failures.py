"""Every row of the failure table, tried from each side, in real installations."""

import base64
import json
from pathlib import Path

from tests.duties.transfer.story import Story


def test_a_part_of_the_rows_is_settled_and_the_rest_comes_again(story):
    story.to("DELIVERED")
    story.take_in(lose=["purchase"])
    story.to_a("imported")
    assert story.states() == ["IMPORTED", "IMPORTED"]
    story.a_says("settle")
    partly = story.a.tell("case", case=story.case)
    assert story.look("a")["status"] == "IMPORTED"
    assert 0 < len(partly["settled"]) < len(partly["handed"])
    assert partly["findings"]["settled_share"][0] is False
    # Only those buckets go out again, in the same transfer, and only the rows that were lost are taken.
    story.b.tell("receive", message=story.said["settle"])
    sent = story.a.tell("resend", tid=story.tid)
    story.tick()
    assert [each["kind"] for each in sent["sent"]] == ["resend", "package"]
    story.b.tell("receive", message=sent["sent"][0]["path"])
    story.said["package"], story.said["parts"] = sent["sent"][1]["path"], sent["parts"]
    story.receive()
    story.to_a("receipt")
    again = story.take_in()
    assert 0 < again["rows"] <= 2
    story.to_a("imported")
    story.a_says("settle")
    assert story.look("a")["status"] == "SETTLED"


def test_three_rounds_that_do_not_match_end_in_a_dispute_on_both_sides(story):
    story.to("DELIVERED", story.cells(story.people(0, 25)))
    story.take_in(lose=["behaviour"])
    for number in range(1, 4):
        if number == 2:
            # The receiver may ask as well as the sender.
            story.to_a("imported")
            asked = story.b.tell("resend", tid=story.tid, reason="mismatch")["sent"][0]
            story.tick()
            sent = story.a.tell("resend", tid=story.tid, message=asked["path"])
            story.tick()
            path = sent["sent"][0]["path"]
        else:
            story.to_a("imported")
            sent = story.a.tell("resend", tid=story.tid)
            story.tick()
            story.b.tell("receive", message=sent["sent"][0]["path"])
            path = sent["sent"][1]["path"]
        story.said["package"], story.said["parts"] = path, sent["parts"]
        story.receive()
        story.to_a("receipt")
        story.take_in(lose=["behaviour"])
    story.to_a("imported")
    assert story.states() == ["DISPUTED", "DISPUTED"]
    assert story.refused(lambda: story.a.tell("resend", tid=story.tid)) != ""
    assert story.refused(lambda: story.a_says("settle")) == "transfer.out_of_turn"


def test_the_same_package_again_is_the_same_receipt(story):
    story.to("DELIVERED")
    first = story.said["receipt"]
    assert story.receive()["path"] == first
    assert story.look("b")["kinds"].count("receipt") == 1
    # The sender hands the same receipt in twice: known, nothing changes.
    story.to_a("receipt")
    assert story.look("a")["kinds"] == story.look("b")["kinds"]


def test_an_acknowledgement_for_the_cooling_off_is_written_once_and_not_before_it_proves_anything(story):
    story.to("HOLD")
    first = story.said["ack"]
    assert story.b_says("ack", again=True)["path"] == first
    story.wait(hours=72)
    proof = story.b_says("ack", again=True)["path"]
    assert proof != first
    # Stopped before it was handed over, and sent again: the same file, so that the sender's chain has no gap.
    Path(proof).unlink()
    assert story.b_says("ack", again=True)["path"] == proof
    story.to_a("ack")
    assert story.look("a")["kinds"] == story.look("b")["kinds"]
    assert story.look("a")["kinds"].count("ack") == 2


def test_a_command_that_another_process_overtakes_gives_the_same_message(story):
    def overtaken(side, name, verb, **told):
        found = side.tell("overtaken", which=verb, tid=story.tid, **told)
        paths = [each.get("sent", each)["path"] for each in (found["made"], found["other"])]
        assert found["overtaken"], verb
        assert paths[0] == paths[1], verb
        story.said[name] = paths[0]
        story.tick()
        return found["made"]

    people = story.newcomers(6)
    story.to("ACCEPTED")
    given = {"accept": story.said["accept"], "case": story.case, "cells": story.cells(people)}
    story.said["parts"] = overtaken(story.a, "package", "pack", **given)["parts"]
    story.receive()
    story.to_a("receipt")
    overtaken(story.b, "imported", "take_in")
    story.to_a("imported")
    story.a_says("challenge")
    story.b.tell("receive", message=story.said["challenge"])
    story.a_says("withdraw", customers=people[:1])
    overtaken(story.b, "ack", "ack", message=story.said["withdraw"])
    story.to_a("ack")
    story.take_in()
    story.to_a("imported")
    story.a_says("settle")
    overtaken(story.b, "ack", "ack", message=story.said["settle"])
    story.to_a("ack")
    story.wait(hours=72)
    overtaken(story.b, "ack", "ack", again=True)
    story.to_a("ack")
    assert story.look("a")["kinds"] == story.look("b")["kinds"]
    assert story.look("a")["kinds"].count("package") == 1


def test_a_refusal_and_an_end_that_another_process_overtakes_are_said_once(world):
    for side, verb, reason in (("b", "refuse", "cannot_open"), ("b", "void", "cancelled"), ("a", "void", "cancelled")):
        world.clock.wait(minutes=1)
        story = Story(world, world.new_case()).to("DELIVERED")
        found = getattr(story, side).tell("overtaken", which=verb, tid=story.tid, reason=reason)
        assert found["overtaken"]
        assert found["made"] == {**found["other"], "again": True}
        story.tick()


def test_parts_that_are_lost_go_out_again_without_a_word(story):
    story.offer()
    story.accept()
    story.pack(part_size=4096)
    parts = story.said["parts"]
    assert len(parts) > 2
    story.receive(parts[:1])
    assert story.states() == ["SEALED", "SEALED"]
    asked = story.b.tell("resend", tid=story.tid, reason="lost")["sent"][0]
    story.tick()
    story.to_a("receipt")
    made = story.a.tell("resend", tid=story.tid, message=asked["path"])
    assert [each["path"] for each in made["sent"]] == [story.said["package"]]
    assert made["parts"] == parts
    story.receive(parts[1:])
    story.to_a("receipt")
    assert story.states() == ["DELIVERED", "DELIVERED"]


def test_a_damaged_part_whose_original_is_gone_becomes_a_package_that_replaces(story):
    story.to("SEALED")
    damaged = Path(story.said["parts"][0])
    damaged.write_bytes(damaged.read_bytes()[:-1] + b"?")
    story.receive()
    asked = story.b.tell("resend", tid=story.tid, reason="damaged")["sent"][0]
    story.tick()
    story.to_a("receipt")
    made = story.a.tell("resend", tid=story.tid, message=asked["path"])
    story.tick()
    story.said["package"], story.said["parts"] = made["sent"][-1]["path"], made["parts"]
    assert story.look("a")["kinds"].count("package") == 2
    story.receive()
    story.to_a("receipt")
    story.take_in()
    story.to_a("imported")
    story.a_says("settle")
    assert story.look("a")["status"] == "SETTLED"


def test_a_message_of_another_transfer_or_of_ourselves_changes_nothing(story, world):
    story.to("SEALED")
    other = type(story)(world, world.new_case())
    other.to("ACCEPTED")
    before = story.look("b")["kinds"]
    forged = Path(story.said["package"]).read_bytes().replace(b'"signatures"', b'"signaturez"')
    path = Path(story.said["package"]).with_name("forged.dsse")
    path.write_bytes(forged)
    assert story.refused(lambda: story.b.tell("receive", message=str(path))) == "corrupt"
    # Our own message, brought back to us, is known and changes nothing.
    assert story.a.tell("receive", message=story.said["package"]) is None
    assert (
        story.refused(
            lambda: story.a.tell(
                "pack", tid=other.tid, accept=story.said["accept"], case=other.case, cells=other.cells()
            )
        )
        == "transfer.other_transfer"
    )
    assert story.look("b")["kinds"] == before
    path.unlink()


def test_nothing_is_sealed_for_a_key_that_is_not_the_agreements(story, world):
    story.offer()
    story.accept()
    was = world.a.tell("repin", recipient=world.b_at_a)["public"]
    sealed = story.refused(story.pack)
    offered = story.refused(lambda: type(story)(world, world.new_case()).offer())
    world.a.tell("repin", recipient=world.b_at_a, public=was)
    assert [sealed, offered] == ["transfer.key_not_of_contract"] * 2
    assert not [name for name in story.look("a")["files"] if "age" in name]
    # Without an agreement there is not even an offer; another recipient is another company.
    told = {"case": story.case, "recipient": world.v_at_a, "expires": story.later(days=1)}
    assert story.refused(lambda: story.a.tell("offer", **told)) == "transfer.no_agreement"


def test_who_cannot_open_says_so_with_the_digest_and_the_sender_records_an_incident(story):
    story.to("SEALED")
    story.b.tell("forget_key", tid=story.tid, other=True)
    made = story.receive()
    assert made["kind"] == "refused"
    assert not [name for name in story.look("b")["files"] if "age" in name]
    story.to_a("receipt")
    assert story.states() == ["REFUSED", "REFUSED"]
    assert "transfer.incident" in story.look("a")["entries"]
    # A new transfer of the same case may begin.
    first = story.tid
    story.to("ACCEPTED")
    assert story.tid != first


def test_an_offer_that_has_run_out_cannot_be_accepted(story):
    story.offer(expires=story.later(hours=1))
    story.wait(hours=2)
    assert story.refused(story.accept) == "transfer.expired"
    made = story.a_says("void", reason="expired")
    assert made["status"] == "EXPIRED"


def test_past_its_time_a_package_is_deleted_and_refused(story):
    story.offer()
    story.accept()
    story.pack(expires=story.later(hours=4))
    story.wait(hours=5)
    made = story.receive()
    assert (made["kind"], made["status"]) == ("refused", "EXPIRED")
    assert not [name for name in story.look("b")["files"] if "age" in name]
    story.to_a("receipt")
    assert story.look("a")["status"] == "EXPIRED"


def test_between_receipt_and_import_the_time_may_run_out_too(story):
    story.offer()
    story.accept()
    story.pack(expires=story.later(hours=4))
    story.receive()
    story.wait(hours=5)
    assert story.refused(story.take_in) == "transfer.expired"
    made = story.b_says("refuse", reason="expired")
    assert made["status"] == "EXPIRED"


def test_who_withdraws_on_the_way_is_not_imported(story):
    people = story.newcomers(25)
    story.to("SEALED", story.cells(people))
    # The receipt and the withdrawal cross: the sender's word stands, the receipt is signed again behind it.
    story.receive()
    story.a_says("withdraw", customers=people[:2])
    story.b_says("ack", message=story.said["withdraw"])
    story.to_a("ack")
    story.receive()
    story.to_a("receipt")
    before = story.look("b")["customers"]
    made = story.take_in()
    assert made["withdrawn"] == 2
    assert story.look("b")["customers"] == before + 23
    story.to_a("imported")
    story.a_says("settle")
    assert story.look("a")["status"] == "SETTLED"
    handed = {each for each, _ in story.a.tell("case", case=story.case)["handed"]}
    assert handed == set(people[2:])


def test_the_same_withdrawal_again_is_the_same_word_and_changes_nothing(story):
    people = story.newcomers(25)
    story.to("DELIVERED", story.cells(people))
    first = story.a_says("withdraw", customers=people[:2])
    Path(first["path"]).unlink()  # a stop between the entry and the file
    entries = story.look("a")["entries"]
    again = story.a_says("withdraw", customers=people[:2])
    assert (again["digest"], again["seq"], again["again"]) == (first["digest"], first["seq"], True)
    assert Path(again["path"]).is_file()
    assert not first["again"]
    assert story.look("a")["entries"] == entries
    more = story.a_says("withdraw", customers=people[1:3])  # one of them is new
    assert (more["seq"], more["again"]) == (first["seq"] + 1, False)
    assert story.a_says("withdraw", customers=people[:1])["digest"] == first["digest"]
    assert story.a_says("withdraw", customers=people[:3])["digest"] == more["digest"]
    stranger = story.people()[0]  # a customer of A, of whom nothing is in this transfer
    assert story.refused(lambda: story.a_says("withdraw", customers=[stranger])) == "transfer.nobody_to_withdraw"
    story.b.tell("receive", message=first["path"])
    story.b_says("ack", message=more["path"])
    story.to_a("ack")
    assert story.a_says("withdraw", customers=people[:3])["digest"] == more["digest"]


def test_an_import_without_the_newest_withdrawal_is_never_settled(story):
    people = story.newcomers(22)
    story.to("IMPORTED", story.cells(people))
    before = story.look("b")["customers"]
    story.a_says("withdraw", customers=people[:1])
    assert story.refused(lambda: story.a_says("settle")) == "transfer.old_epoch"
    # The receiver destroys whom it knows only from this transfer, and imports anew at the new epoch.
    story.b_says("ack", message=story.said["withdraw"])
    assert story.look("b")["customers"] == before - 1
    story.to_a("ack")
    story.take_in()
    story.to_a("imported")
    story.a_says("settle")
    assert story.look("a")["status"] == "SETTLED"


def test_after_settling_a_withdrawal_is_acknowledged_with_the_receivers_own_totals(story):
    people = story.newcomers(22)
    story.to("HOLD", story.cells(people))
    story.a_says("withdraw", customers=people[3:5])
    assert story.look("a")["gates"].count("transfer.gate.withdrawals_acknowledged") == 1
    story.b_says("ack", message=story.said["withdraw"])
    story.to_a("ack")
    assert story.states() == ["HOLD", "HOLD"]
    assert "transfer.gate.withdrawals_acknowledged" not in story.look("a")["gates"]


def test_the_receiver_too_may_say_that_someone_withdrew(story):
    people = story.newcomers(21)
    story.to("IMPORTED", story.cells(people))
    mine = {each[0] for each in story.b.tell("texts")["values"]}
    theirs = max(mine)
    story.b_says("withdraw", customers=[theirs])
    assert story.refused(story.take_in) == "transfer.not_acknowledged"
    story.a_says("ack", message=story.said["withdraw"])
    story.b.tell("receive", message=story.said["ack"])
    story.take_in()
    story.to_a("imported")
    story.a_says("settle")
    assert story.look("a")["status"] == "SETTLED"
    assert len({each for each, _ in story.a.tell("case", case=story.case)["handed"]}) == 20


def test_a_silent_receiver_never_leads_to_a_permit(story):
    story.to("SEALED")
    story.wait(days=30)
    here = story.look("a")
    assert here["overdue"] == ["transfer.overdue.package"]
    assert here["waits_for"] == "B"
    assert story.refused(lambda: story.a_says("permit")) == "transfer.gates"
    assert story.refused(lambda: story.a_says("destroyed")) != ""
    assert story.a.tell("case", case=story.case)["settled"] == []
    story.a_says("void", reason="expired")
    assert story.look("a")["status"] == "EXPIRED"


def test_void_before_settling_the_receiver_deletes_what_it_imported(story):
    people = story.newcomers(12)
    story.to("IMPORTED", story.cells(people))
    before = story.look("b")["customers"]
    story.a_says("void", reason="cancelled")
    made = story.b_says("ack", message=story.said["void"])
    story.to_a("ack")
    assert story.states() == ["VOID", "VOID"]
    here = story.look("b")
    assert here["customers"] == before - 12
    assert here["secrets"] == []
    assert here["tables"] == 0
    assert made["status"] == "VOID"
    assert not [name for name in here["files"] if "age" in name]
    assert story.a.tell("case", case=story.case)["handed"] == []


def test_the_receiver_claims_no_deletion_that_it_cannot_make(story):
    # These people are customers of B already: what came of them cannot be taken out of their keys.
    story.to("IMPORTED", story.cells(story.people(0, 5)))
    assert story.refused(lambda: story.b_says("void", reason="cancelled")) == "transfer.rows_beside_own"
    story.a_says("void", reason="insolvent")
    made = story.b_says("ack", message=story.said["void"])
    assert made["status"] == "VOID"
    assert b'"deleted":false' in _payload(made["path"])


def _payload(path):
    return base64.b64decode(json.loads(Path(path).read_text())["payload"])


def test_from_settled_on_nothing_is_void(story):
    story.to("SETTLED")
    assert story.refused(lambda: story.a_says("void", reason="cancelled")) == "transfer.settled"
    story.b.tell("receive", message=story.said["settle"])
    assert story.refused(lambda: story.b_says("void", reason="cancelled")) == "transfer.settled"


def test_a_key_lost_before_delivery_is_replaced_and_the_rows_sealed_again(story):
    story.to("SEALED")
    story.b.tell("forget_key", tid=story.tid)
    assert story.refused(story.receive) == "transfer.secret_destroyed"
    story.accept(key_lost=True)
    first = story.said["package"]
    story.pack()
    assert story.said["package"] != first
    story.receive()
    story.to_a("receipt")
    assert story.states() == ["DELIVERED", "DELIVERED"]


def test_a_key_lost_after_delivery_voids(story):
    story.to("DELIVERED")
    story.b.tell("forget_key", tid=story.tid)
    assert story.refused(story.take_in) == "transfer.secret_destroyed"
    assert story.refused(lambda: story.accept(key_lost=True)) == "transfer.out_of_turn"
    made = story.b_says("void", reason="key_lost")
    story.to_a("void")
    assert made["status"] == "VOID"
    assert story.states() == ["VOID", "VOID"]


def test_rows_that_changed_after_the_import_are_found_by_the_challenge(story):
    story.to("IMPORTED", story.cells(story.people(0, 18)))
    story.b.tell("lose", tid=story.tid, category="basic")
    story.a_says("challenge")
    story.b_says("answer", message=story.said["challenge"])
    story.to_a("answer")
    assert story.states() == ["DISPUTED", "DISPUTED"]
    assert story.a.tell("case", case=story.case)["findings"]["challenge_passed"] == [False, False]


def test_both_wrote_at_once_and_the_senders_word_stands(story):
    people = story.newcomers(6)
    story.to("IMPORTED", story.cells(people))
    gone = max(each[0] for each in story.b.tell("texts")["values"])
    story.b_says("withdraw", customers=[gone])
    story.a_says("withdraw", customers=people[:1])
    theirs = story.look("b")["messages"][-1]
    assert story.refused(lambda: story.a.tell("receive", message=theirs)) == "transfer.crossed"
    story.b_says("ack", message=story.look("a")["messages"][-1])
    assert story.look("b")["kinds"][-2:] == ["withdraw", "ack"]
    assert "transfer.gave_way" in story.look("b")["entries"]
    # The receiver says its own word again, behind the sender's; both lists hold in the end.
    story.to_a("ack")
    story.b_says("withdraw", customers=[gone])
    story.a_says("ack", message=story.said["withdraw"])
    story.b.tell("receive", message=story.said["ack"])
    story.take_in()
    story.to_a("imported")
    story.a_says("settle")
    assert story.look("a")["status"] == "SETTLED"
    assert len({each for each, _ in story.a.tell("case", case=story.case)["handed"]}) == 4


def test_a_stop_before_the_message_leaves_no_package_and_the_same_verb_goes_on(story):
    story.offer()
    story.accept()
    story.a.tell("spy_sending")
    assert story.refused(story.pack) == "stopped"
    assert "package" not in story.look("a")["kinds"]
    story.pack()
    story.receive()
    story.to_a("receipt")
    assert story.states() == ["DELIVERED", "DELIVERED"]


def test_a_stop_inside_an_import_takes_nobody_twice(story):
    people = story.newcomers(9)
    story.to("DELIVERED", story.cells(people))
    before = story.look("b")["customers"]
    for where in ("rows", "kept"):
        story.b.tell("spy_receiving", where=where)
        assert story.refused(story.take_in) == "stopped"
    story.take_in()
    story.to_a("imported")
    assert story.look("b")["customers"] == before + 9
    story.a_says("settle")
    assert story.look("a")["status"] == "SETTLED"


def test_pack_refuses_before_the_first_byte(story):
    story.offer(classes=["basic"])
    story.accept(capacity=10)
    one = {str(self): ["basic"] for self in story.people(0, 3)}
    assert story.refused(lambda: story.pack(one, signed=False)) == "transfer.assessment_not_signed"
    assert story.refused(story.pack) == "transfer.beyond_offer"
    assert story.refused(lambda: story.pack({str(each): [] for each in story.people(0, 2)})) == (
        "transfer.nothing_to_hand_over"
    )
    assert story.refused(lambda: story.pack(one)) == "transfer.capacity"
    assert not [name for name in story.look("a")["files"] if "age" in name]
