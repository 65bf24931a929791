"""Each reader of foreign bytes takes what it should or says `Corrupt` or a `Refusal`; nothing else ever comes out.

The good document is made strange node by node and signed again by its own signers, so that the strangeness comes past
the signature to whatever reads the fields.
"""

import hashlib
import io
import json
import random
from contextlib import redirect_stdout

import pytest

from shouxin.ground.formats import balance, certificate, pack, package, permit, pit, playbook, roots, verifier, verify
from shouxin.ground.formats.package import layout
from shouxin.ground.formats.pit import schema
from shouxin.ground.kernel import dsse, notes
from shouxin.ground.kernel.canonical import decode, encode, to_base64
from shouxin.ground.kernel.digests import digest
from shouxin.ground.kernel.refusals import Corrupt
from shouxin.ground.kernel.times import from_text
from tests.ground import hostile
from tests.ground.formats.test_pack import cast
from tests.ground.formats.test_package import cast as package_cast
from tests.ground.formats.test_pit import cast as pit_cast

CASE = cast.closed_case(filler=2)
PEOPLE = (cast.COMPANY, cast.OFFICER, cast.OWNER, cast.WITNESS, cast.RECEIVER)
SIGNERS = {each.key_id: each for each in PEOPLE}
KEYS = {each.key_id: each.public for each in PEOPLE}
NOTE_LINES = ("", "9" * 5000, "9" * 30, "-1", "x", "\u2014 a AA==")


def envelopes(raw, *, most=300):
    """A signed document's bytes, its envelope's value and its signed statement, each made strange."""
    signers = [SIGNERS[each["keyid"]] for each in decode(raw)["signatures"]]
    resigned = signed_again(raw, signers, most=most)
    loose = [*hostile.of_bytes(raw, rounds=most // 20), *hostile.spelled(hostile.of_value(decode(raw), most=most // 2))]
    return [*hostile.some(loose, most), *resigned]


def signed_again(raw, signers, *, most):
    """The statement of an envelope made strange and signed."""
    return [
        each
        for _, value in hostile.of_value(dict(dsse.peek(raw)), most=most)
        for each in hostile.spelled_by(lambda value=value: dsse.sign(value, signers))
    ]


def documents(raw, *, most=1000):
    """The same of canonical JSON that nobody signed."""
    return [*hostile.of_bytes(raw, rounds=30), *hostile.spelled(hostile.of_value(decode(raw), most=most))]


def outcomes(read, strange):
    """What a reader said, by its words; whatever else it raises fails the test."""
    found = {}
    for raw in strange:
        told = hostile.told(read, raw)
        found[told] = found.get(told, 0) + 1
    return found


@pytest.mark.parametrize(
    ("read", "raw"),
    [
        (permit.check, CASE.permit),
        (lambda raw: permit.check(raw, keys=KEYS), CASE.permit),
        (certificate.check, CASE.certificate),
        (lambda raw: certificate.check(raw, keys=KEYS, permit=permit.check(CASE.permit)), CASE.certificate),
    ],
    ids=["permit", "permit by pinned keys", "certificate", "certificate under its permit"],
)
def test_a_permit_and_a_certificate_are_taken_or_corrupt(read, raw):
    assert hostile.told(read, raw) == ""
    found = outcomes(read, envelopes(raw))
    assert {told for told in found if not told.startswith("corrupt: ")} <= {""}
    assert found.get("", 0) < sum(found.values()) / 4


def test_an_object_with_one_nameless_key_more_is_of_a_refused_form():
    for raw, read in ((CASE.permit, permit.check), (CASE.certificate, certificate.check)):
        signers = [SIGNERS[each["keyid"]] for each in decode(raw)["signatures"]]
        told = dsse.peek(raw)
        for predicate in ({"": None}, {**told["predicate"], "": 1}):
            with pytest.raises(Corrupt, match="object of a refused form"):
                read(dsse.sign({**told, "predicate": predicate}, signers))


# --- messages ------------------------------------------------------------------------------------------------------


STORY = pit_cast.Story().to("HOLD").say("V", "attest").to("CLOSED")
OTHERS = (
    pit_cast.Story().to("SEALED").say("A", "withdraw").say("B", "ack", epoch=1),
    pit_cast.Story().to("DELIVERED").say_mismatch().say("A", "resend"),
    pit_cast.Story().to("SEALED").say("B", "refused"),
    pit_cast.Story().to("OFFERED").say("A", "void"),
)


def firsts():
    """Of each kind of message the first one told, with the story that tells it."""
    found = {}
    for story in (STORY, *OTHERS):
        for number, envelope in enumerate(story.envelopes):
            found.setdefault(dsse.peek(envelope)["predicateType"].rpartition("/")[2], (story, number))
    return found


FIRST_OF = firsts()


def test_every_kind_of_message_is_tried():
    assert set(FIRST_OF) == set(pit.KINDS)


@pytest.mark.parametrize("kind", FIRST_OF)
def test_a_message_is_taken_or_refused_and_the_chain_stays_as_it_was(kind):
    story, number = FIRST_OF[kind]
    begun = pit.replay(pit_cast.Story().transfer, story.envelopes[:number], at=story.at)
    good = story.envelopes[number]
    at = from_text(dsse.peek(good)["predicate"]["issued"])
    signer = story.houses[begun.parties.role(decode(good)["signatures"][0]["keyid"])].signer
    loose = [*hostile.of_bytes(good, rounds=20), *hostile.spelled(hostile.of_value(decode(good)))]

    def step(raw):
        return pit.step(begun, raw, role="A", at=at)

    assert hostile.told(step, good) == ""
    found = outcomes(step, [*hostile.some(loose, 200), *signed_again(good, [signer], most=400)])
    assert all(told.startswith(("corrupt: ", "transfer.")) or not told for told in found)
    assert found.get("", 0) < sum(found.values()) / 10
    assert begun.seq == number + 1
    outcomes(pit.peek, hostile.some(loose, 100))


@pytest.mark.parametrize("count", [0, 3, 5, 6, 7, 65535, 65537, 1 << 17, -2, 2.0, "4", True, None, [4]])
def test_buckets_are_a_power_of_two_in_a_message_as_in_a_package(count):
    table = {"buckets": count, "root": "0" * 64, "rows": 1, "schema": "sha256:" + "0" * 64}
    is_right = schema.FIELDS["package"]["tables"]
    assert not is_right({"orders": table})
    if isinstance(count, int) and not isinstance(count, bool):
        with pytest.raises(Corrupt, match="number of buckets"):
            roots.check_buckets(count)
        if count >= 0:
            with pytest.raises(Corrupt, match="number of buckets"):
                roots.root_of([b"\x00" * 32] * min(count, 7))


@pytest.mark.parametrize("count", [1 << exponent for exponent in range(17)])
def test_every_power_of_two_up_to_the_limit_is_right(count):
    table = {"buckets": count, "root": "0" * 64, "rows": 1, "schema": "sha256:" + "0" * 64}
    assert schema.FIELDS["package"]["tables"]({"orders": table})
    assert roots.check_buckets(count) == count


def test_a_list_of_who_withdrew_is_taken_or_refused():
    identity = package.new_identity()
    tags = sorted(hashlib.sha256(bytes([number])).digest() for number in range(3))
    told = {"epoch": 1, "tid": pit_cast.TID, "tags_root": roots.tags_root(tags).hex()}
    plain = encode({"epoch": 1, "tags": [tag.hex() for tag in tags], "tid": pit_cast.TID})

    def read(raw):
        sealed = package.seal_small(raw, identity.recipient)
        return pit.open_tags({**told, "tags": to_base64(sealed)}, identity=identity.secret)

    assert hostile.told(read, plain) == ""
    assert all(said.startswith("corrupt: ") or not said for said in outcomes(read, documents(plain)))
    sealed = package.seal_small(plain, identity.recipient)
    found = outcomes(
        lambda raw: pit.open_tags({**told, "tags": to_base64(raw)}, identity=identity.secret),
        hostile.of_bytes(sealed, rounds=20),
    )
    assert set(found) <= {"transfer.cannot_open", "corrupt: base64 that cannot be read"}


def test_a_chain_whose_first_word_is_strange_gets_a_verdict():
    rest = STORY.envelopes[1:]
    strange = hostile.some([*envelopes(CASE.permit), *hostile.of_bytes(STORY.envelopes[0])], 150)
    for raw in strange:
        report = pit.check_offline([raw, *rest], STORY.parties, at=STORY.at)
        assert (report.holds, report.fault in ("corrupt", "refused")) == (False, True)


# --- packages ------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def sealed(tmp_path_factory):
    """A package in a file: its folder, its receiver's key, what its message says of it, its plain archive."""
    folder = tmp_path_factory.mktemp("hostile")
    identity = package.new_identity()
    facts = package_cast.built(folder, identity.recipient, count=40)
    raw = (folder / "package.age").read_bytes()
    return folder, identity, package_cast.expected_of(facts), raw, package_cast.unseal(raw, identity.secret)


def opener(sealed):
    folder, identity, expected, _, _ = sealed

    def read(raw):
        path = folder / "strange.age"
        path.write_bytes(raw)
        opened = package.open_package([path], identity=identity.secret, expected=package_cast.of_bytes(expected, raw))
        return opened.recompute()

    return read


def test_ciphertext_is_opened_or_refused(sealed):
    found = outcomes(opener(sealed), hostile.of_bytes(sealed[3], rounds=25))
    assert all(told.startswith("corrupt: ") or told == "transfer.cannot_open" for told in found)


def test_a_sender_who_seals_something_strange_is_refused(sealed):
    identity, plain, read = sealed[1], sealed[4], opener(sealed)
    assert hostile.told(read, package_cast.seal(plain, identity.recipient)) == ""
    found = outcomes(read, (package_cast.seal(each, identity.recipient) for each in archives(plain)))
    assert all(told.startswith(("corrupt: ", "transfer.")) or not told for told in found)


def archives(plain):
    """Archives cut and flipped; archives right in every digest, with one document made strange."""
    yield from hostile.of_bytes(plain, rounds=20)
    for end in (layout.LETTER, layout.TABLES, layout.DESCRIPTION, ".parquet", "bagit.txt"):
        good = package_cast.Archive.of(plain)
        raw = good.entries[good.find(end)][1]
        strange = list(hostile.of_bytes(raw, rounds=8))
        if end in (layout.LETTER, layout.TABLES):
            strange += hostile.spelled(hostile.of_value(decode(raw), most=150))
        for each in strange:
            spoiled = package_cast.Archive.of(plain).edit(end, lambda _, each=each: each)
            yield spoiled.renew_manifests().to_bytes()


@pytest.mark.parametrize(
    ("read", "raw"),
    [
        (layout.read_letter, package_cast.LETTER.to_bytes()),
        (verify.read_trust, encode(verify.write_trust(cast.trust_of(CASE)))),
        (lambda raw: balance.check(balance.read(raw)), balance.to_bytes(CASE.parts.balance)),
    ],
    ids=["letter", "trust", "balance"],
)
def test_a_document_is_taken_or_refused(read, raw):
    assert hostile.told(read, raw) == ""
    found = outcomes(read, documents(raw))
    assert all(told.startswith("corrupt: ") or told in ("", "trust.unusable") for told in found)


@pytest.mark.parametrize(
    "line", ['a = "', "a = " + "9" * 5000, "[[step]]\nid = " + "[" * 500, "\x00", "{", "[]", '{"a":1}']
)
def test_a_playbook_that_is_none_is_refused(line):
    assert hostile.told(lambda raw: playbook.parse(raw.decode(), acts={}, checks={}), line.encode()) != ""


# --- evidence packs ------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def packed(tmp_path_factory):
    """The closed case's pack: a folder, its entries, the trust file."""
    folder = tmp_path_factory.mktemp("packs")
    path = folder / "good.zip"
    pack.build(CASE.parts, signer=cast.COMPANY, out=path)
    with path.open("rb") as file:
        found = {each.name: pack.content(file, each) for each in pack.read(file, size=path.stat().st_size).entries}
    return folder, found, cast.write_trust(cast.trust_of(CASE), folder / "trust.json")


def rebuilt(packed, name, raw):
    """The pack with one entry made strange, listed and signed as if it were right."""
    folder, contents, _ = packed
    rest = {each: body for each, body in {**contents, name: raw}.items() if each not in ("statement.dsse", "MANIFEST")}
    ordered = dict(sorted(rest.items(), key=lambda each: pack.order(each[0])))
    manifest = "".join(f"{hashlib.sha256(body).hexdigest()}  {each}\n" for each, body in ordered.items()).encode()
    stated = dict(dsse.peek(contents["statement.dsse"]))
    stated["subject"] = [{"name": "MANIFEST", "digest": {"sha256": digest(manifest).removeprefix("sha256:")}}]
    path = folder / "strange.zip"
    path.unlink(missing_ok=True)
    pack.write({"statement.dsse": dsse.sign(stated, [cast.COMPANY]), "MANIFEST": manifest, **ordered}, path)
    return path


def strange_entries(packed):
    """Entry by entry what a hostile company might have packed; each signed by the right people."""
    for name, raw in packed[1].items():
        if name in ("statement.dsse", "MANIFEST"):
            continue
        if name.endswith(".dsse"):
            yield from ((name, each) for each in envelopes(raw, most=20))
        elif name.endswith(".json"):
            yield from ((name, each) for each in hostile.some(documents(raw, most=60), 60))
        elif "checkpoint" in name:
            lines = (each.encode() for each in hostile.of_lines(raw.decode(), lines=NOTE_LINES))
            yield from ((name, each) for each in hostile.some(lines, 30))
        elif name.startswith("ledger/"):
            yield from ((name, each) for each in hostile.some(hostile.of_bytes(raw, rounds=20), 40))


def by_one_file(path, trust):
    out = io.StringIO()
    with redirect_stdout(out):
        code = verifier.main([str(path), "--json", "--trust", str(trust)])
    return code, {fault["where"] for fault in json.loads(out.getvalue())["faults"]}


def test_a_strange_pack_gets_one_verdict_from_both_verifiers(packed):
    chosen = random.Random(7).sample(list(strange_entries(packed)), 160)
    codes = {verify.VERIFIED: 0, verify.FAULT: 0}
    for place, (name, raw) in enumerate(chosen):
        path = rebuilt(packed, name, raw)
        found = verify.verify(path, packed[2])
        codes[found.exit_code] += 1
        if place % 8 == 0:  # the one file computes its signatures in plain Python
            assert (found.exit_code, {fault.where for fault in found.faults}) == by_one_file(path, packed[2]), name
    assert codes[verify.FAULT] > 10 * codes[verify.VERIFIED]


def test_a_strange_container_gets_one_verdict_from_both_verifiers(packed):
    folder, _, trust = packed
    path = folder / "bytes.zip"
    for raw in hostile.some(hostile.of_bytes((folder / "good.zip").read_bytes(), rounds=30), 60):
        path.write_bytes(raw)
        found = verify.verify(path, trust)
        assert found.exit_code == verify.FAULT
        assert found.exit_code == by_one_file(path, trust)[0]


@pytest.mark.parametrize("seconds", [253402300800, 2**62])
def test_a_cosignature_of_no_time_is_found_by_both_verifiers(packed, seconds):
    note = CASE.log.note()
    body, _ = notes.split_note(note)
    signed = seconds.to_bytes(8, "big") + cast.RECEIVER.sign(f"cosignature/v1\ntime {seconds}\n{body}".encode())
    hashed = notes.key_hash("example.test/b", cast.RECEIVER.public, cosignature=True)
    line = f"\u2014 example.test/b {to_base64(hashed + signed)}\n"
    path = rebuilt(packed, "ledger/checkpoint", (note + line).encode())
    found = verify.verify(path, packed[2])
    assert [fault.where for fault in found.faults] == ["ledger/checkpoint"]
    assert by_one_file(path, packed[2]) == (verify.FAULT, {"ledger/checkpoint"})


def test_a_bundle_cut_in_an_entry_is_named_alike(packed):
    raw = packed[1]["ledger/entries/000000"]
    for cut in (1, 3, len(raw) // 2, len(raw) - 1):
        path = rebuilt(packed, "ledger/entries/000000", b"\x00\x02{}" + raw[:cut])
        found = verify.verify(path, packed[2])
        assert {fault.where for fault in found.faults} == by_one_file(path, packed[2])[1] == {"ledger/entries/000000#0"}
