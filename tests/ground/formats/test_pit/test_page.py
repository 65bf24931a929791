"""The page and the code name the same kinds, fields, states and gates."""

import re
from pathlib import Path

import pytest

from shouxin.ground.formats import pit
from shouxin.ground.formats.pit.schema import COMMON

PAGE = (Path(__file__).resolve().parents[4] / "docs" / "formats" / "pit.md").read_text("utf-8")


def row(kind: str) -> str:
    return next(line for line in PAGE.splitlines() if line.startswith(f"| `{kind}` |"))


@pytest.mark.parametrize("kind", pit.KINDS)
def test_the_page_names_every_field_of(kind):
    missing = [name for name in pit.FIELDS[kind] if f"`{name}`" not in row(kind)]
    assert missing == []


def test_the_page_names_common_fields_states_gates_and_who_may_speak():
    table = PAGE.split("### Common fields")[1].split("### Fields by kind")[0]
    assert [name for name in COMMON if f"`{name}`" not in table] == []
    assert [gate for gate in pit.GATES if f"`{gate}`" not in PAGE] == []
    states = PAGE.split("## States and rules")[1]
    assert [status.value for status in pit.Status if status.value not in states] == []
    for kind, turns in pit.TURNS.items():
        said = set(re.findall(r"[ABV]", row(kind).split("|")[2]))
        assert said == set(turns), kind


def test_the_page_names_every_code_a_rule_refuses_with():
    folder = Path(pit.__file__).parent
    sources = "".join((folder / name).read_text("utf-8") for name in ("rules.py", "chain.py"))
    codes = set(re.findall(r'"(transfer\.[a-z_]+)"', sources))
    internal = {"transfer.same_key"}  # refused when the parties are named, before there is a chain
    assert len(codes) > 30
    assert sorted(code for code in codes - internal if f"`{code}`" not in PAGE) == []
