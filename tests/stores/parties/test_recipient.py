"""A recipient is who its own card says; an agreement is complete only when nothing is missing and both have signed."""

import pytest

from shouxin.ground.kernel import dsse
from shouxin.ground.kernel.canonical import to_base64
from shouxin.ground.kernel.digests import digest
from shouxin.ground.kernel.refusals import Corrupt, Refusal
from shouxin.ground.kernel.signing import signer
from shouxin.stores.ledger import queries as ledger
from shouxin.stores.parties import cards, evidence, queries, services
from tests.cast import RECEIVER
from tests.stores.parties.conftest import CLAUSES

DOCUMENT = digest("盖章协议".encode())
STRANGER = signer(b"\x31" * 32, "stranger")


def _add(card, at, **changed):
    given = {"contact": "莫以南", "purposes": ["继续提供服务"], "methods": ["加密文件"], "role": "other_handler"}
    return services.add_recipient(card=card, by="system", at=at, **{**given, **changed})


def test_a_recipient_is_pinned_by_its_card(pinned, receiver):
    found = queries.recipient(pinned)
    assert queries.recipients() == [found]
    assert (found.name, found.origin, found.public) == (RECEIVER.name, RECEIVER.origin, receiver.signer.public)
    assert (found.contact, found.purposes, found.role) == ("莫以南 021-00000002", ("继续提供服务",), "other_handler")
    assert queries.recipient_keys(pinned) == {
        receiver.signer.key_id: receiver.signer.public,
        receiver.officer.key_id: receiver.officer.public,
    }
    entry = ledger.entry(found.entry)
    assert (entry.facts["key"], entry.facts["card"]) == (receiver.signer.key_id, digest(receiver.card))
    assert "莫以南" not in b"".join(ledger.raw()).decode()


def _signed(predicate, by):
    return cards.write(predicate, signer=by)


@pytest.mark.parametrize(
    ("what", "make"),
    [
        ("another key signed it", lambda r: _signed(r.predicate, STRANGER)),
        ("a second signature", lambda r: dsse.add_signature(r.card, STRANGER)),
        ("a field is missing", lambda r: _signed({k: v for k, v in r.predicate.items() if k != "uscc"}, r.signer)),
        ("a field too many", lambda r: _signed({**r.predicate, "x": 1}, r.signer)),
        ("an empty name", lambda r: _signed({**r.predicate, "name": ""}, r.signer)),
        ("a real flag under a simulated name", lambda r: _signed({**r.predicate, "simulated": False}, r.signer)),
        ("a flag that is a text", lambda r: _signed({**r.predicate, "simulated": "true"}, r.signer)),
        ("a key of small order", lambda r: _signed({**r.predicate, "public": to_base64(bytes(32))}, r.signer)),
        ("the company's key for a member of staff", lambda r: _signed(_with_staff(r, r.signer.public), r.signer)),
        ("a member of staff without a name", lambda r: _signed(_with_staff(r, STRANGER.public, name=""), r.signer)),
        ("a changed byte", lambda r: r.card[:200] + b"A" + r.card[201:]),
        (
            "another statement",
            lambda r: dsse.sign(
                dsse.statement(subject={"a": digest(b"")}, predicate_type="permit/v1", predicate=r.predicate),
                [r.signer],
            ),
        ),
        (
            "another subject",
            lambda r: dsse.sign(
                dsse.statement(subject={"a": digest(b"")}, predicate_type=cards.CARD, predicate=r.predicate), [r.signer]
            ),
        ),
        ("nothing", lambda r: b""),
    ],
)
def test_a_card_is_refused_when(founded, receiver, at, what, make):
    with pytest.raises(Corrupt):
        _add(make(receiver), at)
    assert queries.recipients() == []


def _with_staff(receiver, public, name="某人"):
    return {
        **receiver.predicate,
        "staff": [{"staff": "staff:c", "name": name, "role": "clerk", "public": to_base64(public)}],
    }


def test_real_and_simulated_refuse_each_other(founded, receiver, at):
    real = {**receiver.predicate, "origin": "yunshan.example", "simulated": False}
    with pytest.raises(Refusal) as refusal:
        _add(_signed(real, receiver.signer), at)
    assert refusal.value.code == "parties.simulated_mismatch"
    assert refusal.value.facts == {"ours": True, "theirs": False}


@pytest.mark.parametrize(
    ("code", "changed"),
    [
        ("parties.recipient_role", {"role": "friend"}),
        ("parties.missing", {"contact": ""}),
        ("parties.missing", {"purposes": []}),
        ("parties.missing", {"methods": [" "]}),
    ],
)
def test_a_recipient_without_role_contact_purpose_or_method_is_refused(founded, receiver, at, code, changed):
    with pytest.raises(Refusal) as refusal:
        _add(receiver.card, at, **changed)
    assert refusal.value.code == code


def test_a_pinned_log_or_key_is_not_pinned_again_and_our_own_card_is_nobodys(pinned, founded, receiver, at):
    other_key = _signed({**receiver.predicate, "public": to_base64(STRANGER.public), "staff": []}, STRANGER)
    other_log = _signed({**receiver.predicate, "origin": "simulated.other.example"}, receiver.signer)
    for card, same_key in ((receiver.card, True), (other_key, False), (other_log, True)):
        with pytest.raises(Refusal) as refusal:
            _add(card, at)
        assert refusal.value.code == "parties.recipient_known"
        assert refusal.value.facts == {"recipient": pinned, "same_key": same_key}
    with pytest.raises(Refusal) as refusal:
        _add(queries.card(), at)
    assert refusal.value.code == "parties.own_card"


def _record(pinned, at, signers, **changed):
    given = {"clauses": CLAUSES, "document_digest": DOCUMENT, **changed}
    signatures = [services.sign_agreement(recipient=pinned, signer=each, **given) for each in signers]
    return services.record_agreement(recipient=pinned, signatures=signatures, by="system", at=at, **given)


def _missing(pinned):
    return [each.code for each in evidence.agreement_complete(pinned).missing]


def test_an_agreement_signed_by_both_with_every_clause_is_complete(pinned, founded, receiver, at):
    assert _missing(pinned) == ["parties.no_agreement"]
    assert queries.agreement(pinned) is None
    assert _record(pinned, at, [founded.signer, receiver.signer]) == ()
    found = evidence.agreement_complete(pinned)
    assert (found.holds, found.value, queries.has_complete_agreement(pinned)) == (True, True, True)
    view = queries.agreement(pinned)
    assert view.signed_by == (founded.signer.key_id, receiver.signer.key_id)
    assert found.entries == (view.entry,)
    assert ledger.entry(view.entry).facts["missing"] == []
    for envelope in view.envelopes:
        assert dsse.open_envelope(envelope, keys=queries.public_keys(recipient=pinned)).statement == (
            queries.agreement_statement(recipient=pinned, clauses=CLAUSES, document_digest=DOCUMENT)
        )


@pytest.mark.parametrize("clause", sorted(CLAUSES))
def test_each_clause_that_is_missing_is_named_and_recorded(pinned, founded, receiver, at, clause):
    clauses = {**CLAUSES, clause: "待定"}
    assert _record(pinned, at, [founded.signer, receiver.signer], clauses=clauses) == (clause,)
    found = evidence.agreement_complete(pinned)
    assert not found.holds
    assert [(each.code, each.facts) for each in found.missing] == [("parties.clause_missing", {"clause": clause})]


def test_signatures_of_one_side_only_do_not_make_an_agreement(pinned, founded, receiver, officer, second, at):
    _record(pinned, at, [])
    assert _missing(pinned) == ["parties.unsigned_by_us", "parties.unsigned_by_them"]
    _record(pinned, at, [founded.signer])
    assert _missing(pinned) == ["parties.unsigned_by_them"]
    _record(pinned, at, [founded.signer, officer.signer])
    assert _missing(pinned) == ["parties.unsigned_by_them"]
    _record(pinned, at, [receiver.officer])
    assert _missing(pinned) == ["parties.unsigned_by_us"]
    # On paper: two of ours, with keys of their own, vouch for the stamped document.
    _record(pinned, at, [officer.signer, second.signer])
    assert _missing(pinned) == []


def test_a_signature_over_other_words_or_by_a_stranger_records_nothing(pinned, founded, receiver, at):
    other = services.sign_agreement(
        recipient=pinned, clauses={**CLAUSES, "scope": "全部个人信息"}, document_digest=DOCUMENT, signer=receiver.signer
    )
    strange = services.sign_agreement(recipient=pinned, clauses=CLAUSES, document_digest=DOCUMENT, signer=STRANGER)
    given = {"recipient": pinned, "clauses": CLAUSES, "document_digest": DOCUMENT, "by": "system", "at": at}
    with pytest.raises(Refusal) as refusal:
        services.record_agreement(signatures=[other], **given)
    assert refusal.value.code == "parties.another_agreement"
    with pytest.raises(Corrupt):
        services.record_agreement(signatures=[strange], **given)
    with pytest.raises(Refusal) as refusal:
        services.record_agreement(signatures=[], **{**given, "document_digest": "no digest"})
    assert refusal.value.code == "parties.digest"
    with pytest.raises(Refusal) as refusal:
        services.record_agreement(signatures=[], **{**given, "recipient": "recipient:none"})
    assert refusal.value.code == "parties.no_recipient"
    assert queries.agreement(pinned) is None


def test_a_revoked_key_makes_an_agreement_open_again(pinned, founded, receiver, officer, second, at):
    _record(pinned, at, [officer.signer, second.signer])
    services.revoke_staff(staff=second.id, by=officer.id, at=at)
    assert _missing(pinned) == []
    services.revoke_key(key=second.signer.key_id, reason="key_lost", by=officer.id, at=at)
    assert _missing(pinned) == ["parties.unsigned_by_them"]


def test_the_receivers_side_signs_the_same_statement(pinned, founded, receiver):
    """Both companies derive one statement, although each sees the other as its recipient."""
    ours = queries.agreement_statement(recipient=pinned, clauses=CLAUSES, document_digest=DOCUMENT)
    assert ours["predicate"]["companies"] == sorted([founded.signer.key_id, receiver.signer.key_id])
    assert set(ours["predicate"]) == {"clauses", "companies", "simulated"}
