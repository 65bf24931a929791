"""What every command shares: JSON, streams, exit codes, passphrases, and that nothing ever waits for an answer."""

import io
import json
import os

import pytest
from django.db import IntegrityError, OperationalError

from shouxin.faces.cli import door, main
from shouxin.ground.kernel.refusals import Corrupt, Refusal, Unavailable


@pytest.mark.parametrize(
    ("error", "code", "name"),
    [
        (Refusal("cases.closed", case="case_x"), 1, "cases.closed"),
        (Corrupt("chain", "entry 7"), 1, "corrupt"),
        (Unavailable("disk full"), 4, "unavailable"),
    ],
)
def test_an_error_is_told_with_code_facts_and_sentence(error, code, name):
    told = door.failed(error)
    assert (told.code, told.plain["error"]) == (code, name)
    assert set(told.plain) == {"error", "facts", "sentence"}
    assert told.lines == (told.plain["sentence"],)


def test_a_fault_of_ours_is_told_by_its_kind_and_never_by_its_message(capsys):
    told = door.unexpected(ValueError("叶青岚 15400000001"))
    said = capsys.readouterr()
    assert told.code == 70
    assert told.plain["facts"] == {"kind": "ValueError"}
    assert "15400000001" not in said.out + said.err + str(told.plain)


def test_a_database_that_does_not_answer_is_the_world_and_no_fault_of_ours():
    told = door.unexpected(OperationalError("database is locked\nmore"))
    assert (told.code, told.plain["error"]) == (4, "unavailable")
    assert told.plain["facts"]["what"] == "OperationalError: database is locked"


def test_a_verb_that_another_process_overtook_looks_again_and_does_not_try_for_ever():
    """On PostgreSQL both look before either has written; then the database lets one of them through."""
    seen = []

    def overtaken(times):
        def verb():
            seen.append(times)
            if seen.count(times) <= times:
                raise IntegrityError("duplicate key value violates unique constraint")
            return door.Outcome({"again": seen.count(times)})

        return verb

    assert door._run(overtaken(1), (), {}).plain == {"again": 2}
    assert door._run(overtaken(door.MOST_OVERTAKEN), (), {}).plain == {"again": door.MOST_OVERTAKEN + 1}
    with pytest.raises(IntegrityError):
        door._run(overtaken(door.MOST_OVERTAKEN + 1), (), {})


def test_a_refusal_stands_on_standard_error_and_as_json_on_standard_output(shouxin, shop):
    words = shouxin("case", "status", "case_none")
    assert (words.code, words.out) == (1, "")
    assert "shouxin case list" in words.err  # says what to do next
    plain = shouxin("case", "status", "case_none", "--json")
    assert (plain.code, plain.err) == (1, "")
    assert plain.plain["error"] == "cases.no_such_case"


def test_words_come_in_the_language_of_the_environment(shouxin, shop, monkeypatch):
    monkeypatch.setenv("SHOUXIN_LANGUAGE", "en")
    assert shouxin("case", "status", "case_none").err == "There is no such case. See them with shouxin case list.\n"


@pytest.mark.parametrize("arguments", [["case", "no-such-verb"], ["case", "status"], ["case", "list", "--no-such"]])
def test_wrong_use_is_exit_code_two(shouxin, shop, arguments):
    told = shouxin(*arguments)
    assert (told.code, told.out) == (2, "")
    assert told.err


@pytest.mark.parametrize(("content", "error"), [(None, "home.absent"), ("not toml at all", "corrupt")])
def test_a_command_without_a_sound_home_is_refused_as_one_json_object(capsys, monkeypatch, tmp_path, content, error):
    monkeypatch.setenv("SHOUXIN_HOME", str(tmp_path))
    if content:
        (tmp_path / "home.toml").write_text(content, "utf-8")
    assert main.main(["company", "show", "--json", "--home", str(tmp_path)]) == 1
    said = capsys.readouterr()
    assert json.loads(said.out)["error"] == error
    assert said.err == ""


def test_help_needs_no_home(monkeypatch, tmp_path, capsys):
    monkeypatch.setenv("SHOUXIN_HOME", str(tmp_path))
    assert main.main(["case", "--help"]) == 0
    assert "decide" in capsys.readouterr().out


def test_a_passphrase_comes_from_a_file(shouxin, shop, secrets, tmp_path):
    told = shouxin("company", "card", "--out", tmp_path / "card.dsse", "--secrets", secrets, "--json")
    assert told.code == 0
    assert told.plain["key"]
    assert (tmp_path / "card.dsse").stat().st_size > 0


def test_a_passphrase_comes_from_a_descriptor_in_pieces(shouxin, shop, secrets, tmp_path):
    reading, writing = os.pipe()
    half = len(secrets.read_bytes()) // 2
    os.write(writing, secrets.read_bytes()[:half])
    os.write(writing, secrets.read_bytes()[half:])
    os.close(writing)
    told = shouxin("company", "card", "--out", tmp_path / "card.dsse", "--secrets-fd", reading, "--json")
    os.close(reading)
    assert told.code == 0


def test_a_descriptor_is_read_to_its_end(session):
    reading, writing = os.pipe()
    os.write(writing, b"a=1\n")
    session.secrets_fd = reading
    os.write(writing, b"b=2\n")
    os.close(writing)
    assert (session.passphrase("a"), session.passphrase("b")) == (b"1", b"2")
    os.close(reading)


@pytest.mark.parametrize("given", ["nobody=here\n", ""])
def test_nothing_prompts_without_a_terminal(shouxin, shop, tmp_path, monkeypatch, given):
    monkeypatch.setattr("sys.stdin", io.StringIO(""))
    monkeypatch.setattr("getpass.getpass", lambda *told: pytest.fail("asked for a passphrase"))
    file = tmp_path / "some.env"
    file.write_text(given, "utf-8")
    told = shouxin("company", "card", "--out", tmp_path / "card.dsse", "--secrets", file, "--json")
    assert (told.code, told.plain["error"], told.plain["facts"]) == (1, "secrets.absent", {"who": "company"})
    assert not (tmp_path / "card.dsse").exists()


@pytest.mark.parametrize(
    ("content", "error"),
    [(None, "file.missing"), ("folder", "file.is_folder"), (b"company=\xff\xfe", "file.encoding")],
)
def test_a_passphrase_file_that_cannot_be_read_is_named(shouxin, shop, tmp_path, content, error):
    file = tmp_path / "some.env"
    if content == "folder":
        file.mkdir()
    elif content is not None:
        file.write_bytes(content)
    told = shouxin("company", "card", "--out", tmp_path / "card.dsse", "--secrets", file, "--json")
    assert (told.code, told.plain["error"], told.plain["facts"]["file"]) == (1, error, "some.env")


def test_a_wrong_passphrase_is_said_and_shown_to_nobody(shouxin, shop, tmp_path):
    file = tmp_path / "some.env"
    file.write_text("company=not-the-passphrase\n", "utf-8")
    told = shouxin("company", "card", "--out", tmp_path / "card.dsse", "--secrets", file, "--json")
    assert (told.code, told.plain["error"]) == (1, "passphrase.wrong")
    assert "not-the-passphrase" not in told.out + told.err
    assert "not-the-passphrase" not in repr(door.session)


def test_progress_goes_to_standard_error(capsys, session):
    teller = door.Teller()
    teller("collect", 1, 2)
    teller("collect", 2, 2)
    teller.stop()
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.startswith("收进保险柜")
    assert set(teller.seconds) == {"collect"}
