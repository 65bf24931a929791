"""The verbs of `shouxin transfer`, as the long-lived actor runs them: each tells the file it wrote, and who is next."""

from pathlib import Path


def run(home, *arguments):
    """One command; its exit code and its object."""
    done = home.tell("cli", arguments=["transfer", *arguments])
    return done["code"], done["plain"]


def test_both_sides_go_the_road_by_command(story):
    story.offer()
    code, accepted = run(story.b, "accept", story.said["offer"], "--by", "system")
    assert (code, accepted["kind"], accepted["status"]) == (0, "accept", "ACCEPTED")
    assert Path(accepted["message"]).is_file()
    story.said["accept"] = accepted["message"]
    story.tick()
    story.pack(story.cells(story.people(0, 20)))
    # The ciphertext lies beside the message: no need to name it.
    code, receipt = run(story.b, "receive", story.said["package"], "--by", "system")
    assert (code, receipt["kind"], receipt["waits_for"], receipt["owed"]) == (0, "receipt", "B", "imported")
    story.tick()
    code, taken = run(story.a, "receive", receipt["message"], "--by", "system")
    assert (code, taken["taken"], taken["status"]) == (0, "receipt", "DELIVERED")
    imported = story.take_in()
    run(story.a, "receive", imported["sent"]["path"], "--by", "system")
    story.tick()
    _, asked = run(story.a, "challenge", story.tid, "--draw", "2", "--by", "system")
    story.tick()
    _, answered = run(story.b, "answer", asked["message"], "--by", "system")
    story.tick()
    code, settled = run(story.a, "settle", story.tid, "--message", answered["message"], "--by", "system")
    assert (code, settled["status"], settled["waits_for"]) == (0, "SETTLED", "B")
    story.tick()
    code, acknowledged = run(story.b, "ack", story.tid, "--message", settled["message"], "--by", "system")
    assert (code, acknowledged["status"]) == (0, "HOLD")


def test_status_says_in_three_lines_where_it_stands(story):
    story.to("SEALED")
    done = story.a.tell("cli", arguments=["transfer", "status", story.tid])
    assert len(done["lines"]) == 3
    assert "SEALED" in done["lines"][0]
    plain = done["plain"]
    assert [each["kind"] for each in plain["messages"]] == ["offer", "accept", "package"]
    assert (plain["waits_for"], plain["owed"]) == ("B", "receipt")
    assert plain["until"]


def test_what_a_rule_refuses_is_told_by_code_and_leaves_nothing(story):
    story.to("SEALED")
    code, told = run(story.a, "settle", story.tid, "--by", "system")
    assert (code, told["error"]) == (1, "transfer.other_import")
    code, told = run(story.b, "ack", story.tid, "--by", "system")
    assert (code, told["error"]) == (1, "transfer.nothing_to_acknowledge")
    assert story.look("a")["kinds"] == ["offer", "accept", "package"]
    code, told = run(story.a, "void", story.tid, "--reason", "cancelled", "--by", "system")
    assert (code, told["status"]) == (0, "VOID")
