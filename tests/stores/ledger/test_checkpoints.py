"""Checkpoints: ours signed, ours come home cosigned, theirs cosigned only as long as their log grows honestly."""

from datetime import timedelta

import pytest

from shouxin.ground.kernel import merkle, notes
from shouxin.ground.kernel.notes import Checkpoint
from shouxin.ground.kernel.refusals import Corrupt, Refusal
from shouxin.ground.kernel.signing import signer
from shouxin.stores.ledger import evidence, queries, services
from tests.stores.ledger.conftest import ORIGIN, PEER_ORIGIN

WITNESS = signer(b"\x03" * 32, "witness")
NAME = "witness.example"


def _keep(note, at, *, name=NAME, by=WITNESS):
    cosigned = notes.cosign(note, name=name, signer=by, at=at)
    return services.keep_cosigned(note=cosigned, witness_name=name, witness_public=by.public, at=at)


class PeerLog:
    """Another company's log, as its own product would hold it."""

    def __init__(self, peer, *, origin=PEER_ORIGIN, start=b""):
        self.peer, self.origin, self.leaves = peer, origin, [merkle.leaf_hash(start)]

    def grow(self, count):
        self.leaves += [merkle.leaf_hash(b"%d" % len(self.leaves)) for _ in range(count)]
        return self

    def note(self, size=None):
        leaves = self.leaves[:size]
        return notes.sign_checkpoint(Checkpoint(self.origin, len(leaves), merkle.root(leaves)), self.peer)

    def proof(self, old):
        return merkle.consistency_proof(self.leaves, old)


def _cosign(own, log, at, **changed):
    given = {"note": log.note(), "peer_name": "recipient:b", "peer_public": log.peer.public, "signer": own, "at": at}
    return services.cosign_peer(**{**given, **changed})


def test_a_checkpoint_is_signed_stored_and_the_same_again_while_nothing_happens(own, at, fill):
    fill(4)
    note = services.checkpoint(signer=own, at=at)
    assert notes.check_checkpoint(note, own.public) == queries.head()
    assert services.checkpoint(signer=own, at=at + timedelta(days=1)) == note
    assert [each.size for each in queries.checkpoints()] == [1, 5]
    assert queries.height() == 5


def test_only_the_companys_present_key_signs(own, at):
    with pytest.raises(Refusal) as refusal:
        services.checkpoint(signer=WITNESS, at=at)
    assert refusal.value.code == "ledger.signer"


def test_a_cosigned_checkpoint_comes_home_once(own, at, fill):
    fill(4)
    note = services.checkpoint(signer=own, at=at)
    fill(2)
    ref = _keep(note, at)
    assert queries.entry(ref.seq).facts["size"] == 5
    assert queries.checkpoints()[-1].cosigned == ((NAME, at),)
    assert notes.cosignatures(queries.checkpoints()[-1].whole, {NAME: WITNESS.public}) == {NAME: at}
    assert queries.cosigned()[0].entry == ref.seq
    assert _keep(note, at) == ref
    assert queries.height() == 8
    assert _keep(note, at + timedelta(days=14)) != ref


def test_a_checkpoint_that_was_never_stored_still_proves_itself(own, at, fill):
    """A checkpoint known outside counts, although this database (restored, say) does not know that it was signed."""
    fill(4)
    note = notes.sign_checkpoint(Checkpoint(ORIGIN, 3, queries.root_at(3)), own)
    _keep(note, at)
    assert queries.cosigned()[0].size == 3


def test_a_rewound_ledger_meets_its_own_future(own, at, fill):
    future = notes.sign_checkpoint(Checkpoint(ORIGIN, 9, b"\x09" * 32), own)
    with pytest.raises(Corrupt, match="shorter"):
        _keep(future, at)


def test_a_rewritten_ledger_meets_its_own_past(own, at, fill):
    fill(4)
    past = notes.sign_checkpoint(Checkpoint(ORIGIN, 3, b"\x09" * 32), own)
    with pytest.raises(Corrupt, match="another past"):
        _keep(past, at)


def test_what_comes_home_must_be_ours_and_cosigned_by_someone_else(own, at, peer):
    note = services.checkpoint(signer=own, at=at)
    with pytest.raises(Corrupt, match="another log"):
        _keep(PeerLog(peer).note(), at)
    with pytest.raises(Corrupt, match="without its log's signature"):
        _keep(notes.sign_checkpoint(queries.head(), peer), at)
    with pytest.raises(Refusal) as refusal:
        _keep(note, at, name=ORIGIN, by=own)
    assert refusal.value.code == "ledger.own_witness"
    with pytest.raises(Refusal) as refusal:
        services.keep_cosigned(note=note, witness_name=NAME, witness_public=WITNESS.public, at=at)
    assert refusal.value.code == "ledger.not_cosigned"
    assert queries.height() == 1


def test_a_peers_log_is_cosigned_as_it_grows_and_two_cosignatures_span_a_window(own, at, peer):
    log = PeerLog(peer).grow(4)
    first = _cosign(own, log, at)
    assert notes.cosignatures(first, {ORIGIN: own.public}) == {ORIGIN: at}
    assert notes.check_checkpoint(first, peer.public).size == 5
    log.grow(7)
    later = at + timedelta(days=14)
    _cosign(own, log, later, proof=log.proof(5))
    seen = queries.peer_checkpoints("recipient:b")
    assert [(each.size, each.proved, each.at) for each in seen] == [(5, False, at), (12, True, later)]
    assert queries.peer("recipient:b") == seen[-1]
    assert queries.entries(kinds=["ledger.peer_cosigned"])[1].facts["proved"] is True


def test_growth_without_a_proof_is_told_as_such_and_the_same_state_twice_is_no_growth(own, at, peer):
    log = PeerLog(peer).grow(4)
    _cosign(own, log, at)
    _cosign(own, log.grow(2), at)
    _cosign(own, log, at + timedelta(days=1))
    assert [(each.size, each.proved) for each in queries.peer_checkpoints("recipient:b")] == [
        (5, False),
        (7, False),
        (7, False),
    ]


@pytest.mark.parametrize(
    ("what", "make"),
    [
        ("it shrank", lambda log: {"note": log.note(3)}),
        ("it forked at the same size", lambda log: {"note": PeerLog(log.peer, start=b"x").grow(4).note()}),
        (
            "the proof is another tree's",
            lambda log: {"note": PeerLog(log.peer, start=b"x").grow(9).note(), "proof": log.grow(5).proof(5)},
        ),
        ("the proof is short of a part", lambda log: {"note": log.grow(5).note(), "proof": log.proof(5)[:-1]}),
        ("the proof is from another size", lambda log: {"note": log.grow(5).note(), "proof": log.proof(4)}),
        ("another key signed it", lambda log: {"note": PeerLog(WITNESS).grow(9).note()}),
        ("the root was changed", lambda log: {"note": log.note().replace("\n5\n", "\n6\n")}),
    ],
)
def test_a_peers_log_is_refused_when(own, at, peer, what, make):
    log = PeerLog(peer).grow(4)
    _cosign(own, log, at)
    with pytest.raises(Corrupt):
        _cosign(own, log, at, **make(log))
    assert len(queries.peer_checkpoints("recipient:b")) == 1


@pytest.mark.parametrize(
    ("code", "make"),
    [
        ("ledger.simulated_mismatch", lambda peer: {"note": PeerLog(peer, origin="yunshan.example").note()}),
        ("ledger.own_log", lambda peer: {"note": PeerLog(peer, origin=ORIGIN).note()}),
        ("ledger.peer_origin_changed", lambda peer: {"note": PeerLog(peer, origin="simulated.new.example").note()}),
        ("ledger.signer", lambda peer: {"signer": WITNESS}),
        ("ledger.peer_name", lambda peer: {"peer_name": "云杉"}),
    ],
)
def test_a_peers_log_is_not_cosigned_for_a_reason_that_a_person_can_mend(own, at, peer, code, make):
    log = PeerLog(peer)
    _cosign(own, log, at)
    with pytest.raises(Refusal) as refusal:
        _cosign(own, log, at, **make(peer))
    assert refusal.value.code == code


def test_a_new_key_signs_from_its_entry_on_and_the_old_ones_notes_stay_ours(own, at, fill):
    new = signer(b"\x08" * 32, ORIGIN)
    fill(2)
    ref = services.rotate_key(old=own, new=new, by="staff:a", at=at)
    assert [(each.size, each.key_id) for each in queries.checkpoints()[1:]] == [(3, own.key_id), (4, new.key_id)]
    assert list(queries.company_keys()) == [own.key_id, new.key_id]
    assert queries.company_public() == new.public
    assert queries.entry(ref.seq).facts["instead_of"] == own.key_id
    _keep(queries.checkpoints()[1].note, at)
    with pytest.raises(Refusal):
        services.checkpoint(signer=own, at=at)
    with pytest.raises(Refusal) as refusal:
        services.rotate_key(old=new, new=own, by="staff:a", at=at)
    assert refusal.value.code == "ledger.key_known"


def test_the_finding_holds_when_someone_outside_saw_the_newest_entry_of_the_scope(own, at, fill):
    empty = evidence.checkpoint_cosigned("case:c1", at)
    assert (empty.holds, empty.missing[0].code) == (False, "ledger.scope_empty")
    fill(3)
    assert evidence.checkpoint_cosigned("case:c1", at).missing[0].facts == {"newest": 3, "covered": 0}
    ref = _keep(services.checkpoint(signer=own, at=at), at)
    found = evidence.checkpoint_cosigned("case:c1", at)
    assert (found.holds, found.entries, found.height) == (True, (ref.seq,), 5)
    assert not evidence.checkpoint_cosigned("case:c1", at - timedelta(seconds=1)).holds
    fill(1, scope="case:c2")
    assert evidence.checkpoint_cosigned("case:c1", at).holds
    fill(1)
    again = evidence.checkpoint_cosigned("case:c1", at)
    assert (again.holds, again.missing[0].facts) == (False, {"newest": 6, "covered": 4})
