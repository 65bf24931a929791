"""Code, docs, terms and playbooks say the same. Add your new thing to the docs and this stays quiet."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import typer

from shouxin.cases import interview, playbooks
from shouxin.cases.acts import ACTS
from shouxin.cases.checks import CHECKS
from shouxin.faces import words
from shouxin.faces.cli.main import load_installed
from shouxin.ground.kernel import dsse
from shouxin.ground.rulebook import terms
from tests import spoken

ROOT = Path(__file__).resolve().parent.parent
DOCS = ROOT / "docs"
SOURCE = spoken.SOURCE
FLOORS_BELOW = ("ground", "engine", "stores", "duties", "cases")

# Codes that reach a reader by a way that the syntax tree does not show: where they are said, and where they come from.
HANDED_ON = {
    "cases/evidence.py": "the blocks of cases/interview/points.py",
    "cases/proof.py": "findings that were stored",
    "duties/consent/recording.py": "the refusal of one row, told with its number",
    "duties/notices/evidence.py": "rulebook/messages, and queries._why below",
    "faces/cli/demo/companies.py": "the refusal of another process",
    "faces/cli/door.py": "the refusal that is told",
    "faces/cli/asking.py": "the points of cases/interview/points.py",
    "faces/cli/casework.py": "what a step lacks",
    "faces/web/cases.py": "the refusal that is told",
    "faces/web/casepage.py": "what a step lacks",
    "faces/web/findings.py": "what a step lacks",
    "faces/words.py": "codes inside facts",
    "ground/formats/papers/notice.py": "rulebook/messages, with the form",
    "ground/formats/papers/change_notice.py": "rulebook/messages, with the form",
}


def all_codes() -> dict[str, tuple[frozenset[str], ...]]:
    """Every code that the source says, with the facts of each place."""
    found = dict(spoken.facts_by_code())
    for reason in spoken.returned("duties/notices/queries.py", "_why"):
        found[f"notices.{reason}"] = (frozenset({"count"}),)
    for code in (*interview.BLOCKS, *interview.ADVICE, *interview.OWED):
        found[code] = (frozenset({"law"}),)
    return found


def sources(*floors: str) -> Iterator[tuple[str, ast.Module]]:
    """The modules of some floors, by their path."""
    for path, tree in spoken.modules():
        name = path.relative_to(SOURCE).as_posix()
        if not floors or name.split("/")[0] in floors:
            yield name, tree


def verbs() -> Iterator[tuple[str, object]]:
    """Every verb of the command line with its options."""

    def walk(command, path):
        if hasattr(command, "commands"):
            for name, inner in sorted(command.commands.items()):
                yield from walk(inner, [*path, name])
        else:
            yield " ".join(path), command

    yield from walk(typer.main.get_command(load_installed()), ["shouxin"])


# --- words ---------------------------------------------------------------------------------------------------------


def test_every_code_that_the_source_says_has_a_sentence_and_no_sentence_is_left_over():
    said = set(all_codes())
    assert sorted(said - words.codes()) == []
    assert sorted(words.codes() - said) == []


def test_every_place_that_says_a_code_can_be_followed_or_is_known_to_hand_it_on():
    lost = {each.where.partition(":")[0] for each in spoken.said() if each.codes is None}
    assert sorted(lost - set(HANDED_ON)) == []


def test_a_sentence_uses_facts_that_every_place_of_its_code_gives():
    lacking = [
        (code, told, sorted(used - place))
        for code, places in all_codes().items()
        for told, used in words.placeholders(code).items()
        for place in places
        if spoken.ANY not in place and used - place
    ]
    assert lacking == []


def test_a_sentence_over_unknown_facts_uses_only_those_that_some_place_names():
    lacking = [
        (code, sorted(used - frozenset().union(*places)))
        for code, places in all_codes().items()
        for used in words.placeholders(code).values()
        if used - frozenset().union(*places)
    ]
    # The engine's headers are refused with the file's facts handed in from each reader.
    assert [code for code, _ in lacking if not code.startswith("source.header_")] == []


def test_both_languages_of_a_sentence_are_written_and_differ():
    for code in words.codes():
        zh, en = (words.sentence(code, {}, in_language=told) for told in words.LANGUAGES)
        assert re.search(r"[\u4e00-\u9fff]", zh), code
        assert not re.search(r"[\u4e00-\u9fff]", en), code


def test_every_label_is_spoken_in_both_languages():
    for name in words.labels():
        zh, en = (words.label(name, in_language=told) for told in words.LANGUAGES)
        assert zh.strip(), name
        assert en.strip(), name
        assert not re.search(r"[\u4e00-\u9fff]", en), name


def test_every_word_of_the_house_has_both_sides():
    for name, term in terms.terms().items():
        assert term.zh.strip(), name
        assert term.en.strip(), name
    lists = {name.partition(".")[0] for name in terms.terms()}
    assert set(words.fact_labels()) <= lists


# --- acts, checks, commands ----------------------------------------------------------------------------------------


def test_acts_and_checks_are_those_of_the_docs():
    page = (DOCS / "checks.md").read_text("utf-8")
    acts, checks = page.split("## Checks")
    assert dict(re.findall(r"^\| `([a-z_.]+)` \| `(shouxin [a-z -]+)` \|$", acts, re.M)) == dict(ACTS)
    assert re.findall(r"^\| `([a-z_.]+)` \|", checks, re.M) == list(CHECKS)


def test_the_playbooks_name_every_act_and_every_check():
    steps = [step for name in playbooks.names() for step in playbooks.read(playbooks.shipped(name)).steps]
    assert sorted(set(ACTS) - {step.act for step in steps}) == []
    assert sorted(set(CHECKS) - {each.name for step in steps for each in step.closes_on}) == []


def test_every_act_is_done_by_a_verb_that_exists():
    known = {name for name, _ in verbs()}
    assert sorted(set(ACTS.values()) - known) == []


def test_the_docs_list_every_verb_with_its_options_and_exit_codes():
    page = (DOCS / "commands.md").read_text("utf-8")
    rows = {
        row[0]: row for row in re.findall(r"^\| `(shouxin [a-z -]+)`[^|]* \| [^|]+ \|([^|]*)\| ([^|]+) \|$", page, re.M)
    }
    shared = {"--json", "--home", "--secrets", "--secrets-fd"}
    assert sorted(rows) == sorted(name for name, _ in verbs())
    for name, command in verbs():
        own = {option for each in command.params if each.param_type_name == "option" for option in each.opts} - shared
        assert set(re.findall(r"`(--[a-z-]+)`", rows[name][1])) == own - _asks_home(command), name
        assert re.match(r"0\b", rows[name][2]), name


def _asks_home(command) -> set[str]:
    return {"--home"} & {option for each in command.params for option in each.opts}


def test_every_verb_offers_json_and_takes_passphrases_without_a_terminal():
    for name, command in verbs():
        options = {option for each in command.params for option in each.opts}
        assert {"--json", "--secrets", "--secrets-fd"} <= options, name
        assert not [each.name for each in command.params if getattr(each, "prompt", None)], name


def test_the_readmes_name_the_two_commands_and_no_verb_that_does_not_exist():
    known = {name for name, _ in verbs()}
    groups = {name.rsplit(" ", 1)[0] for name in known if name.count(" ") == 2}
    for file in ("README.md", "README.en.md"):
        page = (ROOT / file).read_text("utf-8")
        assert "make demo" in page, file
        assert "make test" in page, file
        for first, second in re.findall(r"\bshouxin ([a-z]+)(?: ([a-z]+))?", "\n".join(_commands(page))):
            one = f"shouxin {first}"
            assert (f"{one} {second}" if one in groups else one) in known, (file, first, second)


def _commands(page: str) -> list[str]:
    return re.findall(r"(?:\.venv/bin/|`)(shouxin [a-z][^`#\n]*)", page)


# --- formats -------------------------------------------------------------------------------------------------------


def test_the_docs_list_every_format_page_and_every_page_refuses_something():
    listed = (DOCS / "formats" / "README.md").read_text("utf-8")
    for page in sorted((DOCS / "formats").glob("*.md")):
        if page.name != "README.md":
            assert f"({page.name})" in listed, page.name
    for name in re.findall(r"\]\(([a-z]+\.md)\)", listed):
        assert (DOCS / "formats" / name).is_file(), name


def test_every_predicate_type_of_the_source_stands_on_a_page():
    used = {kind for _, tree in sources() for kind in _predicate_types(tree)}
    assert {"card/v1", "permit/v1", "waiver/v1"} <= used
    listed = (DOCS / "formats" / "README.md").read_text("utf-8")
    pages = "".join(page.read_text("utf-8") for page in (DOCS / "formats").glob("*.md") if page.name != "README.md")
    for kind in sorted(used):
        assert f"`{kind}`" in listed, kind
        assert f"`{kind}`" in pages, kind


def _predicate_types(tree: ast.Module) -> Iterator[str]:
    names = {
        target.id: node.value.value
        for node in tree.body
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Constant)
        for target in node.targets
        if isinstance(target, ast.Name)
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.keyword) and node.arg == "predicate_type":
            named = names.get(node.value.id) if isinstance(node.value, ast.Name) else getattr(node.value, "value", None)
            if isinstance(named, str) and named:
                yield named


def test_the_base_of_predicate_types_is_the_one_that_the_docs_give():
    assert f"`{dsse.PREDICATE_BASE}`" in (DOCS / "formats" / "statements.md").read_text("utf-8")


# --- the source ----------------------------------------------------------------------------------------------------


def test_nobody_below_the_faces_prints_or_catches_everything():
    for name, tree in sources(*FLOORS_BELOW):
        if name == "ground/formats/verifier.py":  # a program of its own, with a door of its own
            continue
        for node in ast.walk(tree):
            is_print = isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "print"
            assert not is_print, f"{name}:{node.lineno} prints"
            if isinstance(node, ast.ExceptHandler):
                caught = {each.id for each in ast.walk(node.type or ast.Name("bare")) if isinstance(each, ast.Name)}
                last = node.body[-1]
                if isinstance(last, ast.Raise) and last.exc is None:  # undoes something and lets the error go on
                    caught -= {"BaseException"}
                assert not caught & {"Exception", "BaseException", "bare"}, f"{name}:{node.lineno} catches everything"


def test_nothing_of_ours_is_imported_inside_a_function():
    for name, tree in sources():
        for function in ast.walk(tree):
            if isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef):
                for node in ast.walk(function):
                    module = node.module if isinstance(node, ast.ImportFrom) else ""
                    named = [each.name for each in node.names] if isinstance(node, ast.Import) else [module or ""]
                    assert not [each for each in named if each.startswith("shouxin")], f"{name}:{function.name}"


# Whoever measures a lease or waits for a lock asks the machine's clock, and says why here.
CLOCKS = {
    "ground/formats/verifier.py": "a program of its own: it knows no caller's clock",
    "stores/vault/section.py": "waits for the lock of another process",
}


def test_nobody_below_the_faces_asks_the_clock_or_chance_by_itself():
    for name, tree in sources(*FLOORS_BELOW):
        if name.startswith("ground/kernel/"):
            continue
        for node in ast.walk(tree):
            if isinstance(node, ast.Import):
                assert "random" not in {each.name for each in node.names} or name.startswith("ground/samples/"), name
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
                asked = f"{ast.unparse(node.func.value)}.{node.func.attr}"
                told = {"datetime.now", "datetime.utcnow", "date.today", "timezone.now", "time.time", "SystemClock.now"}
                assert asked not in told or name in CLOCKS, f"{name}:{node.lineno} asks {asked}"


def test_every_package_says_what_lives_in_it():
    for path in sorted(SOURCE.rglob("__init__.py")):
        if "migrations" not in path.parts:
            assert ast.get_docstring(spoken.tree_of(path)), path.relative_to(SOURCE).as_posix()


# `cases.queries` hands the rows of a case to the doors, which name their type.
NAME_ROWS_OF_CASES = {"faces/web/casepage.py"}


def test_tables_are_imported_only_inside_their_own_room():
    for name, tree in sources():
        room = "shouxin." + ".".join(name.split("/")[: 1 if name.startswith("cases/") else 2])
        for node in ast.walk(tree):
            if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("shouxin."):
                of_models = node.module.endswith(".models") or "models" in {each.name for each in node.names}
                named = node.module == "shouxin.cases.models" and name in NAME_ROWS_OF_CASES
                assert not of_models or named or node.module.startswith(room), f"{name} imports {node.module}"


# 13800138000 is the first carrier's own service line; 154 is given to no network.
_LOOKS_MOBILE = re.compile(r"(?<!\d)(?!13800138000|154)1[3-9]\d{9}(?!\d)")
_LOOKS_IDENTITY = re.compile(r"(?<!\d)\d{17}[\dXx](?!\d)")


def test_no_number_in_the_source_could_be_a_persons():
    for path in sorted(SOURCE.rglob("*")):
        if path.suffix in (".py", ".toml", ".json", ".html", ".txt", ".po"):
            text = path.read_text("utf-8")
            assert not _LOOKS_MOBILE.search(text), f"{path.name}: a mobile number"
            assert not _LOOKS_IDENTITY.search(text), f"{path.name}: an identity number"


_OF_A_MACHINE = re.compile(
    r"(?<![\w.])/(?:home|root|Users|work|tmp|opt|mnt)/[\w.-]+|\b[A-Z]:\\\\?Users|files\.pythonhosted|pypi\.org"
)


def test_no_file_names_a_path_of_a_machine_or_the_host_of_a_registry():
    kept = [ROOT / name for name in ("src", "tests", "docs", "bench", "packaging", "requirements", ".ci")]
    files = [*ROOT.glob("*.md"), *ROOT.glob("*.toml"), ROOT / "Makefile"]
    files += [path for folder in kept if folder.is_dir() for path in sorted(folder.rglob("*")) if path.is_file()]
    for path in files:
        if path.suffix not in (
            ".py",
            ".md",
            ".toml",
            ".lock",
            ".in",
            ".html",
            ".css",
            ".json",
            ".sh",
            "",
        ) or path == Path(__file__):
            continue
        if "__pycache__" in path.parts or path.stat().st_size > 4_000_000:
            continue
        found = _OF_A_MACHINE.search(path.read_bytes().decode("utf-8", "replace"))
        assert found is None, f"{path.relative_to(ROOT)}: {found.group(0)}"
