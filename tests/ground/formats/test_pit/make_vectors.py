"""Writes tests/vectors/pit. Run by hand when the protocol gets a new version, never by a test: vectors are frozen.

python -m tests.ground.formats.test_pit.make_vectors
"""

import json
from datetime import timedelta
from pathlib import Path

from shouxin.ground.formats import pit
from shouxin.ground.kernel import dsse
from shouxin.ground.kernel.canonical import decode, encode, from_base64, to_base64
from shouxin.ground.kernel.notes import cosign
from shouxin.ground.kernel.signing import ORDER
from shouxin.ground.kernel.times import to_text
from tests.ground.formats.test_pit import test_failures as rows
from tests.ground.formats.test_pit.cast import B_KEYS, Story, hexed, sha
from tests.ground.formats.test_pit.test_story import disputed

FOLDER = Path(__file__).resolve().parents[3] / "vectors" / "pit"


def walked(road) -> list[bytes]:
    story = Story()
    road(story)
    return story.envelopes


def last(status: str, role: str, kind: str, **changes) -> list[bytes]:
    """A chain whose last message a rule refuses, or whose common fields are wrong."""
    story = Story().to(status)
    return [*story.envelopes, story.draft(role, kind, **changes)]


def common(status: str, role: str, kind: str, **changes) -> list[bytes]:
    story = Story().to(status)
    return [*story.envelopes, story.raw(role, kind, **changes)]


def spelled(change) -> list[bytes]:
    """The offer's bytes in another spelling."""
    return [change(Story().draft("A", "offer"))]


def outer(envelope: bytes, **changes) -> bytes:
    return encode({**decode(envelope), **changes})


def flipped(envelope: bytes) -> bytes:
    payload = bytearray(from_base64(decode(envelope)["payload"]))
    payload[payload.index(b"400")] = ord("5")
    return outer(envelope, payload=to_base64(bytes(payload)))


def malleable(envelope: bytes) -> bytes:
    mark = decode(envelope)["signatures"][0]
    raw = from_base64(mark["sig"])
    larger = int.from_bytes(raw[32:], "little") + ORDER
    return outer(envelope, signatures=[{**mark, "sig": to_base64(raw[:32] + larger.to_bytes(32, "little"))}])


def other_base64(envelope: bytes) -> bytes:
    mark = decode(envelope)["signatures"][0]
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
    text = mark["sig"]
    twin = alphabet[alphabet.index(text[-3]) + 1]
    return outer(envelope, signatures=[{**mark, "sig": text[:-3] + twin + "=="}])


def signed_twice(envelope: bytes) -> bytes:
    return dsse.add_signature(envelope, Story().houses["B"].signer)


def old_cosignature() -> list[bytes]:
    story = Story().to("ACCEPTED")
    first = story.transfer.the("offer")["checkpoint"]
    story.say("A", "package")
    house = story.houses["B"]
    note = cosign(first, name=house.origin, signer=house.signer, at=story.at)
    return [*story.envelopes, story.raw("B", "receipt", cosigned=note)]


def cosigned_by_an_outsider() -> list[bytes]:
    story = Story().to("OFFERED")
    outsider = story.houses["X"]
    note = cosign(story.transfer.the("offer")["checkpoint"], name="example.test/b", signer=outsider.signer, at=story.at)
    return [*story.envelopes, story.raw("B", "accept", cosigned=note)]


def another_ledger() -> list[bytes]:
    """As long as it should be, rightly signed, and not the one the offer's checkpoint was of."""
    story = Story().to("ACCEPTED")
    house = story.houses["A"]
    house.leaves = [b"\x00" * 32, b"\x01" * 32]
    return [*story.envelopes, story.raw("A", "package", checkpoint=house.note(), consistency=["11" * 32])]


def ledger_that_shrank() -> list[bytes]:
    story = Story().to("SEALED").say("A", "withdraw")
    house = story.houses["A"]
    del house.leaves[2:]
    note = house.note()
    house.leaves += [b"\x00" * 32] * 2
    return [*story.envelopes, story.raw("A", "void", checkpoint=note, consistency=[])]


def wrong_values() -> list[bytes]:
    story = Story().to("DELIVERED")
    good = story.fields("B", "imported")["tables"]
    tables = {**good, "orders": {"root": "00" * 32, "rows": 399, "values": ["11" * 32] * 8}}
    return [*story.envelopes, story.draft("B", "imported", tables=tables)]


def old_epoch() -> list[bytes]:
    story = Story().to("IMPORTED").say("A", "withdraw")
    return [*story.envelopes, story.draft("A", "settled")]


def permit(**skip) -> list[bytes]:
    story = Story().to("IMPORTED")
    if not skip.get("challenge"):
        story.say("A", "challenge").say("B", "answer")
    story.say("A", "settled").say("B", "ack")
    if not skip.get("wait"):
        story.wait(hours=73).say("B", "ack")
    if skip.get("ack"):
        story.say("A", "withdraw")
    return [*story.envelopes, story.draft("A", "destroy-permit")]


def chosen_buckets() -> list[bytes]:
    story = Story().to("IMPORTED").say("A", "challenge")
    matter = story.fields("B", "answer")
    tables = {name: listed[:1] for name, listed in matter["tables"].items()}
    return [*story.envelopes, story.draft("B", "answer", tables=tables)]


def nothing_to_send_again() -> list[bytes]:
    story = Story().to("DELIVERED").say_mismatch()
    story.say("A", "resend").say("A", "package").say("B", "receipt").say("B", "imported")
    return [*story.envelopes, story.draft("A", "resend")]


def twice() -> list[bytes]:
    story = Story().to("ACCEPTED")
    return [*story.envelopes, story.envelopes[1]]


def left_out() -> list[bytes]:
    story = Story().to("DELIVERED")
    return [*story.envelopes[:2], story.envelopes[3]]


def late_accept() -> list[bytes]:
    story = Story().to("OFFERED").wait(days=20)
    return [*story.envelopes, story.draft("B", "accept")]


def backwards() -> list[bytes]:
    story = Story().to("ACCEPTED")
    return [*story.envelopes, story.raw("A", "package", issued="2026-11-23T00:00:00Z")]


GOOD = {
    "closed": lambda: walked(lambda s: s.to("CLOSED")),
    "closed-and-attested": lambda: walked(lambda s: s.to("CLOSED").say("V", "attest")),
    "partial-import-then-sent-again": lambda: walked(rows.partial_import),
    "withdrawal-in-flight-then-settled": lambda: walked(rows.withdrawal_in_flight),
    "withdrawal-after-settled": lambda: walked(rows.withdrawal_after_settled),
    "three-rounds-disputed": lambda: walked(disputed),
    "expired-at-the-receiver": lambda: walked(rows.expired_at_the_receiver),
    "void-and-deleted": lambda: walked(rows.insolvent_told_by_the_discloser),
    "cannot-open": lambda: walked(rows.wrong_recipient),
    "sealed-again-to-a-new-key": lambda: walked(rows.reseal_to_a_new_key),
}

BAD = {
    "flipped-byte": lambda: spelled(flipped),
    "signature-beyond-the-order": lambda: spelled(malleable),
    "signature-in-another-base64": lambda: spelled(other_base64),
    "two-signatures": lambda: spelled(signed_twice),
    "space-in-the-json": lambda: spelled(lambda e: e.replace(b'","', b'", "', 1)),
    "doubled-key": lambda: spelled(lambda e: e.replace(b'{"payload":', b'{"payload":"","payload":', 1)),
    "no-signature": lambda: spelled(lambda e: outer(e, signatures=[])),
    "signed-by-an-outsider": lambda: common("OFFERED", "B", "accept", signed_by="X"),
    "signed-by-the-other-side": lambda: common("OFFERED", "B", "accept", signed_by="A"),
    "field-missing": lambda: common("OFFERED", "B", "accept", capacity="absent"),
    "field-too-many": lambda: common("OFFERED", "B", "accept", remark="none"),
    "unsorted-list": lambda: common("DRAFT", "A", "offer", classes=["purchase", "basic"]),
    "count-as-text": lambda: common("OFFERED", "B", "accept", capacity="1000"),
    "time-in-another-spelling": lambda: common("OFFERED", "B", "accept", expires="2026-12-23T01:00:00+00:00"),
    "addressed-to-nobody": lambda: common("OFFERED", "B", "accept", to="sha256:" + "0" * 64),
    "another-predecessor": lambda: common("OFFERED", "B", "accept", prev=sha("another")),
    "a-number-left-out": lambda: common("OFFERED", "B", "accept", seq=3),
    "a-message-left-out": left_out,
    "the-same-message-twice": twice,
    "another-contract": lambda: common("OFFERED", "B", "accept", contract=sha("another")),
    "real-and-simulated": lambda: common("OFFERED", "B", "accept", simulated=True),
    "issued-in-the-future": lambda: common(
        "OFFERED", "B", "accept", issued="2026-12-20T00:00:00Z", expires="2026-12-21T00:00:00Z"
    ),
    "issued-before-the-last": backwards,
    "ledger-that-is-another": another_ledger,
    "ledger-that-shrank": ledger_that_shrank,
    "consistency-missing": lambda: common("ACCEPTED", "A", "package", consistency=[]),
    "cosignature-missing": lambda: common("OFFERED", "B", "accept", cosigned=None),
    "cosignature-of-an-older-checkpoint": old_cosignature,
    "cosigned-by-an-outsider": cosigned_by_an_outsider,
    "accepted-too-late": late_accept,
    "package-to-another-key": lambda: last("ACCEPTED", "A", "package", recipient=B_KEYS[1]),
    "package-of-another-nonce": lambda: last("ACCEPTED", "A", "package", nonce=hexed("other")),
    "receipt-of-another-package": lambda: last("SEALED", "B", "receipt", package=sha("other")),
    "values-that-do-not-come-to-their-root": wrong_values,
    "settled-with-an-old-epoch": old_epoch,
    "seed-that-was-not-committed": lambda: last("IMPORTED", "A", "challenge", seed="11" * 32),
    "answer-of-other-buckets": chosen_buckets,
    "nothing-to-send-again": nothing_to_send_again,
    "permit-before-the-cooling-off": lambda: permit(wait=True),
    "permit-without-a-challenge": lambda: permit(challenge=True),
    "permit-with-a-withdrawal-open": lambda: permit(ack=True),
    "destroyed-without-a-permit": lambda: last(
        "HOLD",
        "A",
        "destroyed",
        matter={
            "certificate": sha("c"),
            "settled": sha("s"),
            "permit": sha("p"),
            "shredded": list(pit.SHREDDED),
        },
    ),
    "void-after-settled": lambda: last("SETTLED", "A", "void"),
}


def vector(envelopes: list[bytes], about: str) -> dict[str, object]:
    story = Story()
    at = story.at + timedelta(days=24)
    report = pit.check_offline(envelopes, story.parties, at=at)
    gates = next((each.missing for each in report.findings if each.name == "transfer.gates"), ())
    return {
        "about": about,
        "at": to_text(at),
        "keys": {
            "A": to_base64(story.parties.a),
            "B": to_base64(story.parties.b),
            "V": [to_base64(each) for each in story.parties.auditors],
        },
        "reason": report.reason,
        "envelopes": [to_base64(each) for each in envelopes],
        "expected": {
            "holds": report.holds,
            "status": report.status,
            "fault": report.fault,
            "seq": report.fault_seq,
            "code": report.reason if report.fault == "refused" else "",
            "gates_missing": sorted(each.code.removeprefix("transfer.gate.") for each in gates),
        },
    }


def main() -> None:
    FOLDER.mkdir(parents=True, exist_ok=True)
    for mark, made in (("good", GOOD), ("bad", BAD)):
        for name, envelopes in made.items():
            found = vector(envelopes(), name.replace("-", " "))
            assert found["expected"]["holds"] == (mark == "good"), (name, found["expected"])
            reason = found.pop("reason")
            path = FOLDER / f"{mark}-{name}.json"
            path.write_text(json.dumps(found, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
            print(mark, name, found["expected"]["seq"], found["expected"]["code"] or reason)


if __name__ == "__main__":
    main()
