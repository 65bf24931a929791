"""`company`, `staff`, `recipient`, `ledger`, `evidence` on the command line."""

import json

import pytest
from django.contrib.auth import authenticate
from django.http import HttpRequest

from shouxin.ground.kernel.canonical import from_base64
from shouxin.ground.kernel.merkle import check_inclusion, leaf_hash
from shouxin.ground.kernel.notes import split_note
from shouxin.stores.jobs.alone import alone
from shouxin.stores.ledger import queries as ledger
from shouxin.stores.parties import services as parties
from tests.faces.web import shop as shops


def test_the_company_shows_itself_and_never_a_passphrase(shouxin, shop):
    told = shouxin("company", "show", "--json").plain
    assert (told["name"], told["simulated"]) == (shops.SENDER.name, True)
    assert told["height"] == ledger.height()
    assert shops.SENDER.passphrase.decode() not in json.dumps(told)


def test_a_simulated_clock_moves_forward_only(shouxin, shop):
    assert shouxin("company", "clock", "--to", "2026-12-01T00:00:00Z", "--json").plain["now"] == "2026-12-01T00:00:00Z"
    back = shouxin("company", "clock", "--to", "2026-11-30T00:00:00Z", "--json")
    assert (back.code, back.plain["error"]) == (1, "clock.backwards")
    assert shouxin("company", "clock", "--to", "tomorrow", "--json").plain["error"] == "time.spelling"


@pytest.mark.parametrize(
    ("role", "secret", "error"),
    [
        ("clerk", "a-passphrase-of-her-own", ""),
        ("king", "a-passphrase-of-her-own", "parties.role"),
        ("clerk", "short", "passphrase.short"),
        ("clerk", "owner-own-passphrase", "passphrase.shared"),
    ],
)
def test_somebody_joins_with_an_own_key_or_not_at_all(shouxin, shop, tmp_path, role, secret, error):
    file = tmp_path / "new.env"
    file.write_text(f"new={secret}\n", "utf-8")
    before = len(shouxin("staff", "list", "--json").plain["staff"])
    told = shouxin("staff", "add", "--name", "林晚", "--role", role, "--secret", "new", "--secrets", file, "--json")
    assert told.plain.get("error", "") == error
    assert len(shouxin("staff", "list", "--json").plain["staff"]) == before + (not error)
    assert "林晚" not in str(ledger.entries())


def test_the_list_of_staff_says_who_in_which_role_and_who_has_not_promised(shouxin, shop):
    newcomer = shops.add_outsider()
    rows = {each["staff"]: each for each in shouxin("staff", "list", "--json").plain["staff"]}
    owner = rows[shop.staff["owner"]]
    assert (owner["name"], owner["role"], owner["undertaking"]) == (shops.OWNER.name, "owner", True)
    assert (rows[newcomer]["name"], rows[newcomer]["undertaking"]) == (shops.OUTSIDER.name, False)
    lines = {line.split()[0]: line for line in shouxin("staff", "list").out.splitlines()}
    assert len(lines) == len(rows)
    assert all(word in lines[owner["staff"]] for word in (shops.OWNER.name, "店主", "已签保密承诺"))
    assert "未签保密承诺" in lines[newcomer]


@pytest.mark.parametrize(
    ("who", "password", "error", "word"),
    [
        ("clerk", "invented-web-password", "", ""),
        ("clerk", "kurz-1", "web.password_weak", "太短"),
        ("clerk", "123456789012", "web.password_weak", "全是数字"),
        ("clerk", "clerk-own-passphrase", "web.password_is_passphrase", ""),
        ("staff:nobody", "invented-web-password", "parties.no_staff", ""),
    ],
)
def test_the_pages_open_to_whom_the_command_line_gave_a_password(shouxin, shop, tmp_path, who, password, error, word):
    staff = shop.staff.get(who, who)
    file = tmp_path / "web.env"
    file.write_text(f"web:{staff}={password}\n", "utf-8")
    told = shouxin("staff", "login", staff, "--secrets", file, "--json")
    assert told.plain.get("error", "") == error
    assert word in told.plain.get("sentence", "")
    assert password not in told.out + told.err
    assert (authenticate(HttpRequest(), username=staff, password=password) is not None) is (not error)
    if not error:
        assert told.plain == {"staff": staff, "login": True}
        shouxin("staff", "login", staff, "--remove", "--json")
        assert authenticate(HttpRequest(), username=staff, password=password) is None


def test_somebody_who_left_gets_no_log_in(shouxin, shop, tmp_path):
    parties.revoke_staff(staff=shop.staff["clerk"], by=shop.staff["owner"], at=shops.AT)
    file = tmp_path / "web.env"
    file.write_text("w=invented-web-password\n", "utf-8")
    told = shouxin("staff", "login", shop.staff["clerk"], "--secret", "w", "--secrets", file, "--json")
    assert (told.code, told.plain["error"]) == (1, "parties.staff_revoked")
    assert shouxin("staff", "login", shop.staff["owner"], "--json").plain["error"] == "secrets.absent"


def test_a_card_that_is_none_is_corrupt_and_pins_nobody(shouxin, shop, tmp_path):
    card = tmp_path / "card.dsse"
    card.write_bytes(b"{}")
    before = shouxin("recipient", "list", "--json").plain
    arguments = ["--card", card, "--contact", "000", "--purpose", "继续服务", "--method", "文件", "--json"]
    told = shouxin("recipient", "add", *arguments)
    assert (told.code, told.plain["error"]) == (1, "corrupt")
    assert shouxin("recipient", "list", "--json").plain == before


def test_an_agreement_without_its_clauses_is_recorded_with_what_it_lacks_and_exit_code_one(shouxin, shop, tmp_path):
    clauses, document = tmp_path / "clauses.json", tmp_path / "agreement.pdf"
    clauses.write_text('{"purpose": "继续服务"}', "utf-8")
    document.write_bytes(b"%PDF-1.4 invented")
    recipient = shouxin("recipient", "list", "--json").plain["recipients"][0]["recipient"]
    arguments = ["recipient", "agreement", recipient, "--clauses", clauses, "--document", document, "--json"]
    told = shouxin(*arguments, "--by", shop.staff["owner"])
    assert told.code == 1
    assert "supervision" in str(told.plain["missing"])


def test_a_checkpoint_is_signed_written_and_the_same_again(shouxin, shop, secrets, tmp_path):
    out = tmp_path / "ours.note"
    told = shouxin("ledger", "checkpoint", "--out", out, "--secrets", secrets, "--json")
    assert told.plain["size"] == ledger.height()
    assert out.read_text("utf-8") == told.plain["note"]
    assert shouxin("ledger", "checkpoint", "--secrets", secrets, "--json").plain["note"] == told.plain["note"]


def test_our_own_checkpoint_is_no_peers(shouxin, shop, secrets, tmp_path):
    out = tmp_path / "ours.note"
    shouxin("ledger", "checkpoint", "--out", out, "--secrets", secrets, "--json")
    recipient = shouxin("recipient", "list", "--json").plain["recipients"][0]["recipient"]
    told = shouxin("ledger", "cosign", out, "--recipient", recipient, "--secrets", secrets, "--json")
    assert told.code == 1
    assert told.plain["error"] in ("corrupt", "ledger.own_log")
    home = shouxin("ledger", "cosign", out, "--recipient", recipient, "--ours", "--json")
    assert home.plain["error"] in ("ledger.not_cosigned", "corrupt")


def test_an_entry_is_proved_against_the_newest_checkpoint(shouxin, shop, secrets):
    shouxin("ledger", "checkpoint", "--secrets", secrets, "--json")
    told = shouxin("ledger", "proof", "0", "--json").plain
    body, _ = split_note(told["checkpoint"])
    size, root = int(body.splitlines()[1]), from_base64(body.splitlines()[2], where="root")
    path = [from_base64(each, where="path") for each in told["path"]]
    check_inclusion(leaf=leaf_hash(told["entry"].encode()), index=0, size=size, path=path, expected=root)
    assert json.loads(told["entry"])["kind"] == "ledger.founded"
    beyond = shouxin("ledger", "proof", "100000", "--json")
    assert beyond.code == 1


def test_there_is_nothing_to_export_before_the_decision(shouxin, shop, secrets, tmp_path):
    out = tmp_path / "pack.zip"
    arguments = ["evidence", "export", shop.case, "--out", out, "--by", shop.staff["owner"], "--secrets", secrets]
    told = shouxin(*arguments, "--json")
    assert (told.code, told.plain["error"]) == (1, "cases.not_decided")
    assert not out.exists()


def test_one_export_is_made_at_a_time(shouxin, shop, tmp_path):
    out = tmp_path / "pack.zip"
    with alone("evidence"):
        told = shouxin("evidence", "export", shop.case, "--out", out, "--by", shop.staff["owner"], "--json")
    assert (told.code, told.plain["error"]) == (1, "jobs.under_way")
    assert list(tmp_path.glob("pack.zip*")) == []


def test_a_sample_needs_a_decision_and_is_drawn_alike_from_the_same_seed(shouxin, shop):
    told = shouxin("evidence", "sample", "3", "--seed", "约定", "--case", shop.case, "--json")
    assert (told.code, told.plain["error"]) == (1, "cases.not_decided")
