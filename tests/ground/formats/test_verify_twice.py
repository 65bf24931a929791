"""The product's check and the one-file verifier come to the same verdict on every frozen file, good and bad."""

import json
import random
from pathlib import Path

import pytest

from shouxin.ground.formats import pack, verifier, verify
from shouxin.ground.kernel.canonical import encode
from tests.ground.formats.test_pack import cast, make_vectors

VECTORS = Path(__file__).resolve().parents[2] / "vectors"
PACKS, PAPERS = VECTORS / "pack", VECTORS / "certificate"


def cases(folder: Path) -> list[dict[str, object]]:
    return json.loads((folder / "cases.json").read_text("utf-8"))


def named(case: dict[str, object]) -> str:
    return f"{case['file']} with {case['trust'] or 'no'} trust file".replace(".", " ")


def trust_path(case: dict[str, object]) -> Path | None:
    return PACKS / f"trust-{case['trust']}.json" if case["trust"] else None


def by_one_file(path: Path, trust: Path | None, capsys) -> tuple[int, set[str]]:
    arguments = [str(path), "--json", *(["--trust", str(trust)] if trust else [])]
    code = verifier.main(arguments)
    out = capsys.readouterr().out
    return code, {fault["where"] for fault in json.loads(out)["faults"]} if out else set()


def by_product(path: Path, trust: Path | None) -> tuple[int, set[str]]:
    found = verify.verify(path, trust)
    return found.exit_code, {fault.where for fault in found.faults} if found.exit_code != verify.USAGE else set()


@pytest.mark.parametrize("case", cases(PACKS), ids=named)
def test_a_pack_gets_one_verdict_and_its_faults_are_named(case, capsys):
    path, trust = PACKS / str(case["file"]), trust_path(case)
    code, places = by_product(path, trust)
    assert (code, places) == by_one_file(path, trust, capsys)
    assert code == case["exit"]
    if case["places"] is not None:
        assert places == set(case["places"])  # type: ignore[call-overload]


@pytest.mark.parametrize("case", cases(PAPERS), ids=named)
def test_a_paper_gets_one_verdict(case, capsys):
    path, trust = PAPERS / str(case["file"]), trust_path(case)
    code, places = by_product(path, trust)
    assert (code, places) == by_one_file(path, trust, capsys)
    assert code == case["exit"]
    assert bool(places) == (code == verify.FAULT)


def test_the_vectors_are_the_ones_this_code_makes(tmp_path):
    case = make_vectors.small()
    assert make_vectors.built(case.parts, folder=tmp_path) == (PACKS / "good.zip").read_bytes()
    assert case.certificate == (PAPERS / "good-complete.dsse").read_bytes()
    bad = {name.stem for folder in (PACKS, PAPERS) for name in folder.glob("bad-*")}
    assert len(bad) > 100


def test_any_flipped_byte_of_a_pack_is_found_and_named(tmp_path, capsys):
    raw = small_pack(tmp_path)
    trust = cast.write_trust(TRUST, tmp_path / "trust.json")
    where = spans(raw)
    chance = random.Random(20261123)
    for _ in range(300):
        place, mask = chance.randrange(len(raw)), 1 << chance.randrange(8)
        path = tmp_path / "flipped.zip"
        path.write_bytes(make_vectors.flipped(raw, place, mask))
        code, places = by_product(path, trust)
        assert (code, places) == by_one_file(path, trust, capsys), (place, mask)
        assert code == verify.FAULT
        assert places & where(place), (place, mask, places)


def test_any_flipped_byte_of_a_certificate_is_found(tmp_path, capsys):
    raw = (PAPERS / "good-complete.dsse").read_bytes()
    chance = random.Random(20261124)
    path = tmp_path / "flipped.dsse"
    for _ in range(300):
        place, mask = chance.randrange(len(raw)), 1 << chance.randrange(8)
        path.write_bytes(make_vectors.flipped(raw, place, mask))
        code, places = by_product(path, None)
        assert (code, places) == by_one_file(path, None, capsys), (place, mask)
        assert code == verify.FAULT
        assert places


TRUST = cast.trust_of(make_vectors.small(), size=9)


def small_pack(folder: Path) -> bytes:
    case = make_vectors.small()
    without = dict.fromkeys(case.parts.messages, ())
    return make_vectors.built(make_vectors.replace(case.parts, messages=without), folder=folder)


def spans(raw: bytes):
    """For a byte's place, the names that a verdict may give it: its entry's, wherever in the container it stands."""
    entries = pack.read(make_vectors.io.BytesIO(raw), size=len(raw)).entries
    starts = [entry.offset - 30 - len(entry.name) for entry in entries]
    directory, bounds = entries[-1].offset + entries[-1].size, []
    for entry in entries:
        bounds.append((directory, directory + 46 + len(entry.name)))
        directory = bounds[-1][1]

    def where(place: int) -> set[str]:
        for entry, start, (low, high) in zip(entries, starts, bounds, strict=True):
            if start <= place < entry.offset + entry.size or low <= place < high:
                return {entry.name}
        return {"container"}

    return where


def test_random_json_is_spelled_alike_by_both():
    chance = random.Random(7)
    values = [None, True, False, 0, -1, 2**53 - 1, "", "王𠮷", "\u00e9", 'quote"\\/\n\u2028', [], {}]

    def grow(depth: int) -> object:
        if depth == 0 or chance.random() < 0.4:
            return chance.choice(values)
        if chance.random() < 0.5:
            return [grow(depth - 1) for _ in range(chance.randrange(4))]
        return {chance.choice("abcé王𠮷") * (number + 1): grow(depth - 1) for number in range(chance.randrange(4))}

    for _ in range(300):
        value = grow(5)
        assert verifier.read_json(encode(value), "x") == value


@pytest.mark.parametrize(
    "raw",
    [
        b"1.0",
        b"1e2",
        b"NaN",
        b"-0",
        b' {"a":1}',
        b'{"b":1,"a":2}',
        b'{"a":1,"a":1}',
        b'"\\u0041"',
        b'"e\xcc\x81"',
        b'"\\ud800"',
        b"9007199254740992",
        b"[" * 40 + b"]" * 40,
        b"\xff",
        b"",
        b"[1,]",
        b"01",
        b"1" * 5000,
    ],
)
def test_another_spelling_is_refused_by_both(raw):
    with pytest.raises(verify.Corrupt):
        verify.shapes.read_json(raw, verify.shapes.is_anything, where="x")
    with pytest.raises(verifier.Bad):
        verifier.read_json(raw, "x")


ODD = [
    None,
    "",
    0,
    -1,
    [],
    {},
    "x",
    True,
    2**53 - 1,
    "2026-11-23T01:00:00Z",
    "AAAA",
    ["x"],
    {"zh": "甲", "en": "a"},
    "9" * 5000,
]


def steps(value: object, before: tuple = ()):
    """Every place inside a JSON value."""
    yield before
    for key, inner in value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ():
        yield from steps(inner, (*before, key))


def altered(value: object, chance: random.Random) -> object:
    """The value with one place inside made odd, removed, doubled or shifted."""
    path = chance.choice(list(steps(value))[1:])
    holder = value
    for step in path[:-1]:
        holder = holder[step]  # type: ignore[index]
    way, last = chance.randrange(5), path[-1]
    if way == 0:
        del holder[last]  # type: ignore[attr-defined]
    elif way == 1 and isinstance(holder, list):
        holder.append(holder[last])
    elif way == 2 and isinstance(holder[last], int) and not isinstance(holder[last], bool):  # type: ignore[index]
        holder[last] += chance.choice([-1, 1, 1000])  # type: ignore[index]
    else:
        holder[last] = chance.choice(ODD)  # type: ignore[index]
    return value


def test_what_the_company_signs_oddly_is_judged_alike(tmp_path, capsys):
    """An honest container and good signatures around documents that say something odd: no crash, one verdict."""
    inside = make_vectors.contents((PACKS / "good.zip").read_bytes())
    signers = {"certificates": [cast.COMPANY, cast.WITNESS], "decisions": [cast.OFFICER, cast.OWNER]}
    names = [name for name in inside if name.endswith((".json", ".dsse")) and name != "statement.dsse"]
    chance, path, trust = random.Random(20261125), tmp_path / "odd.zip", PACKS / "trust-good.json"
    for _ in range(60):
        name = chance.choice(names)
        if name.endswith(".json"):
            body = encode(altered(json.loads(inside[name]), chance))
        else:
            content = json.loads(encode(dict(make_vectors.dsse.peek(inside[name]))))
            content["predicate"] = altered(content["predicate"], chance)
            sender = cast.RECEIVER if name.endswith("0002.dsse") else cast.COMPANY
            body = make_vectors.dsse.sign(content, signers.get(name.split("/", maxsplit=1)[0], [sender]))
        path.write_bytes(make_vectors.zipped(make_vectors.signed({**inside, name: body}), tmp_path))
        assert by_product(path, trust) == by_one_file(path, trust, capsys), name
