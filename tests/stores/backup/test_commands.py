"""The commands of `shouxin backup`, as the command line and the long-lived process call them."""

from contextlib import contextmanager
from importlib import import_module

from shouxin.faces.cli import door
from tests import cast
from tests.stores.backup.conftest import PEOPLE, in_a_home


def call(*words):
    """The outcome of a command in this process; the tables behind it are there only in a home."""
    return import_module("shouxin.faces.cli.keeping").app([*words], standalone_mode=False)


@contextmanager
def passphrases(world, *, company=True):
    """The file of passphrases of this home's people."""
    path = world.root / "secrets"
    lines = ["recovery=recovery-holders-passphrase"]
    if company:
        lines.append(f"company={cast.SENDER.passphrase.decode()}")
    path.write_text("\n".join(lines))
    door.session.embedded, door.session.secrets_file = True, path
    yield


@in_a_home
def test_the_commands_go_from_a_copy_to_a_restored_company_that_signs(world):
    with passphrases(world):
        made = call("create", "--by", "staff:1").plain
        assert (made["kind"], made["signed"]) == ("full", True)
        again = call("create", "--by", "staff:1", "--target", str(world.root / "disk"), "--keep-days", "9").plain
        assert again["folder"].startswith(str(world.root / "disk"))
        checked = call("escrow", "--by", "staff:1")
        assert checked.holds
        assert [each["apart"] for each in checked.plain["folders"]] == [True, True]
        recovery = str(world.root / "recovery.json")
        drilled = call("drill", "--by", "staff:1", "--recovery", recovery, "--sample", "1000")
        assert drilled.holds
        assert (drilled.plain["compared"], drilled.plain["fresh"]) == (2 * PEOPLE, True)
        listed = call("list").plain
        assert [each["copy"] for each in listed["copies"]] == [made["copy"], again["copy"]]
        assert listed["drills"][0]["passed"] is True
        assert call("expire", "--by", "staff:1").plain == {"gone": [], "away": []}
        refused = call("declare-dead", "--by", "staff:1")
        assert (refused.code, refused.plain["error"]) == (1, "backup.nothing_to_declare")


@in_a_home
def test_a_failed_drill_and_an_escrow_in_the_wrong_place_are_exit_code_one(world):
    with passphrases(world):
        recovery = str(world.root / "recovery.json")
        assert call("drill", "--recovery", recovery).plain["error"] == "backup.no_copy"
        made = call("create").plain
        path = world.home / "backups" / made["copy"] / "chunks.bin"
        path.write_bytes(path.read_bytes()[:-1])
        failed = call("drill", "--recovery", recovery)
        assert (failed.code, failed.plain["passed"], failed.plain["missing"]) == (1, False, ["backup.drill_failed"])
        wrong = call("escrow", "--target", str(world.home / "keys-too"))
        assert (wrong.code, wrong.plain["error"]) == (1, "backup.escrow_not_apart")
        assert call("drill", "--recovery", str(world.root / "nothing")).code == 4


@in_a_home
def test_without_the_company_passphrase_a_copy_is_keyed_and_says_so(world):
    with passphrases(world, company=False):
        assert call("create").plain["signed"] is False
