"""A reply code is good as long as the notice runs, whoever else is destroyed meanwhile: its tag is not the index's."""

from datetime import timedelta

import pytest

from shouxin.duties.consent import queries as consent_queries
from shouxin.duties.consent import services as consent
from shouxin.duties.notices import codes, queries, services
from shouxin.ground.kernel.refusals import Refusal
from shouxin.ground.rulebook.gates import Answer
from shouxin.stores.ledger import queries as ledger
from shouxin.stores.vault import blind
from shouxin.stores.vault import services as vault
from tests.duties import stage as stages
from tests.duties.stage import AT, CASE, RECIPIENT
from tests.stores.conftest import durable_db, triggers_stand_again

__all__ = ["durable_db", "triggers_stand_again"]


@pytest.fixture
def stage(durable_db, home, quick_keys):
    """The founded company in a database whose transactions are real: keys are destroyed outside of any."""
    yield stages.found()
    vault.forget()
    blind.close()


def destroy(customer):
    """A person of whom nothing remains, as a destruction leaves it."""
    vault.shred(cells={customer: None}, reason={"law": "PIPL-47a"}, at=AT, by="system", held=lambda _: ())
    services.forget(customers=[customer])
    vault.close_epoch(at=AT, by="system")
    vault.forget()  # the next answer comes to another process


def test_an_answer_after_others_were_destroyed_is_still_somebodys(stage):
    texts = stages.adopt(stage)
    stages.ask(stage, texts=tuple(texts.values()))
    first, second, third = stage.customers[:3]
    keys = {
        each: services.issue_key(case=CASE, customer=each, by=stage.clerk, at=AT) for each in (first, second, third)
    }
    for gone in (first, third):
        destroy(gone)
    assert len(ledger.entries(kinds=["vault.epoch_closed"])) == 2
    assert queries.resolve_code(keys[second].code) == queries.resolve_token(keys[second].token) == (CASE, second)
    assert codes.derive(CASE, second, 1) == keys[second]  # the same code is printed on a reminder
    for gone in (first, third):
        with pytest.raises(Refusal, match=r"notices\.code_unknown"):
            queries.resolve_code(keys[gone].code)
    case, customer = queries.resolve_code(keys[second].spoken)
    later = AT + timedelta(days=3)
    consent.record(
        case=case,
        customer=customer,
        recipient=RECIPIENT,
        text_digest=texts["zh"],
        answer="agree",
        categories=frozenset({"basic"}),
        sensitive_agreed=False,
        guardian=False,
        route="telephone",
        proof=b"called with the code",
        recorded_by=stage.clerk,
        at=later,
    )
    found = consent_queries.answers(CASE, later)
    assert found.customer[found.answer == Answer.AGREE].tolist() == [second]
