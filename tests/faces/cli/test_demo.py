"""The demo's folder, which is the only thing it deletes, and what it shows while it runs."""

import os
import re
import subprocess
import sys

import pytest

from shouxin.faces import words
from shouxin.faces.cli.demo.folder import MADE, MARK, clear
from shouxin.ground.kernel.refusals import Refusal

TWO_STAGES = """
from shouxin.faces.cli.demo.stages import Stages
with Stages() as stages:
    stages("demo.files", 0, 12)
    stages("demo.found", 1, 12)
    {then}
assert list(stages.seconds) == ["demo.files", "demo.found"]
"""


@pytest.fixture
def letters(tmp_path):
    """A folder of somebody's own."""
    folder = tmp_path / "letters"
    folder.mkdir()
    (folder / "to-mother.txt").write_text("tomorrow", "utf-8")
    return folder


@pytest.mark.parametrize("language", ["zh", "en"])
def test_it_refuses_a_folder_that_no_demo_made_and_names_it(plain, letters, monkeypatch, language):
    monkeypatch.setenv("SHOUXIN_LANGUAGE", language)
    told = plain("demo", "--home", letters, "--customers", "80", "--json")
    assert (told.code, told.plain["error"]) == (1, "demo.folder_taken")
    assert str(letters) in told.plain["sentence"]
    assert "--home" in told.plain["sentence"]
    assert told.plain["sentence"] == words.sentence("demo.folder_taken", {"folder": str(letters)}, in_language=language)
    assert [path.name for path in letters.iterdir()] == ["to-mother.txt"]


def test_a_file_is_no_folder_for_a_demo(letters):
    with pytest.raises(Refusal, match=r"demo\.folder_taken"):
        clear(letters / "to-mother.txt")
    assert (letters / "to-mother.txt").read_text("utf-8") == "tomorrow"


def test_a_folder_named_like_ours_is_not_ours(letters):
    (letters / "A").mkdir()
    (letters / "A" / "diary.txt").write_text("today", "utf-8")
    with pytest.raises(Refusal):
        clear(letters)
    assert (letters / "A" / "diary.txt").is_file()


@pytest.mark.parametrize("there", [False, True], ids=["none", "empty"])
def test_an_absent_or_empty_folder_is_marked_before_anything_is_made_in_it(tmp_path, there):
    folder = tmp_path / "new" / "demo"
    if there:
        folder.mkdir(parents=True)
    clear(folder)
    assert [path.name for path in folder.iterdir()] == [MARK]


def test_the_next_demo_clears_what_a_demo_made_and_leaves_the_rest(tmp_path, letters):
    folder = tmp_path / "demo"
    clear(folder)
    for name in MADE[:-1]:
        (folder / name).mkdir()
        (folder / name / "left.txt").write_text("from the last time", "utf-8")
    (folder / MADE[-1]).symlink_to(letters)
    (folder / "notes.txt").write_text("mine", "utf-8")
    clear(folder)
    assert sorted(path.name for path in folder.iterdir()) == sorted([MARK, "notes.txt"])
    assert (letters / "to-mother.txt").is_file()  # a link goes, what it leads to stays
    (folder / MARK).unlink()
    with pytest.raises(Refusal):  # without the mark it is anybody's folder
        clear(folder)


def on_terminal(then):
    """What a terminal shows while two stages run: exit code and all that was written to it."""
    shown, terminal = pytest.importorskip("pty").openpty()
    command = [sys.executable, "-c", TWO_STAGES.format(then=then)]
    environment = {**os.environ, "TERM": "xterm-256color", "COLUMNS": "100", "LINES": "30"}
    environment.pop("NO_COLOR", None)
    process = subprocess.Popen(command, stderr=terminal, env=environment)
    os.close(terminal)
    pieces = []
    while True:
        try:
            piece = os.read(shown, 65_536)
        except OSError:  # Linux: nobody holds the terminal any more
            piece = b""
        if not piece:
            break
        pieces.append(piece)
    os.close(shown)
    return process.wait(timeout=60), b"".join(pieces).decode("utf-8")


def test_a_terminal_shows_each_stage_with_its_place_its_sign_and_its_seconds():
    code, shown = on_terminal("pass")
    assert code == 0
    last = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", shown)[-400:]
    assert re.search(r"✓\s+1/12 写出两家公司的表格\s+\d+\.\d s", last)
    assert re.search(r"✓\s+2/12 建立两家公司\s+\d+\.\d s", last)
    assert "\x1b[32m✓" in shown


def test_a_stage_that_broke_is_no_stage_that_is_done():
    code, shown = on_terminal("raise KeyError")
    assert code == 1
    last = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", shown.split("Traceback")[0])[-400:]
    assert re.search(r"✓\s+1/12 写出两家公司的表格", last)
    assert re.search(r"✗\s+2/12 建立两家公司", last)


def test_elsewhere_each_stage_is_a_plain_line():
    done = subprocess.run(
        [sys.executable, "-c", TWO_STAGES.format(then="pass")], capture_output=True, encoding="utf-8", check=False
    )
    assert done.returncode == 0, done.stderr
    assert re.fullmatch(r"写出两家公司的表格  \d+\.\d s\n建立两家公司  \d+\.\d s\n", done.stderr)
    assert done.stdout == ""
