"""The company, its staff and the life of their keys."""

from datetime import timedelta

import pytest

from shouxin.ground.kernel import dsse
from shouxin.ground.kernel.canonical import from_base64
from shouxin.ground.kernel.refusals import Refusal
from shouxin.stores.ledger import queries as ledger
from shouxin.stores.ledger import services as ledger_services
from shouxin.stores.parties import cards, evidence, queries, services
from tests import cast
from tests.stores.conftest import FOUNDED_AT


def _code(act, *args, **kwargs):
    with pytest.raises(Refusal) as refusal:
        act(*args, **kwargs)
    return refusal.value.code


COMPANY = {
    "name": cast.SENDER.name,
    "uscc": cast.SENDER.uscc,
    "contact": cast.SENDER.contact,
    "address": cast.SENDER.address,
    "company_passphrase": cast.SENDER.passphrase,
    "at": FOUNDED_AT,
}


@pytest.mark.parametrize(
    ("code", "changed"),
    [
        ("parties.missing", {"name": " "}),
        ("parties.missing", {"contact": "", "address": ""}),
        ("parties.uscc", {"uscc": "123"}),
        ("passphrase.short", {"company_passphrase": b"short"}),
        ("time.naive", {"at": FOUNDED_AT.replace(tzinfo=None)}),
    ],
)
def test_a_company_is_whole_or_not_founded(db, code, changed):
    assert _code(services.found_company, **{**COMPANY, **changed}) == code
    assert not queries.is_founded()


def test_before_the_founding_nobody_signs(db):
    assert _code(services.company_signer, passphrase=b"whatever") == "parties.not_founded"
    assert _code(queries.company) == "parties.not_founded"
    assert _code(queries.card) == "parties.no_card"


def test_the_companys_key_is_that_of_entry_0_and_opens_with_its_passphrase_alone(founded):
    own = services.company_signer(passphrase=cast.SENDER.passphrase)
    assert own.public == founded.signer.public == from_base64(ledger.entry(0).facts["public"])
    assert own.name == ledger.origin() == cast.SENDER.origin
    assert queries.company().key_id == own.key_id
    assert _code(services.company_signer, passphrase=cast.OFFICER.passphrase) == "passphrase.wrong"
    assert _code(services.found_company, **COMPANY) == "parties.founded_already"


def test_staff_have_keys_of_their_own_and_their_names_stay_out_of_the_ledger(founded, officer):
    assert officer.signer.name == officer.id
    assert len({each.key_id for each in queries.staff()} | {founded.signer.key_id}) == 4
    added = ledger.entries(kinds=["parties.staff_added"])
    assert [each.facts["role"] for each in added] == ["privacy_officer", "second_signer", "clerk"]
    assert {each.facts["key"] for each in added} == {each.key_id for each in queries.staff()}
    everything = b"".join(ledger.raw()).decode()
    for name in (cast.OFFICER.name, cast.SECOND.name, cast.CLERK.name, cast.SENDER.contact):
        assert name not in everything


def test_nobody_gets_a_colleagues_passphrase_a_role_that_is_none_or_no_name(founded, officer, at):
    def add(**changed):
        given = {"name": "新人", "role": "clerk", "passphrase": b"another passphrase", "by": officer.id, "at": at}
        return services.add_staff(**{**given, **changed})

    assert _code(add, passphrase=cast.CLERK.passphrase) == "passphrase.shared"
    assert _code(add, role="customer") == "parties.role"
    assert _code(add, role="manager") == "parties.role"
    assert _code(add, name="") == "parties.missing"
    assert _code(add, passphrase=b"short") == "passphrase.short"
    assert len(queries.staff()) == 3


def test_who_left_signs_no_more_and_opens_nothing(founded, officer, clerk, outsider, at):
    services.revoke_staff(staff=clerk.id, by=officer.id, at=at)
    assert clerk.id not in [each.id for each in queries.staff()]
    assert queries.staff_member(clerk.id).revoked_at == at
    assert _code(services.staff_signer, staff=clerk.id, passphrase=clerk.passphrase) == "parties.staff_revoked"
    assert _code(services.revoke_staff, staff=clerk.id, by=officer.id, at=at) == "parties.staff_revoked"
    assert _code(services.staff_signer, staff=outsider, passphrase=b"anything") == "parties.no_staff"
    # What was signed while working here stays checkable.
    assert clerk.signer.key_id in queries.public_keys()


def test_a_new_staff_key_replaces_the_old_one_and_both_are_one_person(founded, clerk, second, at):
    key = services.rotate_staff_key(
        staff=clerk.id, old_passphrase=clerk.passphrase, passphrase=b"new own passphrase", by=clerk.id, at=at
    )
    new = services.staff_signer(staff=clerk.id, passphrase=b"new own passphrase")
    assert new.key_id == key != clerk.signer.key_id
    assert _code(services.staff_signer, staff=clerk.id, passphrase=clerk.passphrase) == "passphrase.wrong"
    assert queries.distinct_signers([key, clerk.signer.key_id]) == (clerk.id,)
    assert queries.distinct_signers([key, second.signer.key_id]) == tuple(sorted([clerk.id, second.id]))
    wrong = {"staff": clerk.id, "old_passphrase": clerk.passphrase, "passphrase": b"yet another one"}
    assert _code(services.rotate_staff_key, **wrong, by=clerk.id, at=at) == "passphrase.wrong"


def test_two_signers_are_two_people_with_keys_that_count(founded, officer, second, at):
    both = [officer.signer.key_id, second.signer.key_id]
    assert len(queries.distinct_signers(both)) == 2
    assert len(queries.distinct_signers([both[0], both[0], founded.signer.key_id, "sha256:" + "0" * 64])) == 1
    assert queries.distinct_signers([]) == ()
    services.revoke_staff(staff=second.id, by=officer.id, at=at)
    assert len(queries.distinct_signers(both)) == 2
    services.revoke_key(key=second.signer.key_id, reason="key_lost", by=officer.id, at=at)
    assert queries.distinct_signers(both) == (officer.id,)
    assert second.signer.key_id not in queries.public_keys()


def test_a_new_company_key_is_an_entry_between_two_checkpoints(founded, officer, at):
    height = ledger.height()
    key = services.rotate_company_key(
        old_passphrase=cast.SENDER.passphrase, passphrase=b"the company's second", by=officer.id, at=at
    )
    own = services.company_signer(passphrase=b"the company's second")
    assert own.key_id == key == queries.company().key_id
    assert [each.key_id for each in ledger.checkpoints()[-2:]] == [founded.signer.key_id, key]
    history = [each for each in queries.key_history() if each.owner == "company"]
    assert [(each.entry, each.retired_at) for each in history] == [(0, at), (height, None)]
    with pytest.raises(Refusal):
        ledger_services.checkpoint(signer=founded.signer, at=at)
    assert _code(services.revoke_key, key=key, reason="lost", by=officer.id, at=at) == "parties.key_in_use"
    assert _code(services.revoke_key, key="sha256:0", reason="lost", by=officer.id, at=at) == "parties.no_key"
    services.revoke_key(key=founded.signer.key_id, reason="compromised", by=officer.id, at=at)
    assert founded.signer.key_id not in queries.public_keys()


def test_every_key_is_in_the_ledger_at_the_entry_that_its_history_names(founded):
    for each in queries.key_history():
        entry = ledger.entry(each.entry)
        assert (entry.facts["key"], from_base64(entry.facts["public"])) == (each.key_id, each.public)


def test_an_undertaking_is_signed_with_the_own_key(founded, officer, at):
    raw_before = ledger.entries(kinds=["parties.undertaking_signed"])
    assert [each.by for each in raw_before] == [founded.officer.id, founded.second.id, founded.clerk.id]
    sign = {"staff": officer.id, "passphrase": founded.second.passphrase, "text_digest": "sha256:" + "0" * 64, "at": at}
    assert _code(services.sign_undertaking, **sign) == "passphrase.wrong"
    assert _code(services.sign_undertaking, **{**sign, "text_digest": "text"}) == "parties.digest"
    assert ledger.entries(kinds=["parties.undertaking_signed"]) == raw_before


def test_the_share_of_undertakings_counts_those_who_work_here(founded, officer, clerk, at):
    assert evidence.undertakings_share("company", at).holds
    new = services.add_staff(name="新人", role="clerk", passphrase=b"another passphrase", by=officer.id, at=at)
    found = evidence.undertakings_share("company", at)
    assert (found.holds, found.value) == (False, 0.75)
    assert [each.facts for each in found.missing] == [{"staff": new}]
    services.revoke_staff(staff=new, by=officer.id, at=at)
    assert evidence.undertakings_share("company", at).holds
    assert not evidence.undertakings_share("company", at - timedelta(days=1)).holds


def test_the_card_says_who_we_are_and_reads_back(founded, officer):
    raw = queries.card()
    card = cards.read(raw)
    assert (card.name, card.origin, card.simulated) == (cast.SENDER.name, cast.SENDER.origin, True)
    assert card.public == founded.signer.public
    assert [each.staff for each in card.staff] == [officer.id, founded.second.id, founded.clerk.id]
    assert card.staff[0].role == "privacy_officer"
    assert dsse.open_envelope(raw, keys={card.key_id: card.public}).digest == card.digest
    assert _code(services.issue_card, signer=officer.signer, at=FOUNDED_AT) == "ledger.signer"
    assert services.issue_card(signer=founded.signer, at=FOUNDED_AT) == raw
