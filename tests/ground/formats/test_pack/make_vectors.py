"""Writes tests/vectors/pack and tests/vectors/certificate: good ones, and bad ones named for what is wrong.

    python -m tests.ground.formats.test_pack.make_vectors

`cases.json` says for each file which trust file goes with it, which exit code it must get and which places must be
named. Everything is made from fixed seeds; running it again gives the same bytes.
"""

import base64
import io
import json
import struct
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

from shouxin.ground.formats import certificate as certificates
from shouxin.ground.formats import pack, verify
from shouxin.ground.formats import permit as permits
from shouxin.ground.kernel import dsse
from shouxin.ground.kernel.canonical import decode, encode, from_base64, to_base64
from shouxin.ground.kernel.digests import digest
from shouxin.ground.kernel.notes import Checkpoint, cosign, sign_checkpoint
from shouxin.ground.kernel.signing import ORDER
from tests.ground.formats.test_pack import cast

ROOT = Path(__file__).resolve().parents[3] / "vectors"
MESSAGE = f"messages/{cast.pit_cast.TID}/%04d.dsse"
CERTIFICATE, PERMIT = "certificates/cert-0001.dsse", "decisions/permit-01.dsse"
Contents = dict[str, bytes]


def small() -> cast.Closed:
    """A case whose ledger fits into one bundle, with the first three messages only."""
    case = cast.closed_case(filler=4, customers=500)
    messages = {tid: envelopes[:3] for tid, envelopes in case.parts.messages.items()}
    return replace(case, parts=replace(case.parts, messages=messages))


def built(parts: pack.PackParts, *, edition: str = "auditor", signed_by=cast.COMPANY, folder: Path) -> bytes:
    out = folder / "built.zip"
    out.unlink(missing_ok=True)
    pack.build(parts, signer=signed_by, out=out, edition=edition)
    return out.read_bytes()


def contents(raw: bytes) -> Contents:
    file = io.BytesIO(raw)
    return {entry.name: pack.content(file, entry) for entry in pack.read(file, size=len(raw)).entries}


def zipped(inside: Contents, folder: Path, *, ordered: bool = True) -> bytes:
    out = folder / "zipped.zip"
    out.unlink(missing_ok=True)
    pack.write({name: inside[name] for name in (sorted(inside, key=pack.order) if ordered else inside)}, out)
    return out.read_bytes()


def listed(inside: Contents) -> Contents:
    """With a MANIFEST that fits what is inside."""
    rest = sorted((name for name in inside if name not in ("statement.dsse", "MANIFEST")), key=pack.order)
    lines = "".join(f"{digest(inside[name])[7:]}  {name}\n" for name in rest)
    return {**inside, "MANIFEST": lines.encode()}


def signed(inside: Contents, *, by=cast.COMPANY, **changes: Any) -> Contents:
    """With a MANIFEST that fits and a statement that signs it: what the company itself could do."""
    inside = listed(inside)
    predicate = {**dsse.peek(inside["statement.dsse"])["predicate"], **changes}
    subject = {"MANIFEST": digest(inside["MANIFEST"])}
    content = dsse.statement(subject=subject, predicate_type=pack.PREDICATE, predicate=predicate)
    return {**inside, "statement.dsse": dsse.sign(content, [by])}


def edited(raw: bytes, change: Callable[[Any], None]) -> bytes:
    value = decode(raw)
    change(value)
    return encode(value)


def predicate_changed(envelope: bytes, change: Callable[[Any], None], *signers) -> bytes:
    """The same statement with another predicate, signed again."""
    content = dict(dsse.peek(envelope))
    change(content["predicate"])
    return dsse.sign(content, signers)


def flipped(raw: bytes, place: int, mask: int = 1) -> bytes:
    return raw[:place] + bytes([raw[place] ^ mask]) + raw[place + 1 :]


def at_entry(raw: bytes, name: str) -> pack.Entry:
    return next(entry for entry in pack.read(io.BytesIO(raw), size=len(raw)).entries if entry.name == name)


def flip_in(raw: bytes, name: str) -> bytes:
    entry = at_entry(raw, name)
    return flipped(raw, entry.offset + entry.size // 2)


def outer(envelope: bytes, **changes: Any) -> bytes:
    return encode({**decode(envelope), **changes})


def malleable(envelope: bytes) -> bytes:
    """The first signature with S + L in place of S: the same equation, another spelling."""
    mark = decode(envelope)["signatures"][0]
    raw = from_base64(mark["sig"])
    s = int.from_bytes(raw[32:], "little") + ORDER
    return outer(envelope, signatures=[{**mark, "sig": to_base64(raw[:32] + s.to_bytes(32, "little"))}])


def loose_base64(envelope: bytes) -> bytes:
    """The first signature with its unused trailing bits set: the same bytes for a careless reader."""
    mark = decode(envelope)["signatures"][0]
    letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
    text = mark["sig"]
    last = letters[letters.index(text[-3]) + 1]
    assert base64.b64decode(text[:-3] + last + "==") == base64.b64decode(text)
    return outer(envelope, signatures=[{**mark, "sig": text[:-3] + last + "=="}])


def certificate_vectors(case: cast.Closed) -> dict[str, bytes]:
    good, content, witness, company = case.certificate, case.content, cast.WITNESS, cast.COMPANY

    def changed(change: Callable[[Any], None]) -> bytes:
        return predicate_changed(good, change, company, witness)

    def put(*path: Any, value: Any) -> bytes:
        def change(predicate: Any) -> None:
            for step in path[:-1]:
                predicate = predicate[step]
            predicate[path[-1]] = value

        return changed(change)

    still_open = tuple(replace(place, exclusion=None) for place in content.places)
    partial = certificates.issue(replace(content, places=still_open), company=company, signers=[witness])
    other = cast.Log()
    other.add("ledger.founded", scope="company")
    other.add("destroy.done", content.ended)
    before = cast.to_text(content.started - timedelta(days=1))
    other_ledger = certificates.to_plain(replace(content, ledger=other.proof(1)), keys={})["ledger"]
    not_the_end = certificates.to_plain(replace(content, ledger=case.log.proof(1)), keys={})["ledger"]
    headline = put("headline", value="partial")
    return {
        "good-complete": good,
        "good-partial-a-place-is-open": partial,
        "good-on-a-ledger-of-the-same-origin": put("ledger", value=other_ledger),
        "bad-flipped-byte-in-the-payload": flipped(good, 400),
        "bad-flipped-byte-in-the-signature": flipped(good, len(good) - 20),
        "bad-flipped-first-byte": flipped(good, 0),
        "bad-byte-behind-the-end": good + b"\n",
        "bad-headline-complete-though-a-place-is-open": predicate_changed(
            partial, lambda predicate: predicate.update(headline="complete"), company, witness
        ),
        "bad-headline-partial-though-all-is-done": headline,
        "bad-issued-before-its-destruction": put("issued", value=before),
        "bad-ended-before-it-started": put("ended", value=before),
        "bad-place-ended-after-the-paper": put("places", 0, "ended", value="2027-01-01T00:00:00Z"),
        "bad-ledger-entry-is-not-the-destruction": put("ledger", value=not_the_end),
        "bad-ledger-index-of-another-entry": put("ledger", "index", value=3),
        "bad-ledger-path-changed": put("ledger", "path", 0, value=to_base64(bytes(32))),
        "bad-checkpoint-of-another-key": put(
            "ledger",
            "checkpoint",
            value=sign_checkpoint(
                Checkpoint(case.log.origin, len(case.log.leaves), cast.merkle.root(case.log.leaves)), cast.OUTSIDER
            ),
        ),
        "bad-approved-by-one": changed(lambda predicate: predicate["approvals"].pop()),
        "bad-approved-twice-with-one-key": put("approvals", 1, "key_id", value=cast.OFFICER.key_id),
        "bad-approved-after-it-began": put("approvals", 0, "at", value="2027-01-01T00:00:00Z"),
        "bad-rescan-found-something": put("rescan", "found", value=1),
        "bad-rescan-looked-for-less-than-was-planted": put("rescan", "looked_for", value=39),
        "bad-place-with-a-remain": put("places", 0, "rescan", "found", value=2),
        "bad-telephone-number-in-free-text": put("places", 0, "title", value="名单 1" + "5" * 10),
        "bad-no-legal-ground": put("ground", value=[]),
        "bad-witness-did-not-sign": dsse.sign(dsse.peek(good), [company]),
        "bad-signed-by-an-outsider": dsse.sign(dsse.peek(good), [cast.OUTSIDER, witness]),
        "bad-field-missing": changed(lambda predicate: predicate.pop("exclusions")),
        "bad-field-too-many": put("phone", value=""),
        "bad-count-as-text": put("scope", "customers", value="1100"),
        "bad-english-words-missing": put("custody", "words", value={"zh": "同盘"}),
        "bad-time-in-another-spelling": put("issued", value="2026-12-01T01:37:00+00:00"),
        "bad-two-spellings-of-a-signature": malleable(good),
        "bad-signature-twice": outer(good, signatures=decode(good)["signatures"][:1] * 2),
        "bad-subject-of-another-scope": dsse.sign(
            dsse.statement(
                subject={"scope": cast.sha("x")},
                predicate_type=certificates.PREDICATE,
                predicate=dsse.peek(good)["predicate"],
            ),
            [company, witness],
        ),
        "bad-simulated-passed-as-real": put("simulated", value=True),
    }


def container_vectors(raw: bytes, inside: Contents, folder: Path) -> dict[str, tuple[bytes, list[str]]]:
    scan, report = "documents/02-scan.bin", "documents/01-report.zh.txt"
    at = at_entry(raw, scan)
    head = at.offset - 30 - len(scan)
    end = len(raw) - 22
    start = struct.unpack_from("<I", raw, end + 16)[0]
    found: dict[str, tuple[bytes, list[str]]] = {
        f"bad-flip-in-{label}": (flip_in(raw, name), [name])
        for label, name in {
            "document": scan,
            "ledger": "ledger/entries/000000",
            "message": MESSAGE % 2,
            "certificate": CERTIFICATE,
            "permit": PERMIT,
            "balance": "balance.json",
            "summary": "decisions/summary.json",
            "finding": "findings/notices.json",
            "rules": "rules/playbook.toml",
            "manifest": "MANIFEST",
            "statement": "statement.dsse",
            "keys": "keys/keys.json",
            "checkpoint": "ledger/checkpoint",
        }.items()
    }
    without = {name: body for name, body in inside.items() if name != scan}
    swapped = list(inside)
    one, two = swapped.index(report), swapped.index(scan)
    swapped[one], swapped[two] = swapped[two], swapped[one]
    twice = raw[:head] + raw[head : at.offset + at.size] * 2 + raw[at.offset + at.size :]
    found |= {
        "bad-flip-in-local-header": (flipped(raw, head + 12), [scan]),
        "bad-flip-in-local-size": (flipped(raw, head + 18), [scan]),
        "bad-flip-in-local-name": (flipped(raw, head + 30, 0x20), [scan]),
        "bad-flip-in-directory": (flipped(raw, start + 46 + 3), ["statement.dsse", "stauement.dsse"]),
        "bad-flip-in-end-record": (flipped(raw, end + 8), ["container"]),
        "bad-bytes-between-entries": (raw[:head] + b"hidden" + raw[head:], [report]),
        "bad-bytes-behind-the-end": (raw + b"\0", ["container"]),
        "bad-bytes-before-the-start": (b"\0" + raw, ["container"]),
        "bad-cut-short": (raw[: len(raw) // 2], None),  # type: ignore[dict-item]
        "bad-entry-twice": (twice, [scan]),
        "bad-entry-missing": (zipped(without, folder), [scan]),
        "bad-entries-in-another-order": (zipped({n: inside[n] for n in swapped}, folder, ordered=False), [report]),
        "bad-entry-not-listed": (zipped({**inside, "documents/zz.txt": b"?"}, folder), ["documents/zz.txt"]),
        "bad-entry-of-an-unknown-place": (zipped(signed({**inside, "secret/a.txt": b"?"}), folder), ["secret/a.txt"]),
        "bad-document-changed-checksum-mended": (zipped({**inside, scan: b"changed"}, folder), [scan]),
        "bad-document-and-manifest-changed": (zipped(listed({**inside, scan: b"changed"}), folder), ["MANIFEST"]),
        "bad-two-documents-changed": (zipped({**inside, scan: b"1", report: b"2"}, folder), [report, scan]),
    }
    return found


def signed_vectors(case: cast.Closed, inside: Contents, folder: Path) -> dict[str, tuple[bytes, list[str]]]:
    """What is wrong although the company itself signed it."""
    summary, entries = "decisions/summary.json", "ledger/entries/000000"

    def with_(name: str, body: bytes, **changes: Any) -> bytes:
        return zipped(signed({**inside, name: body}, **changes), folder)

    def json_with(name: str, change: Callable[[Any], None]) -> tuple[bytes, list[str]]:
        return with_(name, edited(inside[name], change)), [name]

    def certificate_with(change: Callable[[Any], None]) -> tuple[bytes, list[str]]:
        body = predicate_changed(inside[CERTIFICATE], change, cast.COMPANY, cast.WITNESS)
        return with_(CERTIFICATE, body), [CERTIFICATE]

    def permit_with(change: Callable[[Any], None], *signers) -> tuple[bytes, list[str]]:
        body = predicate_changed(inside[PERMIT], change, *(signers or (cast.OFFICER, cast.OWNER)))
        return with_(PERMIT, body), [PERMIT]

    statement = inside["statement.dsse"]
    small_order = bytes([1]) + bytes(31)
    early = {name: body for name, body in inside.items() if name != MESSAGE % 2}
    third = early.pop(MESSAGE % 3)
    unbalanced = edited(inside["balance.json"], lambda b: b["sources"][0].update(rejected=9))
    persons = edited(inside["balance.json"], lambda b: b["persons"]["ends"].update(kept=1, destroyed=149))
    bundle = pack.ledger_bundles
    log = case.log
    forged = [*log.entries[:-1], log.entries[-1].replace(b"case.closed", b"case.opened")]
    late = [*log.entries[:5], log.entries[5].replace(b"2026-11", b"2026-10"), *log.entries[6:]]
    other_note = log.note().replace(log.origin, "example.test/other")
    other_line = cosign(log.note(3), name="v", signer=cast.WITNESS, at=log.at).splitlines()[-1]
    wrong_cosign = f"{log.note()}{other_line}\n"
    return {
        "bad-signature-of-another-document": (
            zipped(
                {
                    **inside,
                    "statement.dsse": outer(statement, signatures=decode(inside[CERTIFICATE])["signatures"][:1]),
                },
                folder,
            ),
            ["statement.dsse"],
        ),
        "bad-two-spellings-of-a-signature": (
            zipped({**inside, "statement.dsse": malleable(statement)}, folder),
            ["statement.dsse"],
        ),
        "bad-base64-with-set-trailing-bits": (
            zipped({**inside, "statement.dsse": loose_base64(statement)}, folder),
            ["statement.dsse"],
        ),
        "bad-envelope-with-a-space": (
            zipped({**inside, "statement.dsse": statement.replace(b",", b", ", 1)}, folder),
            ["statement.dsse"],
        ),
        "bad-small-order-key": json_with(
            "keys/keys.json",
            lambda keys: keys.append({**keys.pop(), "public": to_base64(small_order), "key_id": digest(small_order)}),
        ),
        "bad-key-under-another-id": json_with(
            "keys/keys.json", lambda keys: keys[0].update(public=to_base64(cast.OUTSIDER.public))
        ),
        "bad-key-that-its-entry-does-not-record": json_with("keys/keys.json", lambda keys: keys[0].update(entries=[6])),
        "bad-signed-by-staff": (zipped(signed(inside, by=cast.OFFICER), folder), ["statement.dsse"]),
        "bad-doubled-json-key": (
            with_("balance.json", inside["balance.json"].replace(b'{"cells"', b'{"cells":[],"cells"', 1)),
            ["balance.json"],
        ),
        "bad-float": (with_(summary, inside[summary].replace(b'"height":9', b'"height":9e0')), [summary]),
        "bad-keys-not-sorted": (with_(summary, json.dumps(decode(inside[summary])).encode()), [summary]),
        "bad-unbalanced-source": (with_("balance.json", unbalanced), ["balance.json"]),
        "bad-balance-that-is-not-the-statements": (with_("balance.json", persons), ["balance.json"]),
        "bad-summary-does-not-add-up": json_with(summary, lambda s: s.update(customers=7)),
        "bad-summary-of-another-decision-set": json_with(summary, lambda s: s.update(digest=cast.sha("x"))),
        "bad-finding-above-the-ledger": json_with("findings/notices.json", lambda f: f[0].update(height=10**6)),
        "bad-nothing-unproved": (zipped(signed(inside, not_proved=[]), folder), ["statement.dsse"]),
        "bad-ledger-entry-forged": (with_(entries, next(bundle(forged))), ["ledger/checkpoint"]),
        "bad-ledger-entry-missing": (with_(entries, next(bundle(log.entries[:-1]))), [entries]),
        "bad-ledger-time-runs-back": (with_(entries, next(bundle(late))), [f"{entries}#5"]),
        "bad-ledger-bundle-cut": (with_(entries, inside[entries][:-1]), [entries]),
        "bad-checkpoint-of-another-origin": (with_("ledger/checkpoint", other_note.encode()), ["ledger/checkpoint"]),
        "bad-cosignature-does-not-hold": (with_("ledger/checkpoint", wrong_cosign.encode()), ["ledger/checkpoint"]),
        "bad-checkpoint-under-another-size": (
            zipped(
                signed(
                    {
                        ("ledger/checkpoints/000000000007" if name.startswith("ledger/checkpoints/") else name): body
                        for name, body in inside.items()
                    }
                ),
                folder,
            ),
            ["ledger/checkpoints/000000000007"],
        ),
        "bad-both-forms-of-the-ledger": (
            with_("ledger/selected.json", encode({"entries": [], "consistency": []})),
            ["ledger/selected.json"],
        ),
        "bad-summary-left-out": (
            zipped(signed({n: b for n, b in inside.items() if n != summary}), folder),
            [summary],
        ),
        "bad-message-left-out": (zipped(signed({**early, MESSAGE % 2: third}), folder), [MESSAGE % 2]),
        "bad-message-number-left-out": (zipped(signed({**early, MESSAGE % 3: third}), folder), [MESSAGE % 1]),
        "bad-message-on-another-past": (zipped(signed(inside_with_other_past(inside)), folder), [MESSAGE % 1]),
        "bad-certificate-before-its-destruction": certificate_with(
            lambda p: p.update(issued=cast.to_text(case.content.started - timedelta(hours=1)))
        ),
        "bad-certificate-complete-though-a-place-is-open": certificate_with(
            lambda p: p["places"][2].update(exclusion=None)
        ),
        "bad-certificate-of-another-case": certificate_with(lambda p: p.update(case="case_other")),
        "bad-certificate-simulated-in-a-real-pack": certificate_with(lambda p: p.update(simulated=True)),
        "bad-certificate-whose-permit-is-not-here": certificate_with(lambda p: p.update(permit=cast.sha("x"))),
        "bad-certificate-approved-by-others": certificate_with(lambda p: p["approvals"][0].update(by="staff:9")),
        "bad-certificate-twice-after-the-same": (
            with_("certificates/cert-0002.dsse", inside[CERTIFICATE]),
            ["certificates/cert-0002.dsse"],
        ),
        "bad-permit-of-one-signer": permit_with(lambda p: None, cast.OFFICER),
        "bad-permit-on-a-finding-that-does-not-hold": permit_with(lambda p: p["findings"][0].update(holds=False)),
        "bad-permit-of-nothing": permit_with(lambda p: p["scope"].update(counts=[])),
        "bad-permit-that-had-expired": (expired(case, inside, folder), [CERTIFICATE]),
    }


def told_vectors(folder: Path) -> dict[str, tuple[bytes, list[str]]]:
    """What the company told the other side of its permit and its certificate, told right and told wrong."""
    case = cast.closed_case(filler=4, customers=500)
    envelopes = case.parts.messages[cast.pit_cast.TID]
    kinds = [dsse.peek(each)["predicateType"].rpartition("/")[2] for each in envelopes]
    permitted, destroyed = kinds.index("destroy-permit"), kinds.index("destroyed")
    other = permits.issue(
        replace(permits.check(case.permit), expires=case.content.issued + timedelta(days=30)),
        signers=[cast.OFFICER, cast.OWNER],
    )
    content = replace(case.content, permit=digest(other))
    paper = certificates.issue(content, company=cast.COMPANY, signers=[cast.WITNESS])
    both = replace(case.parts, permits=[case.permit, other], certificates={"cert-0001": paper})

    def ending(number: int, parts: pack.PackParts = case.parts, **changes: Any) -> tuple[bytes, list[str]]:
        last = predicate_changed(envelopes[number], lambda p: p.update(changes), cast.COMPANY)
        messages = {cast.pit_cast.TID: [*envelopes[:number], last]}
        return built(replace(parts, messages=messages), folder=folder), [MESSAGE % (number + 1)]

    strangers = sorted([cast.sha("first"), cast.sha("second")])
    return {
        "good-told-to-the-end": (built(case.parts, folder=folder), []),
        "bad-told-of-another-permit": ending(permitted, permit=cast.sha("x")),
        "bad-told-of-other-approvers": ending(permitted, approvers=strangers),
        "bad-told-of-another-certificate": ending(destroyed, certificate=cast.sha("x")),
        "bad-told-of-a-certificate-under-another-permit": ending(destroyed, both, certificate=digest(paper)),
    }


def expired(case: cast.Closed, inside: Contents, folder: Path) -> bytes:
    """A permit that ended one second before the destruction began, and the certificate under it."""
    end = cast.to_text(case.content.started - timedelta(seconds=1))
    permit = predicate_changed(inside[PERMIT], lambda p: p.update(expires=end), cast.OFFICER, cast.OWNER)
    paper = predicate_changed(
        inside[CERTIFICATE], lambda p: p.update(permit=digest(permit)), cast.COMPANY, cast.WITNESS
    )
    return zipped(signed({**inside, PERMIT: permit, CERTIFICATE: paper}), folder)


def inside_with_other_past(inside: Contents) -> Contents:
    """Message 1 shows the receiver a ledger that is not the pack's."""
    names = [name for name in inside if name.startswith("messages/")]
    kept = {name: body for name, body in inside.items() if name not in names}
    log, _ = cast.found(simulated=False, filler=5)
    story = cast.pit_cast.Story()
    story.houses["A"] = cast.LoggedHouse(log)
    story.to("OFFERED")
    return {**kept, MESSAGE % 1: story.envelopes[0]}


def selected_vectors(case: cast.Closed, folder: Path) -> dict[str, tuple[bytes, list[str]]]:
    inside = contents(built(cast.selected(case), folder=folder))
    name = "ledger/selected.json"
    older = next(each for each in inside if each.startswith("ledger/checkpoints/"))

    def changed(change: Callable[[Any], None]) -> bytes:
        return zipped(signed({**inside, name: edited(inside[name], change)}), folder)

    zero = to_base64(bytes(32))
    return {
        "good-selected": (zipped(inside, folder), []),
        "bad-inclusion-proof": (changed(lambda s: s["entries"][2]["path"].__setitem__(0, zero)), [f"{name}#2"]),
        "bad-inclusion-proof-too-long": (changed(lambda s: s["entries"][2]["path"].append(zero)), [f"{name}#2"]),
        "bad-selected-entry-changed": (
            changed(lambda s: s["entries"][1].update(entry=s["entries"][0]["entry"])),
            [f"{name}#1"],
        ),
        "bad-entry-0-not-shown": (changed(lambda s: s["entries"].pop(0)), [name]),
        "bad-consistency-proof": (changed(lambda s: s["consistency"][0]["path"].__setitem__(0, zero)), [older]),
        "bad-consistency-proof-left-out": (changed(lambda s: s["consistency"].clear()), [older]),
    }


def trust_files(case: cast.Closed) -> dict[str, bytes]:
    good = cast.trust_of(case, size=9)
    plain = verify.write_trust(good)
    fork = cast.Log()
    for number in range(9):
        fork.add("other.past", number=number)
    ahead = cast.Log()
    for number in range(len(case.log.entries) + 1):
        ahead.add("other.past", number=number)
    outsider = verify.TrustedKey(cast.OUTSIDER.public, "company", "X")
    first = cast.COMPANY.key_id
    files = {
        "good": plain,
        "good-without-a-checkpoint": {**plain, "checkpoint": None},
        "good-at-a-size-not-shown": {**plain, "checkpoint": case.log.note(7)},
        "good-knows-more-than-the-pack": {**plain, "checkpoint": ahead.note()},
        "good-knows-another-past": {**plain, "checkpoint": fork.note()},
        "good-of-another-origin": {**plain, "origin": "example.test/x", "checkpoint": None},
        "good-of-another-key": verify.write_trust(
            replace(good, keys={cast.OUTSIDER.key_id: outsider}, checkpoint=None)
        ),
        "good-witness-in-another-role": {
            **plain,
            "keys": {**plain["keys"], cast.WITNESS.key_id: {**plain["keys"][cast.WITNESS.key_id], "role": "staff"}},
        },
        "good-with-the-approvers": {
            **plain,
            "keys": {
                **plain["keys"],
                **{
                    each.key_id: {"public": to_base64(each.public), "role": "staff", "name": each.name}
                    for each in (cast.OFFICER, cast.OWNER)
                },
            },
        },
        "bad-no-company-key": {**plain, "keys": {}},
        "bad-key-under-another-id": {**plain, "keys": {first: plain["keys"][cast.WITNESS.key_id]}},
        "bad-checkpoint-of-an-outsider": {
            **plain,
            "checkpoint": sign_checkpoint(Checkpoint(case.log.origin, 9, bytes(32)), cast.OUTSIDER),
        },
        "bad-field-too-many": {**plain, "note": ""},
    }
    found = {name: encode(value) for name, value in files.items()}
    return {**found, "bad-other-spelling": found["good"] + b"\n"}


def main() -> None:
    """Write everything."""
    folder, papers = ROOT / "pack", ROOT / "certificate"
    for each in (folder, papers):
        each.mkdir(parents=True, exist_ok=True)
        for old in each.iterdir():
            old.unlink()
    case = small()
    raw = built(case.parts, folder=folder)
    inside = contents(raw)
    pretended = cast.closed_case(filler=0, customers=500, simulated=True)
    pretended = replace(pretended, parts=replace(pretended.parts, messages={}))
    simulated = built(pretended.parts, folder=folder)
    mixed = zipped(signed(contents(simulated), simulated=False), folder)
    files: dict[str, tuple[bytes, list[str]]] = {
        "good": (raw, []),
        "good-public": (built(case.parts, edition="public", folder=folder), []),
        **container_vectors(raw, inside, folder),
        **signed_vectors(case, inside, folder),
        **selected_vectors(case, folder),
        **told_vectors(folder),
        "bad-simulated-passed-as-real": (mixed, ["statement.dsse"]),
        "bad-public-with-exact-figures": (
            zipped(
                signed({**contents(built(case.parts, edition="public", folder=folder)), PERMIT: inside[PERMIT]}), folder
            ),
            [PERMIT],
        ),
    }
    (folder / "built.zip").unlink()
    (folder / "zipped.zip").unlink()
    cases = []
    for name, (body, places) in files.items():
        (folder / f"{name}.zip").write_bytes(body)
        trust = "good-without-a-checkpoint" if "consistency" in name else "good"
        cases.append({"file": f"{name}.zip", "trust": trust, "exit": 1 if name[:3] == "bad" else 0, "places": places})
        if name.startswith("good") or "signature" in name or "key" in name:
            cases.append({"file": f"{name}.zip", "trust": "", "exit": 1 if name[:3] == "bad" else 3, "places": places})
    (folder / "good-simulated.zip").write_bytes(simulated)
    for name, body in trust_files(case).items():
        (folder / f"trust-{name}.json").write_bytes(body)
    own = encode(verify.write_trust(cast.trust_of(pretended, size=5)))
    (folder / "trust-simulated.json").write_bytes(own)
    cases += [
        {"file": "good-simulated.zip", "trust": "simulated", "exit": 0, "places": []},
        {"file": "good-simulated.zip", "trust": "good", "exit": 1, "places": ["statement.dsse"]},
        {"file": "good.zip", "trust": "good-knows-more-than-the-pack", "exit": 1, "places": ["ledger/checkpoint"]},
        {"file": "good.zip", "trust": "good-knows-another-past", "exit": 1, "places": ["ledger/checkpoint"]},
        {"file": "good-selected.zip", "trust": "good-at-a-size-not-shown", "exit": 1, "places": ["ledger/checkpoint"]},
        {"file": "good.zip", "trust": "good-of-another-origin", "exit": 1, "places": ["statement.dsse"]},
        {"file": "good.zip", "trust": "good-of-another-key", "exit": 1, "places": ["statement.dsse"]},
        {"file": "good.zip", "trust": "good-witness-in-another-role", "exit": 1, "places": ["keys/keys.json"]},
        *(
            {"file": "good.zip", "trust": name, "exit": 2, "places": []}
            for name in trust_files(case)
            if name.startswith("bad")
        ),
        {"file": "no-such-file.zip", "trust": "", "exit": 2, "places": []},
    ]
    (folder / "cases.json").write_text(json.dumps(cases, ensure_ascii=False, indent=0) + "\n", "utf-8")
    write_papers(case, papers)


def write_papers(case: cast.Closed, papers: Path) -> None:
    """Certificates, a permit and a message by themselves."""
    cases = []
    alone = {
        **certificate_vectors(case),
        "good-permit": case.permit,
        "bad-permit-flipped": flipped(case.permit, 300),
        "bad-permit-without-findings-holding": predicate_changed(
            case.permit, lambda p: p["findings"][0].update(holds=False), cast.OFFICER, cast.OWNER
        ),
        "good-message": case.story.envelopes[2],
        "bad-statement-of-an-unknown-kind": dsse.sign(
            dsse.statement(subject={"x": cast.sha("x")}, predicate_type="other/v1", predicate={}), [cast.COMPANY]
        ),
    }
    for name, body in alone.items():
        (papers / f"{name}.dsse").write_bytes(body)
        bad = name[:3] == "bad"
        trust = "good-with-the-approvers" if "permit" in name else "good"
        real = name == "bad-simulated-passed-as-real"  # nobody can see it without the trust file
        cases.append({"file": f"{name}.dsse", "trust": trust, "exit": 1 if bad else 0})
        cases.append({"file": f"{name}.dsse", "trust": "", "exit": 1 if bad and not real else 3})
    cases.append({"file": "good-permit.dsse", "trust": "good", "exit": 3})
    cases.append({"file": "good-complete.dsse", "trust": "good-of-another-key", "exit": 1})
    (papers / "cases.json").write_text(json.dumps(cases, ensure_ascii=False, indent=0) + "\n", "utf-8")


if __name__ == "__main__":
    main()
