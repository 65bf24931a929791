"""Entry 0 says for ever whose log it is, with which key, and whether it is simulated."""

import pytest

from shouxin.ground.kernel.canonical import from_base64
from shouxin.ground.kernel.notes import check_checkpoint
from shouxin.ground.kernel.refusals import Refusal
from shouxin.ground.kernel.signing import signer
from shouxin.ground.kernel.times import FixedClock, SystemClock
from shouxin.stores.ledger import queries, services
from tests.stores.ledger.conftest import ORIGIN


def test_entry_0_holds_origin_kind_and_key_and_a_first_checkpoint_is_signed(own, at):
    first = queries.entry(0)
    assert (first.kind, first.scope, first.at, first.by) == ("ledger.founded", "company", at, "system")
    assert (first.facts["origin"], first.facts["simulated"], first.facts["key"]) == (ORIGIN, True, own.key_id)
    assert from_base64(first.facts["public"]) == own.public == queries.company_public()
    assert (queries.height(), queries.origin(), queries.is_simulated()) == (1, ORIGIN, True)
    [view] = queries.checkpoints()
    assert check_checkpoint(view.note, own.public) == queries.head()


def test_a_log_is_founded_once(own, at):
    with pytest.raises(Refusal) as refusal:
        services.found(origin=ORIGIN, simulated=True, company="x", signer=own, at=at)
    assert refusal.value.code == "ledger.founded_already"
    assert queries.height() == 1


@pytest.mark.parametrize(
    ("origin", "simulated"),
    [
        ("qinghe.example", True),
        ("simulated.qinghe.example", False),
        ("simulated.Qinghe.example", True),
        ("simulated.a b", True),
        ("simulated.a+b", True),
        ("simulated.a\n", True),
        ("", False),
        ("a" * 130, False),
    ],
)
def test_the_name_tells_a_simulation_and_is_a_name(db, at, origin, simulated):
    with pytest.raises(Refusal) as refusal:
        services.found(origin=origin, simulated=simulated, company="x", signer=signer(b"\x01" * 32, "x"), at=at)
    assert refusal.value.code == "ledger.origin"
    assert not queries.is_founded()


def test_before_the_founding_nothing_is_answered(db, at):
    for ask in (queries.head, queries.origin, queries.is_simulated, queries.clock, queries.company_public):
        with pytest.raises(Refusal) as refusal:
            ask()
        assert refusal.value.code == "ledger.not_founded"
    with pytest.raises(Refusal, match="not_founded"):
        services.append(kind="a.b", scope="company", at=at, by="system", facts={})
    assert queries.height() == 0


def test_a_real_company_has_the_machines_clock_and_no_way_to_move_it(db, at):
    services.found(origin="qinghe.example", simulated=False, company="x", signer=signer(b"\x01" * 32, "x"), at=at)
    assert isinstance(queries.clock(), SystemClock)
    with pytest.raises(Refusal) as refusal:
        services.advance_clock(to=at.replace(year=2030), by="system")
    assert refusal.value.code == "clock.real"
    assert queries.height() == 1


def test_a_simulated_clock_stands_until_it_is_moved_forward(own, at):
    assert isinstance(queries.clock(), FixedClock)
    assert queries.clock().now() == at
    later = at.replace(month=12)
    services.advance_clock(to=later, by="system")
    assert queries.clock().now() == later
    assert queries.entries(kinds=["ledger.clock_advanced"])[0].facts["to"] == "2026-12-23T01:00:00Z"
    for back in (later, at):
        with pytest.raises(Refusal) as refusal:
            services.advance_clock(to=back, by="system")
        assert refusal.value.code == "clock.backwards"
    assert (queries.height(), queries.clock().now()) == (2, later)
