"""A customer and an officer in a real browser, over the real server; and the pictures of what they see.

Pictures go to docs/pictures when SHOUXIN_PICTURES is set; the tests hold without.
"""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from playwright.sync_api import sync_playwright

from shouxin.ground.formats.home import HomeFile, write_home
from tests.cast import SENDER

CHROMIUM = Path("/usr/bin/chromium")
ROOT = Path(__file__).resolve().parents[3]
PICTURES = ROOT / "docs" / "pictures"
FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
TELEPHONE = {"width": 390, "height": 844}
DESK = {"width": 1280, "height": 1360}

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(not CHROMIUM.is_file(), reason="chromium is not installed here"),
]


@pytest.fixture(scope="module")
def served(tmp_path_factory):
    """The shop, served by a process of its own."""
    home = tmp_path_factory.mktemp("served") / "home"
    write_home(home, HomeFile(id="home_" + "a" * 26, simulated=True))
    for name in ("keys", "spool/mail", "spool/sms", "spool/lists"):
        (home / name).mkdir(parents=True)
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.faces.web.served"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=ROOT,
        env={**os.environ, "SHOUXIN_HOME": str(home), "PYTHONPATH": f"{ROOT / 'src'}{os.pathsep}{ROOT}"},
    )
    line = process.stdout.readline()
    assert line, process.stderr.read()
    yield json.loads(line)
    process.stdin.close()
    process.wait(timeout=30)
    said = process.stderr.read()
    assert "/a/0" not in said


@pytest.fixture(scope="module")
def chromium():
    """The browser, running."""
    with sync_playwright() as play:
        browser = play.chromium.launch(executable_path=str(CHROMIUM), args=list(FLAGS))
        yield browser
        browser.close()


@pytest.fixture
def telephone(chromium, served):
    """A cheap telephone without scripts that keeps no cookies, at the customers' own door."""
    context = chromium.new_context(
        viewport=TELEPHONE,
        device_scale_factor=2,
        java_script_enabled=False,
        base_url=f"http://127.0.0.1:{served['portal']}",
    )
    yield context.new_page()
    context.close()


@pytest.fixture
def desk(chromium, served):
    """A desk's browser, logged in as the privacy officer."""
    context = chromium.new_context(viewport=DESK, base_url=f"http://127.0.0.1:{served['site']}")
    page = context.new_page()
    page.goto("/login")
    page.fill("#id_username", served["staff"])
    page.fill("#id_password", served["password"])
    page.click("main button")
    yield page
    context.close()


def picture(page, name, *, whole=True):
    """Keep what is seen, where pictures are wanted."""
    if os.environ.get("SHOUXIN_PICTURES"):
        page.screenshot(path=PICTURES / f"{name}.png", full_page=whole)


@pytest.mark.parametrize("language", ["zh", "en"])
def test_the_three_answers_stand_on_the_first_screen_in_the_same_size(telephone, served, language):
    telephone.goto(f"/a/{served['silent']}?lang={language}")
    boxes = [button.bounding_box() for button in telephone.locator(".first button").all()]
    assert len(boxes) == 3
    assert len({(round(box["width"]), round(box["height"])) for box in boxes}) == 1
    assert all(box["y"] + box["height"] <= TELEPHONE["height"] for box in boxes)
    picture(telephone, f"customer-{language}")
    picture(telephone, f"customer-first-screen-{language}", whole=False)


def test_a_customer_says_no_and_reads_what_was_received(telephone, served):
    telephone.goto(f"/a/{served['silent']}")
    telephone.click("button[value=refuse]")
    assert telephone.url.split("?")[0].endswith("/done")
    assert "已收到您的答复：不同意" in telephone.inner_text("h1")
    assert telephone.context.cookies() == []
    picture(telephone, "customer-done-zh")
    telephone.click("text=English")
    assert "We have your answer: Do not agree" in telephone.inner_text("h1")


def test_a_customer_agrees_to_kinds_and_finds_nothing_ticked_beforehand(telephone, served):
    telephone.goto(f"/a/{served['silent']}")
    telephone.click("form[action$='/agree'] button")
    telephone.wait_for_url("**/agree*")
    assert telephone.locator("input[type=checkbox]").count() >= 2
    assert telephone.locator("input[type=checkbox]:checked").count() == 0
    picture(telephone, "customer-agree-zh")
    telephone.click("button[value=all]")
    assert "已收到您的答复：同意" in telephone.inner_text("h1")
    assert "未同意" in telephone.inner_text("main")


def test_a_reply_code_leads_to_the_personal_page(telephone, served):
    telephone.goto("/")
    telephone.fill("#code", served["code"].lower())
    telephone.click("button")
    assert telephone.url.split("?")[0].endswith(served["silent"])


def test_wrong_digits_show_nothing(telephone, served):
    telephone.goto(f"/a/{served['agreed']}/values")
    telephone.fill("#digits", "0000")
    telephone.click("button")
    assert "还可以试4次" in telephone.inner_text("main")


def test_the_customers_door_leads_nowhere_else(telephone, served):
    for address in ("/login", f"/cases/{served['case']}", "/ledger/0", "/static/web/staff.css"):
        assert telephone.goto(address).status == 404


@pytest.mark.parametrize("language", ["zh", "en"])
def test_the_case_page_says_first_what_is_missing(desk, served, language):
    desk.goto(f"/cases/{served['case']}?lang={language}")
    assert {"zh": "现在：还差", "en": "Now:"}[language] in desk.inner_text(".lead")
    assert SENDER.name in desk.inner_text("header")
    picture(desk, f"case-{language}", whole=False)
    desk.click("table.findings a >> nth=0")
    assert {"zh": "成立", "en": "holds"}[language] in desk.inner_text("h2")
    picture(desk, f"entry-{language}")


def test_one_person_is_explained_by_number(desk, served):
    desk.goto(f"/cases/{served['case']}?lang=zh")
    desk.fill("#person", served["handle"])
    desk.click("form.inline button")
    assert "《网络数据安全管理条例》第十二条" in desk.inner_text("main")
    picture(desk, "explain-zh", whole=False)
    desk.click("main .meta a >> nth=0")
    assert "应当通过合同等" in desk.inner_text("blockquote >> nth=0")


def test_nothing_is_loaded_from_elsewhere(desk, telephone, served):
    asked = []
    for page in (desk, telephone):
        page.on("request", lambda request: asked.append(request.url))
    desk.goto(f"/cases/{served['case']}")
    telephone.goto(f"/a/{served['silent']}")
    assert asked
    assert all(url.startswith("http://127.0.0.1:") for url in asked)
