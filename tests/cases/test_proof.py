"""The evidence pack is refused before there is something to prove, and the trust file says what was pinned here."""

import pytest

from shouxin.cases import proof, queries, services
from shouxin.ground.kernel.canonical import decode, from_base64
from shouxin.ground.kernel.refusals import Refusal
from shouxin.stores.ledger import queries as ledger
from shouxin.stores.parties import queries as parties
from shouxin.stores.parties import services as parties_services
from tests.cast import RECEIVER, SENDER


def write(shop, out, at):
    signer = parties_services.company_signer(passphrase=SENDER.passphrase)
    return proof.write_pack(case=shop.case, signer=signer, out=out, at=at)


def test_there_is_no_pack_before_the_final_decision(undone, tmp_path):
    shop, later, _ = undone
    with pytest.raises(Refusal, match=r"cases\.not_decided"):
        write(shop, tmp_path / "pack.zip", later)
    assert not (tmp_path / "pack.zip").exists()


def test_a_pack_is_never_written_over(undone, tmp_path):
    shop, _, at = undone
    services.decide(case=shop.case, by=shop.staff["privacy_officer"], at=at)
    (tmp_path / "pack.zip").write_bytes(b"there already")
    with pytest.raises(Refusal, match=r"cases\.pack_exists"):
        write(shop, tmp_path / "pack.zip", at)
    assert (tmp_path / "pack.zip").read_bytes() == b"there already"


def test_a_trust_file_holds_the_keys_of_the_card_that_was_pinned(undone):
    shop, _, _ = undone
    recipient = parties.recipient(queries.case(shop.case).recipient)
    told = decode(proof.trust_of(recipient.id), where="trust")
    assert (told["format"], told["origin"], told["simulated"]) == ("shouxin-trust-1", RECEIVER.origin, True)
    kept = {role["role"]: from_base64(role["public"], where="trust") for role in told["keys"].values()}
    assert kept["company"] == recipient.public
    assert kept["recipient"] == parties.company().public
    assert told["checkpoint"] is None  # nothing of theirs was seen yet
    with pytest.raises(Refusal, match=r"parties\.no_recipient"):
        proof.trust_of("recipient:nobody")


def test_a_pack_that_was_verified_is_noted_and_a_bad_one_proves_nothing(undone):
    shop, _, at = undone
    told = {"case": shop.case, "pack_digest": "sha256:" + "3" * 64, "file_name": "pack.zip"}
    check = services.CHECKS["evidence.pack_verified"]
    services.note_pack(**told, exit_code=1, by=shop.staff["owner"], at=at)
    assert [item.code for item in check(shop.case, at).missing] == ["cases.no_verified_pack"]
    services.note_pack(**told, exit_code=0, by=shop.staff["owner"], at=at)
    assert check(shop.case, at).holds
    assert ledger.entries(scope=f"case:{shop.case}", kinds=["cases.pack_exported"])[-1].facts["verified"] == 0
