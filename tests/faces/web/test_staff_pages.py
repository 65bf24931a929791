"""Log-in and the staff's pages: who reads what, what is said first, what every claim and rule opens to."""

import re

import pytest
from django.contrib.auth.models import User
from django.core.management import CommandError, call_command
from django.urls import reverse

from shouxin.cases import queries as cases
from shouxin.cases.checks import CHECKS
from shouxin.duties.inventory import queries as inventory
from shouxin.faces.web import casepage
from shouxin.ground.kernel.merkle import check_inclusion
from shouxin.stores.ledger import queries as ledger
from shouxin.stores.parties import services as parties
from tests.cast import CLERK, OFFICER
from tests.faces.web import shop as shops

PASSWORD = "long enough for a day"
ROLES = ("owner", "privacy_officer", "second_signer", "clerk", "auditor")
LOOKING = ("owner", "privacy_officer")


@pytest.fixture
def shop(db, home, quick_keys, settings, tmp_path):
    """The company with its case open and nobody's information in it yet."""
    settings.ALLOWED_HOSTS = ["testserver"]
    return shops.open_shop(tmp_path)


@pytest.fixture
def busy(db, home, quick_keys, settings, tmp_path):
    """The company in the middle of its sale."""
    settings.ALLOWED_HOSTS = ["testserver"]
    shop = shops.open_shop(tmp_path, customers=40)
    shops.tell_and_answer(shop)
    return shop


def come_in(client, staff):
    """A member of staff with a session."""
    user, _ = User.objects.get_or_create(username=staff)
    client.force_login(user)
    return client


def addresses(shop):
    """Every reading address of the staff: for everybody who works here, and for those who look at one person."""
    case = [reverse("case", args=[shop.case]), reverse("ledger", args=[shop.case])]
    everyone = [reverse("cases"), *case, reverse("entry", args=[0]), reverse("law", args=["PIPL-23"])]
    looking = [reverse("people", args=[shop.case, "no_answer"]), reverse("explain", args=[shop.case])]
    return everyone, looking


def everything(shop):
    """All of them."""
    everyone, looking = addresses(shop)
    return [*everyone, *looking]


@pytest.mark.parametrize("role", ROLES)
def test_staff_read_cases_and_only_owner_and_officer_look_at_one_person(client, shop, role):
    come_in(client, shop.staff[role])
    before = ledger.height()
    everyone, looking = addresses(shop)
    assert {address: client.get(address).status_code for address in everyone} == dict.fromkeys(everyone, 200)
    expected = 200 if role in LOOKING else 403
    assert {address: client.get(address).status_code for address in looking} == dict.fromkeys(looking, expected)
    assert ledger.height() == before


def test_an_outsider_is_led_to_the_log_in(client, shop):
    for address in everything(shop):
        page = client.get(address)
        assert page.status_code == 302
        assert page["Location"].startswith("/login?next=")


@pytest.mark.parametrize("who", ["a stranger's account", "someone who promised nothing", "someone who left"])
def test_a_session_alone_opens_nothing(client, shop, who):
    staff = {"someone who promised nothing": shops.add_outsider, "a stranger's account": lambda: "staff:nobody"}
    if who == "someone who left":
        come_in(client, shop.staff["clerk"])
        assert client.get("/").status_code == 200
        parties.revoke_staff(staff=shop.staff["clerk"], by="system", at=shops.AT)
    else:
        come_in(client, staff[who]())
    expected = 403 if who == "someone who promised nothing" else 302
    assert {client.get(address).status_code for address in everything(shop)} == {expected}


@pytest.mark.parametrize("method", ["post", "put", "patch", "delete"])
def test_staff_pages_are_for_reading_only(client, shop, method):
    come_in(client, shop.staff["owner"])
    for address in everything(shop):
        assert getattr(client, method)(address).status_code == 405


def test_staff_pages_are_kept_by_nobody_and_load_nothing_from_elsewhere(client, shop):
    come_in(client, shop.staff["owner"])
    for address in [*everything(shop), "/login"]:
        page = client.get(address)
        assert "no-store" in page["Cache-Control"]
        assert page["X-Frame-Options"] == "DENY"
        assert "default-src 'none'" in page["Content-Security-Policy"]
        assert not re.search(r"<script|\sstyle=|\son[a-z]+=|https?://", page.content.decode())


@pytest.mark.parametrize("address", ["/cases/case_x", "/cases/case_x/ledger", "/ledger/9999", "/law/NO-1", "/nothing"])
def test_what_is_not_there_is_said_kindly(client, shop, address):
    come_in(client, shop.staff["owner"])
    assert client.get(address).status_code == 404


def test_log_in_with_name_or_number_and_log_out(client, shop):
    staff = shop.staff["privacy_officer"]
    call_command("weblogin", staff, password=PASSWORD)
    for name in (staff, OFFICER.name):
        page = client.post("/login", {"username": name, "password": PASSWORD, "next": ""})
        assert (page.status_code, page["Location"]) == (302, "/")
        assert client.get("/").status_code == 200
        assert client.get("/logout").status_code == 405
        assert client.post("/logout").status_code == 302
        assert client.get("/").status_code == 302


def test_the_log_in_leads_to_no_other_site(client, shop):
    staff = shop.staff["clerk"]
    call_command("weblogin", staff, password=PASSWORD)
    page = client.post("/login", {"username": staff, "password": PASSWORD, "next": "https://elsewhere.example/"})
    assert page["Location"] == "/"


def test_five_wrong_passwords_lock_the_log_in(client, shop):
    staff = shop.staff["clerk"]
    call_command("weblogin", staff, password=PASSWORD)
    pages = [client.post("/login", {"username": staff, "password": "wrong"}).status_code for _ in range(5)]
    assert pages == [200] * 4 + [429]
    assert client.post("/login", {"username": staff, "password": PASSWORD}).status_code == 429


def test_a_log_in_form_from_elsewhere_is_not_taken(shop, client):
    client.handler.enforce_csrf_checks = True
    assert client.post("/login", {"username": "x", "password": PASSWORD}).status_code == 403


@pytest.mark.parametrize(
    ("staff", "password", "code"),
    [
        ("staff:nobody", PASSWORD, "parties.no_staff"),
        ("clerk", "short", "web.password_weak"),
        ("clerk", "password1234", "web.password_weak"),
        ("clerk", CLERK.passphrase.decode(), "web.password_is_passphrase"),
    ],
)
def test_a_web_password_is_long_and_not_the_passphrase(shop, staff, password, code):
    with pytest.raises(CommandError, match=re.escape(code)):
        call_command("weblogin", shop.staff.get(staff, staff), password=password)
    assert not User.objects.exists()


def test_a_web_password_is_stretched_and_can_be_taken_away(shop):
    call_command("weblogin", shop.staff["clerk"], password=PASSWORD)
    assert User.objects.get().password.startswith("argon2")
    call_command("weblogin", shop.staff["clerk"], remove=True)
    assert not User.objects.exists()


@pytest.mark.parametrize("language", ["zh", "en"])
def test_the_case_page_says_what_is_missing_from_whom(client, busy, language):
    come_in(client, busy.staff["owner"])
    said = client.get(reverse("case", args=[busy.case]), {"lang": language}).content.decode()
    lead = {"zh": "现在：还差", "en": "Now: "}[language]
    missing = {"zh": "还没有与接收方的协议", "en": "No agreement with the recipient yet"}[language]
    assert said.index(lead) < said.index(missing)
    assert {"zh": "个人信息保护负责人", "en": "Privacy officer"}[language] in said
    assert {"zh": "《个人信息保护法》第二十三条", "en": "article 23"}[language] in said
    assert not re.findall(r">[a-z]+\.[a-z_]+<", said)


def test_every_claim_opens_to_its_entry_and_every_rule_to_its_article(client, busy):
    come_in(client, busy.staff["owner"])
    said = client.get(reverse("case", args=[busy.case])).content.decode()
    links = set(re.findall(r'href="(/(?:ledger|law|cases)/[^"]+)"', said))
    assert any(link.startswith("/ledger/") for link in links)
    assert "/law/PIPL-23" in links
    assert {link: client.get(link).status_code for link in links} == dict.fromkeys(links, 200)
    assert "向其他个人信息处理者提供" in client.get("/law/PIPL-23").content.decode()


def test_steps_show_what_they_closed_on_and_what_stands_against_them_now(busy):
    page = casepage.build(busy.case, ledger.clock().now())
    steps = {step.key: step for _, inside in page.phases for step in inside}
    assert steps["name-people"].state == "proved"
    assert steps["sign-agreement"].state == "missing"
    assert steps["decide"].state == "not_yet"
    assert steps["decide"].needs
    assert steps["name-people"].findings[0].value == "100.0%"
    assert all(each.entry is not None for each in steps["name-people"].findings)
    assert set(steps) == {step.key for step in cases.case(busy.case).steps.all()}


def test_the_bars_count_everybody_once_and_open_to_their_list(client, busy):
    page = casepage.build(busy.case, ledger.clock().now())
    assert sum(bar.count for bar in page.bars) == page.customers == inventory.counts()["customers"]
    for bar in page.bars:
        assert len(casepage.people(busy.case, bar.which, page.at)) == bar.count


def test_a_list_of_people_shows_numbers_and_no_names(client, busy):
    come_in(client, busy.staff["privacy_officer"])
    said = client.get(reverse("people", args=[busy.case, "refuse"])).content.decode()
    handles = re.findall(r">(c_[a-z0-9]+)<", said)
    assert len(handles) == len(casepage.people(busy.case, "refuse", ledger.clock().now()))
    told = client.get(reverse("explain", args=[busy.case]), {"person": handles[0]}).content.decode()
    assert "《" in told
    assert "basic" not in re.sub(r"<[^>]+>", "", told)


def test_an_unknown_number_is_explained_as_such(client, busy):
    come_in(client, busy.staff["owner"])
    page = client.get(reverse("explain", args=[busy.case]), {"person": "c_nobody"})
    assert page.status_code == 200
    assert 'class="note red"' in page.content.decode()


def test_an_entrys_proof_can_be_repeated_from_what_the_page_shows(client, busy):
    come_in(client, busy.staff["auditor"])
    said = client.get(reverse("entry", args=[7])).content.decode()
    hashes = [bytes.fromhex(each) for each in re.findall(r"<code>([0-9a-f]{64})</code>", said)]
    leaf, *path, root = hashes
    check_inclusion(leaf=leaf, index=7, size=ledger.height(), path=path, expected=root)
    assert root == ledger.root_at(ledger.height())


def test_every_check_of_the_playbooks_has_words_in_both_languages():
    known = casepage.findings.tables()
    assert set(CHECKS) <= set(known["check"])
    wrong = [name for table in known.values() for name, word in table.items() if set(word) != {"zh", "en"}]
    assert not wrong
