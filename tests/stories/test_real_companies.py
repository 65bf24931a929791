"""Northwind and Chinook as company A, by the real verbs from their database to a pack that verifies offline.

The answers come from a seeded file and are taken in by the sheet. What must come of them is worked out here from plain
SQL and the rows of the gates, and never asked of the product.
"""

import base64
import collections
import hashlib
import json
import shutil
import sqlite3
import subprocess
import sys
from contextlib import closing
from dataclasses import dataclass, field
from datetime import date

import pytest

from shouxin.faces.cli.demo.story import Story
from shouxin.ground.samples import real
from tests.conftest import needs_shared
from tests.stories.leaks import SHORTEST, Search
from tests.stories.real_senders import FOLDER, real_sender

pytestmark = [needs_shared(), pytest.mark.shared, pytest.mark.long]
ENDS = {"handed_over", "sealed", "destroyed", "kept"}
NEWEST = {
    "Northwind": "SELECT trim(c.CustomerID), date(max(o.OrderDate)) FROM Customers c LEFT JOIN Orders o"
    " ON o.CustomerID = c.CustomerID GROUP BY c.CustomerID",
    "Chinook": "SELECT c.CustomerId, date(max(i.InvoiceDate)) FROM Customer c LEFT JOIN Invoice i"
    " ON i.CustomerId = c.CustomerId GROUP BY c.CustomerId",
}
ROWS = {
    "Northwind": ("Customers", "Orders", "Order Details"),
    "Chinook": ("Customer", "Invoice", "InvoiceLine"),
}
"""The tables about customers."""
ORGANISED = {
    "Northwind": "SELECT trim(CustomerID) FROM Customers WHERE CompanyName IS NOT NULL",
    "Chinook": "SELECT CustomerId FROM Customer WHERE Company IS NOT NULL",
}


@dataclass
class Told:
    """One telling, and what was asked on the way."""

    company: real.RealCompany
    story: Story
    source_before: str
    why: dict[str, dict] = field(default_factory=dict)
    """Customer number → category → the deciding row and verdict, and those of what stays."""
    left: dict[str, bool] = field(default_factory=dict)
    """Customer number → whether A still finds the customer after the end."""
    at_receiver: dict[str, bool] = field(default_factory=dict)
    """Customer number → whether B finds the person by name and telephone, or by e-mail."""

    def people(self):
        """Customer number, what is true, what was planned."""
        plans = self.story.people.plans
        return [(each.customer_numbers[0], each, plans[each.key]) for each in self.story.truth.customers()]

    def newest(self):
        """Customer number → the day of the newest dealing."""
        days = asked(self.company, NEWEST[self.company.name])
        return {str(number): day and date.fromisoformat(day) for number, day in days}


def asked(company, question):
    uri = f"{company.path(FOLDER).as_uri()}?mode=ro&immutable=1"
    with closing(sqlite3.connect(uri, uri=True)) as connection:
        return connection.execute(question).fetchall()


def digest_of(company):
    return hashlib.sha256(company.path(FOLDER).read_bytes()).hexdigest()


def found(company, by, *texts):
    """Whether a company finds anybody under one of these texts."""
    return any(company.call("customer", "find", text, "--by", by).get("found") for text in texts)


def explained(told, a_by):
    """Why each person is treated so, asked before anything is destroyed."""
    a = told.story.a
    for number, _, _ in told.people():
        (handle,) = a.call("customer", "find", number, "--by", a_by)["found"]
        why = a.call("case", "explain", told.story.case, "--person", handle)["categories"]
        told.why[number] = {each["category"]: each for each in why}


@pytest.fixture(scope="module", params=[real.NORTHWIND, real.CHINOOK], ids=lambda company: company.name)
def told(request, tmp_path_factory):
    company = request.param
    folder = tmp_path_factory.mktemp(company.name) / "home"
    story = Story(folder=folder, sender=real_sender(company), teller=lambda phase, done, total: None)
    seen = Told(company, story, digest_of(company))
    try:
        for part in (story.prepare, story.tell_and_ask, story.decide, story.hand_over):
            part()
        story.a.call("case", "decide", story.case, "--by", story.a.staff["officer"])
        explained(seen, story.a.staff["officer"])
        story.end()
        story.prove()
        for number, person, _ in seen.people():
            keys = [f"{person.name} {phone}" for phone in person.texts.get("phone", ())[:1]]
            keys += person.texts.get("email", ())
            seen.left[number] = found(story.a, story.a.staff["officer"], number, *keys)
            seen.at_receiver[number] = found(story.b, story.b.staff["officer"], *keys)
        yield seen
    finally:
        story.stop()


def due_end(plan, *, newest, has_balance, closing_on):
    """A person's end by the gates. A27: a yes that stands is handed over, unless a hold stops it (A06) or the person
    took it back (A08); whoever refused (A08), asked for something else or was silent (A24) is not. Of what stays, a
    balance that is not paid back is kept for paying it (B03), what a court holds is sealed (B04), an order younger than
    ten years is sealed for the tax office (B07), and the rest is destroyed (B11).
    """
    if plan.final == "agree" and not plan.withdraws and not plan.disputes:
        return "handed_over"
    if has_balance:
        return "kept"
    if plan.disputes:
        return "sealed"
    runs = newest is not None and newest.replace(year=newest.year + 10) >= closing_on
    return "sealed" if runs else "destroyed"


def all_due(told):
    newest, closing_on = told.newest(), told.story.sender.closing_on
    return {
        number: due_end(plan, newest=newest[number], has_balance=person.prepaid_fen > 0, closing_on=closing_on)
        for number, person, plan in told.people()
    }


def end_of(why):
    """The headline that the explained rows come to, for the person's own information."""
    theirs = {name: each for name, each in why.items() if name != "evidence"}
    if any(each["verdict"] == "HAND_OVER" for each in theirs.values()):
        return "handed_over"
    stays = {each["stays"]["verdict"] for each in theirs.values()}
    order = (("SEAL", "sealed"), ("DESTROY", "destroyed"), ("KEEP", "kept"))
    return next(end for verdict, end in order if verdict in stays)


def test_the_pack_verifies_offline_with_what_was_got_apart(told, tmp_path):
    pack, trust = told.story.pack, told.story.trust
    alone = tmp_path / "verifier.py"
    subprocess.run([sys.executable, "-m", "shouxin.faces.cli.main", "verifier", str(alone)], check=True)
    for judge in ([sys.executable, str(alone)], [sys.executable, "-m", "shouxin.faces.cli.main", "verify"]):
        with_trust = subprocess.run([*judge, str(pack), "--trust", str(trust)], capture_output=True, check=False)
        assert with_trust.returncode == 0, with_trust.stdout.decode()
        assert subprocess.run([*judge, str(pack)], capture_output=True, check=False).returncode == 3
    assert told.story.certificate["headline"] == "complete"


def test_every_lawful_end_occurs_and_they_add_up_to_the_customers_in_sql(told):
    (customers,) = asked(told.company, f'SELECT count(*) FROM "{told.company.customer_table}"')[0]
    assert set(told.story.ends) == ENDS
    assert sum(told.story.ends.values()) == customers == len(told.why)
    rows = sum(asked(told.company, f'SELECT count(*) FROM "{table}"')[0][0] for table in ROWS[told.company.name])
    listed = told.story.a.call("source", "list")["sources"]
    database = next(each for each in listed if each["kind"] == "database")
    assert (database["rows_read"], database["rows_rejected"], database["gone"]) == (rows, 0, True)


def test_each_customers_end_follows_from_the_answer_and_the_newest_order(told):
    due = all_due(told)
    assert {number: end_of(why) for number, why in told.why.items()} == due
    assert told.story.ends == dict(collections.Counter(due.values()))


CHOSEN = {
    "a yes": (lambda plan: plan.answer == "agree" and not plan.withdraws and not plan.disputes, "A27"),
    "a yes after a correction": (lambda plan: plan.answer == "correct" and plan.then == "agree", "A27"),
    "a no": (lambda plan: plan.answer == "refuse", "A08"),
    "silence": (lambda plan: plan.answer == "silent", "A24"),
    "a yes taken back before packing": (lambda plan: plan.withdraws == "before_packing", "A08"),
    "a yes taken back on the way": (lambda plan: plan.withdraws == "after_packing", "A08"),
    "a yes that a court stops": (lambda plan: plan.disputes, "A06"),
}


@pytest.mark.parametrize("kind", CHOSEN)
def test_the_deciding_row_is_the_one_that_the_gates_name(told, kind):
    wanted, row = CHOSEN[kind]
    number, _, plan = next(each for each in told.people() if wanted(each[2]))
    basic, end = told.why[number]["basic"], all_due(told)[number]
    assert basic["row"] == row
    assert (basic["verdict"] == "HAND_OVER") == (row == "A27")
    if row != "A27":
        stays = {"kept": "B03", "destroyed": "B11", "sealed": "B04" if plan.disputes else "B11"}
        assert basic["stays"]["row"] == stays[end]
    if end == "sealed" and not plan.disputes:
        assert told.why[number]["purchase"]["stays"]["row"] == "B07"
    assert basic["law"]


def test_the_receiver_has_those_who_agreed_and_of_the_others_no_contact(told):
    due = all_due(told)
    assert told.at_receiver == {number: end == "handed_over" for number, end in due.items()}
    counts = told.story.b.call("source", "list")["counts"]
    # Without an answer an organisation moves with its contact's fields blank (A24).
    organised = {str(number) for (number,) in asked(told.company, ORGANISED[told.company.name])}
    silent = {number for number, _, plan in told.people() if plan.answer == "silent"}
    assert counts["customers"] == sum(told.at_receiver.values()) + len(organised & silent)
    # No notice told of balances, so they stay with A though their owners agreed.
    assert counts["prepaid"] == 0


def test_whoever_is_destroyed_is_found_nowhere_at_the_sender(told, tmp_path):
    due = all_due(told)
    gone = {number for number, end in due.items() if end == "destroyed"}
    assert gone
    assert not any(told.left[number] for number in gone)
    assert all(told.left[number] for number, end in due.items() if end == "kept")
    keys = {person.key for number, person, _ in told.people() if number in gone}
    theirs = Search(told.story.truth.identifiers(keys, only_theirs=True))
    # An organisation's name is nobody's secret and may stand in a font or a picture of the product's own.
    everyone = Search(text for text in told.story.truth.identifiers() if text[1] != "organisation")
    folder = told.story.folder
    assert theirs.in_folder(folder / "A") == []
    for part in ("A", "B", "proof", "between"):
        assert everyone.in_folder(folder / part) == []
    shutil.copyfile(told.company.path(FOLDER), tmp_path / told.company.file)
    named = {key for key, _, text in told.story.truth.identifiers(keys, only_theirs=True) if len(text) >= SHORTEST}
    assert {leak.person for leak in theirs.in_folder(tmp_path)} == named, "the search finds them where they stand"


def test_the_registered_database_met_its_end_and_the_shared_one_is_untouched(told):
    files = told.story.folder / "A" / "files"
    assert not (files / told.company.file).exists()
    assert {path.name for path in files.iterdir()} == {"出售物品清单.csv", "纸箱登记.csv"}
    assert digest_of(told.company) == told.source_before
    newest = max((told.story.a.folder / "evidence").glob("certificate-*.dsse"))
    said = json.loads(base64.b64decode(json.loads(newest.read_bytes())["payload"]))["predicate"]
    database = next(each for each in said["places"] if each["kind"] == "database")
    assert (database["method"], database["rescan"]["found"]) == ("clear", 0)
    phones = {text for _, kind, text in told.story.truth.identifiers() if kind == "phone"}
    assert (said["rescan"]["planted"], said["rescan"]["found"]) == (len(phones), 0)


def test_the_answers_of_the_file_came_in_by_the_sheet_each_in_its_way(told):
    plans = [plan for _, _, plan in told.people()]
    assert {plan.answer for plan in plans} == {
        "agree", "refuse", "silent", "call_me", "correct", "copy", "delete",
    }  # fmt: skip
    answers = told.story.a.call("consent", "status", told.story.case)["answers"]
    agreed = sum(plan.final == "agree" and not plan.withdraws for plan in plans)
    assert answers["agree"] == agreed
    assert answers["refuse"] == sum(plan.final == "refuse" for plan in plans)
    assert answers["withdraw"] == sum(bool(plan.withdraws) for plan in plans) == 2
    assert told.story.a.call("rights", "list", told.story.case) == {"requests": [], "matters": [], "exit_code": 0}
    assert told.story.over_http == 0
