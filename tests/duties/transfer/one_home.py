"""One installation in a process of its own: reads a command per line (JSON), answers one line (JSON).

Started by `two_homes`; not a test. Files go from home to home by their paths, as two companies exchange them.
"""

# ruff: noqa: E402 - Django is set up before its models are imported
import contextlib
import dataclasses
import json
import os
import sys
from datetime import UTC, datetime
from pathlib import Path

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "shouxin.faces.site.settings")
django.setup()

import numpy as np
import polars as pl
from django.conf import settings
from django.db import connection

from shouxin.duties.consent import services as consent
from shouxin.duties.inventory import queries as inventory_queries
from shouxin.duties.inventory import services as inventory
from shouxin.duties.transfer import (
    arriving,
    chain,
    evidence,
    places,
    queries,
    receiving,
    scope,
    secrets,
    sending,
    services,
)
from shouxin.duties.transfer.models import Secret, Transfer
from shouxin.duties.transfer.services import Drill, OfferTerms, PackTerms
from shouxin.faces.cli import door
from shouxin.faces.cli.main import load_installed
from shouxin.ground.formats.package import new_identity
from shouxin.ground.kernel.digests import digest
from shouxin.ground.kernel.findings import Finding
from shouxin.ground.kernel.refusals import Corrupt, Refusal
from shouxin.ground.kernel.signing import key_id, signer
from shouxin.ground.kernel.times import from_text, to_text
from shouxin.ground.rulebook.gates import Decisions, Detail, Verdict, decision_set
from shouxin.stores.ledger import queries as ledger_queries
from shouxin.stores.ledger import services as ledger
from shouxin.stores.parties import queries as parties_queries
from shouxin.stores.parties import services as parties
from shouxin.stores.parties.models import Recipient
from shouxin.stores.vault import services as vault
from shouxin.stores.vault.models import Record
from shouxin.stores.vault.numbers import compartment

PASS = b"company passphrase of this home"
CATEGORIES = ("basic", "purchase", "need", "behaviour", "behaviour:free_text", "sensitive", "evidence")
DOCUMENT = digest(b"the agreement")
CLAUSES = dict.fromkeys(
    (*("purpose", "method", "scope", "security_duties", "supervision", "destruction_or_return"), "sub_processing"),
    "双方约定的内容写在这里",
)


def found(*, at, name):
    """A company with key, ledger, vault and card."""
    parties.found_company(
        name=name, uscc="92310000MA1TESTA0X", contact="000", address="测试市", company_passphrase=PASS, at=at
    )
    own = parties.company_signer(passphrase=PASS)
    origin = f"simulated.test/{settings.SHOUXIN.id.removeprefix('home_')}"
    ledger.found(origin=origin, simulated=True, company=settings.SHOUXIN.id, signer=own, at=at)
    vault.found(at=at)
    path = Path(settings.SHOUXIN_HOME) / "card.dsse"
    path.write_bytes(parties.issue_card(signer=voice(at).signer, at=at))
    return {"card": str(path)}


def pin(*, at, card, role="other_handler"):
    """Pin another company."""
    recipient = parties.add_recipient(
        card=Path(card).read_bytes(),
        contact="000",
        purposes=["继续服务"],
        methods=["文件"],
        role=role,
        by="system",
        at=at,
    )
    return {"recipient": recipient}


def sign_agreement(*, at, recipient):
    """Our signature under the agreement, as a file."""
    own = voice(at).signer
    raw = parties.sign_agreement(recipient=recipient, clauses=CLAUSES, document_digest=DOCUMENT, signer=own)
    path = Path(settings.SHOUXIN_HOME) / "agreement.dsse"
    path.write_bytes(raw)
    return {"signature": str(path)}


def agree(*, at, recipient, signatures):
    """Record the agreement."""
    missing = parties.record_agreement(
        recipient=recipient,
        clauses=CLAUSES,
        document_digest=DOCUMENT,
        signatures=[Path(each).read_bytes() for each in signatures],
        by="system",
        at=at,
    )
    return {"missing": list(missing)}


def fill(*, at, people, name="seed"):
    """Customers by the inventory's own way of taking rows; gives the number of each link."""
    tables = {}
    for link, rows in people.items():
        for category, fields in rows:
            tables.setdefault(category, []).append({"link": link, **fields})
    frames = [
        pl.DataFrame(rows, schema=dict.fromkeys(sorted({name for row in rows for name in row}), pl.String))
        for _, rows in sorted(tables.items())
    ]
    owners, _ = inventory.import_rows(title=name, tid=name, tables=frames, by="system", at=at)
    return {"owners": owners}


def answers(*, at, case, recipient, given):
    """A staff member records answers (customer → answer, categories, sensitive agreed)."""
    staff = next((each.id for each in parties_queries.staff()), "")
    if not staff:
        staff = parties.add_staff(
            name="冯知夏", role="privacy_officer", passphrase=b"officer-own-pass", by="system", at=at
        )
        parties.sign_undertaking(staff=staff, passphrase=b"officer-own-pass", text_digest=digest(b"silence"), at=at)
    text = digest(b"text")
    with contextlib.suppress(Refusal):
        consent.open_window(
            case=case,
            recipient=recipient,
            texts=[text],
            categories=["basic", "purchase", "need", "behaviour"],
            opens_at=from_text("2026-11-01T00:00:00Z"),
            cut_off=from_text("2027-11-01T00:00:00Z"),
            by=staff,
            at=at,
        )
    rows = [
        consent.AnswerRow(
            customer=customer,
            answer=answer,
            categories=frozenset(categories),
            sensitive_agreed=sensitive,
            guardian=False,
            route="telephone",
            given_at=at,
            proof=b"called",
        )
        for customer, answer, categories, sensitive in given
    ]
    consent.record_many(case=case, recipient=recipient, text_digest=text, rows=rows, recorded_by=staff, at=at)
    return {"staff": staff}


def decided(case, cells, organisations=()):
    """A final decision: customer → kinds that go."""
    customers = np.array(sorted({int(each) for each in cells} | set(organisations)), np.int64)
    shape = (len(customers), len(CATEGORIES))
    verdict, detail = np.full(shape, Verdict.NOT_MOVED, np.uint8), np.zeros(shape, np.uint8)
    for place, customer in enumerate(customers.tolist()):
        for category in cells.get(str(customer), ()):
            verdict[place, CATEGORIES.index(category)] = Verdict.HAND_OVER
        if customer in organisations:
            detail[place] |= np.uint8(Detail.ORGANISATION_MOVES)
    empty = np.zeros(shape, np.uint8)
    flow = Decisions(CATEGORIES, empty, verdict, empty, detail)
    ends = Decisions(CATEGORIES, empty, np.full(shape, Verdict.SEAL, np.uint8), empty, empty)
    cutoff = from_text("2026-11-20T00:00:00Z")
    return decision_set(
        case=case, cutoff=cutoff, height=ledger_queries.height(), customers=customers, flow=flow, remains=ends
    )


_known = {}


def voice(at):
    """The company's voice; its key is opened once per process, as the long-lived actor does."""
    if "voice" not in _known:
        _known["voice"] = services.voice(passphrase=PASS, by="system", at=at)
    return dataclasses.replace(_known["voice"], at=at)


def raw(path):
    return Path(path).read_bytes() if path else None


def sent(one):
    if one is None:
        return None
    return {**dataclasses.asdict(one), "path": str(one.path)}


def offer(*, at, case, recipient, expires, classes=("basic", "behaviour", "need", "purchase", "sensitive"), hours=72):
    terms = OfferTerms(
        counts=dict.fromkeys(classes, 61),
        purposes=["继续提供家政服务", "完成已订立的服务"],
        rule="pipl-23",
        rule_evidence=digest(b"rule"),
        assessment=digest(b"assessment"),
        notice_plan=digest(b"notice"),
        rounded_to=10,
        cooling_off_hours=hours,
    )
    return sent(
        services.offer(case=case, recipient=recipient, terms=terms, expires=from_text(expires), voice=voice(at))
    )


def accept(*, at, offer, capacity=10**9, key_lost=False):
    return sent(services.accept(offer=raw(offer), capacity=capacity, voice=voice(at), key_lost=key_lost))


def pack_terms(part_size=None, auditor=None, untold=()):
    told = {kind: [name for name in scope.fields_of(kind) if name not in untold] for kind in scope.MOVABLE}
    terms = PackTerms(
        notice_root=digest(b"notices"), told=told, retention={"basic": "三年"}, auditor_commitment=auditor
    )
    return terms if part_size is None else dataclasses.replace(terms, part_size=part_size)


def pack(
    *,
    at,
    tid,
    accept,
    case,
    cells,
    organisations=(),
    expires=None,
    part_size=None,
    signed=True,
    auditor=None,
    untold=(),
):
    one = services.pack(
        tid=tid,
        accept=raw(accept),
        decided=decided(case, cells, tuple(organisations)),
        assessment=Finding(name="review.assessment_signed_by_two", holds=signed, value=signed),
        terms=pack_terms(part_size, auditor, untold),
        expires=from_text(expires) if expires else None,
        voice=voice(at),
    )
    return {**sent(one), "parts": [str(each) for each in queries.part_paths(tid)]}


def receive(*, at, message, parts=()):
    one = services.receive(message=raw(message), parts=[Path(each) for each in parts], voice=voice(at))
    return sent(one)


def take_in(*, at, tid, lose=()):
    """Import. `lose`: behind taking the rows, before we say what we hold, the disk loses a record of each kind."""

    def drill():
        return Drill(digest=digest(b"backup"), drilled=at, sample=3)

    looks = receiving.rows.held

    def after_loss(row, key, **rest):
        for category in lose:
            _lose(tid, category)
        return looks(row, key, **rest)

    receiving.rows.held = after_loss
    try:
        one = services.import_package(tid=tid, title="来自青禾", drill=drill, voice=voice(at))
    finally:
        receiving.rows.held = looks
    return {"new": one.customers_new, "rows": one.rows, "withdrawn": one.withdrawn, "sent": sent(one.sent)}


def _lose(tid, category):
    """The newest record of a kind that came with this transfer is gone."""
    sources = list(Transfer.objects.get(tid=tid).tables.values_list("source", flat=True))
    newest = Record.objects.filter(compartment=compartment(category), source__in=sources).order_by("-id").first()
    newest.delete()


def lose(*, at, tid, category):
    _lose(tid, category)
    return {}


def challenge(*, at, tid, draw=4):
    return sent(services.challenge(tid=tid, draw=draw, voice=voice(at)))


def answer(*, at, tid, message=None):
    return sent(services.answer(tid=tid, message=raw(message), voice=voice(at)))


def settle(*, at, tid, message=None):
    return sent(services.settle(tid=tid, message=raw(message), voice=voice(at)))


def withdraw(*, at, tid, customers):
    return sent(services.withdraw(tid=tid, customers=customers, voice=voice(at)))


def ack(*, at, tid, message=None, again=False):
    return sent(services.acknowledge(tid=tid, message=raw(message), again=again, voice=voice(at)))


def resend(*, at, tid, message=None, reason="mismatch", parts=()):
    made = services.resend(
        tid=tid, message=raw(message), reason=reason, parts=parts, terms=pack_terms(), voice=voice(at)
    )
    return {"sent": [sent(each) for each in made], "parts": [str(each) for each in queries.part_paths(tid)]}


def refuse(*, at, tid, reason, message=None):
    return sent(services.refuse(tid=tid, reason=reason, message=raw(message), voice=voice(at)))


def void(*, at, tid, reason):
    return sent(services.void(tid=tid, reason=reason, voice=voice(at)))


def permit(*, at, tid, approvers=2):
    keys = [digest(f"approver {number}".encode()) for number in range(approvers)]
    one = services.permit_destruction(
        tid=tid,
        permit=digest(b"permit"),
        approvers=keys,
        backups=1,
        backups_digest=digest(b"backups"),
        voice=voice(at),
    )
    return sent(one)


def destroyed(*, at, tid):
    return sent(services.report_destroyed(tid=tid, certificate=digest(b"certificate"), voice=voice(at)))


def observe(*, at, messages):
    return {"status": services.observe(envelopes=[raw(each) for each in messages], voice=voice(at))}


def commit(*, at, tid):
    return {"commitment": services.commit_to_draw(tid=tid, voice=voice(at))}


def attest(*, at, tid, result="holds"):
    one = services.attest(tid=tid, checked=["chain", "roots"], result=result, findings=None, voice=voice(at))
    return sent(one)


def forget_key(*, at, tid, other=False):
    """The transfer's age key is lost here, or it was never the one that was given (another installation's)."""
    rows = Secret.objects.filter(transfer_id=tid, name="package")
    if other:
        secrets.keep(Transfer.objects.get(tid=tid), "package", new_identity().secret.encode(), voice(at).wrapping)
    else:
        rows.delete()
    return {}


def repin(*, at, recipient, public=""):
    """The pinned key is exchanged behind the agreement's back; gives the one that stood there."""
    row = Recipient.objects.get(id=recipient)
    was = bytes(row.public).hex()
    key = bytes.fromhex(public) if public else signer(b"\x2a" * 32, "another").public
    Recipient.objects.filter(id=recipient).update(public=key, key_id=key_id(key))
    return {"public": was}


def look(*, at, tid):
    """What this side knows of a transfer."""
    row = Transfer.objects.get(tid=tid)
    here = queries.status(tid, at)
    return {
        "status": here.status,
        "waits_for": here.waits_for,
        "owed": here.owed,
        "until": here.until,
        "overdue": list(here.overdue),
        "gates": list(here.gates_missing),
        "messages": [str(each.path) for each in queries.messages(tid, at)],
        "kinds": [each.kind for each in queries.messages(tid, at)],
        "secrets": sorted(row.secrets.values_list("name", flat=True)),
        "tables": row.tables.count(),
        "files": sorted(path.name for path in places.folder(tid).iterdir()),
        "customers": inventory_queries.counts()["customers"],
        "entries": [each.kind for each in ledger_queries.entries(scope=f"transfer:{tid}")],
        "surplus": [
            each.facts["surplus"]
            for each in ledger_queries.entries(scope=f"transfer:{tid}", kinds=("transfer.packed",))
        ],
        "restricted": max(row.withdrawals.values_list("restricted", flat=True), default=0),
    }


def case(*, at, case):
    """What this side can prove about a case."""
    names = (
        "accepted",
        "delivered",
        "settled_share",
        "challenge_passed",
        "withdrawals_acknowledged",
        "cooling_off_over",
    )
    findings = {name: getattr(evidence, name)(case, at) for name in names}
    settled, handed = queries.settled_cells(case), queries.handed_over(case)
    return {
        "findings": {name: [each.holds, each.value] for name, each in findings.items()},
        "settled": [list(pair) for pair in zip(settled.customer.tolist(), settled.category.tolist(), strict=True)],
        "handed": [list(pair) for pair in zip(handed.customer.tolist(), handed.category.tolist(), strict=True)],
    }


def texts(*, at):
    """Every value in the vault, by category, for comparison of what left and what came."""
    customers = [int(each) for chunk in inventory_queries.facts() for each in chunk.customer]
    grant = parties.grant(
        by="system",
        purpose="drill",
        categories=["basic", "purchase", "need", "behaviour", "sensitive", "evidence"],
        reason="test",
        at=at,
    )
    opened = vault.open_for(grant=grant, customers=customers, categories=grant.categories, reason="test", at=at)
    told = [[each.customer, each.category, each.source, each.kind, json.loads(each.value.raw)] for each in opened]
    return {"values": told}


def bytes_of_home(*, at, words):
    """Which of some words stand in any file of this home in the clear."""
    connection.close()
    hits = []
    for path in Path(settings.SHOUXIN_HOME).rglob("*"):
        if path.is_file():
            body = path.read_bytes()
            hits += [[path.name, word] for word in words if word.encode() in body]
    return {"hits": hits}


def spy_sending(*, at):
    """A stop right behind the package's last byte, before its message is committed."""

    def stop(self, expires):
        os._exit(9)

    sending._Packing.commit = stop
    return {}


def spy_receiving(*, at, where):
    """A stop inside an import: behind the inventory's commit, or behind ours."""
    module, name = {"rows": (arriving, "_keep_arrival"), "kept": (receiving, "_say_imported")}[where]
    assert hasattr(module, name)
    setattr(module, name, lambda *args, **kwargs: os._exit(9))
    return {}


def overtaken(*, at, which, **told):
    """The verb, overtaken: the same command comes to its end right behind this one's first look at the chain, which
    holds no lock yet.
    """
    looks, other = chain.load, []

    def look(row, now):
        seen = looks(row, now)
        if not connection.in_atomic_block and not other:
            other.append(None)
            other[0] = VERBS[which](at=at, **told)
        return seen

    chain.load = look
    try:
        made = VERBS[which](at=at, **told)
    finally:
        chain.load = looks
    return {"overtaken": bool(other), "made": made, "other": other[0] if other else None}


def cli(*, at, arguments):
    """A verb of the command line, as the long-lived actor runs it; the company's clock stands where ours does."""
    if ledger_queries.clock().now() < at:
        ledger.advance_clock(to=at, by="system")
    if "app" not in _known:
        door.session.embedded = True
        door.session._known["company"] = PASS
        _known["app"] = load_installed()
    outcome = _known["app"](arguments, standalone_mode=False)
    return {"code": outcome.code, "plain": outcome.plain, "lines": list(outcome.lines)}


VERBS = {
    name: value
    for name, value in list(globals().items())
    if callable(value) and getattr(value, "__module__", "") == __name__
}


def main():
    """Answer line by line until the input ends."""
    for line in sys.stdin:
        told = json.loads(line)
        verb, at = told.pop("do"), told.pop("at")
        instant = datetime.fromisoformat(at).astimezone(UTC)
        try:
            result = {"ok": VERBS[verb](at=instant, **told)}
        except Refusal as error:
            result = {"refused": error.code, "facts": {name: str(value) for name, value in error.facts.items()}}
        except Corrupt as error:
            result = {"corrupt": error.what, "where": error.where}
        sys.stdout.write(json.dumps(result, ensure_ascii=False, default=to_text) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
