"""The demo's customers: they read what came by mail, telephone or letter, and answer as the answer book says.

Each letter carries a reply code; who received it is found by the address it came to. Answers go through the real page
over HTTP, or are written down by staff on an answer sheet, as they are in life.
"""

import csv
import re
import ssl
import unicodedata
from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

import fastexcel
import httpx

from shouxin.ground.kernel.refusals import Unavailable
from shouxin.ground.samples import PlannedAnswer, TruePerson, Truth

_CODE = re.compile(
    r"(?:答复码|编号|[Rr]eply code|quote|number|code)[^0-9A-Z]{0,8}([0-9A-HJKMNP-TV-Z]{4})-?([0-9A-HJKMNP-TV-Z]{4})"
)
_CELL = re.compile(r"^([0-9A-HJKMNP-TV-Z]{4})-?([0-9A-HJKMNP-TV-Z]{4})$")
_LINK = re.compile(r"https?://[^\s,。]+/a/([0-9A-Za-z]+)")
_TOKEN = re.compile(r'name="csrfmiddlewaretoken" value="([^"]+)"')
_SIGNS = re.compile(r"[^0-9A-Za-z@.\u4e00-\U0003ffff]")
_NO_TLS = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
"""The pages are on loopback without TLS; a browser that reads no list of authorities starts at once."""
_WORDS = {
    "agree": "同意",
    "refuse": "不同意",
    "call_me": "请打电话给我",
    "withdraw": "撤回",
    "correct": "更正",
    "copy": "查阅",
    "delete": "删除",
    "complaint": "投诉",
}
_ROUTES = {"reply_code": "答复码", "telephone": "来电", "paper": "纸面", "page": "答复码"}


@dataclass
class Received:
    """What one customer received: the code, and the personal link where there is one."""

    code: str = field(repr=False)
    link: str = field(repr=False, default="")


Known = tuple[TruePerson, PlannedAnswer, Received]
"""A person, what this person will answer, and what came to the door."""


@dataclass
class Customers:
    """The customers of one company, by the addresses they can be reached at."""

    truth: Truth
    plans: Mapping[str, PlannedAnswer]
    received: dict[str, Received] = field(default_factory=dict)
    _by_text: dict[str, list[str]] = field(default_factory=dict, repr=False)

    def __post_init__(self) -> None:
        for person in self.truth.customers():
            for kind in ("email", "phone", "address"):
                for text in person.texts.get(kind, ()):
                    self._by_text.setdefault(_plain(text), []).append(person.key)
        for person in self.truth.customers():
            guardian = self.truth.people.get(person.guardian) if person.guardian else None
            for text in guardian.texts.get("phone", ()) if guardian else ():
                self._by_text.setdefault(_plain(text), []).append(person.key)

    def read(self, messages: Iterable[tuple[str, str]]) -> int:
        """Read messages (address, text): whoever stands behind the address now knows code and link."""
        count = 0
        for address, text in messages:
            code, link = _CODE.search(text), _LINK.search(text)
            if code and self._give(address, "", Received(code[1] + code[2], link[1] if link else "")):
                count += 1
        return count

    def read_lists(self, folder: Path) -> int:
        """Be called or written to, by the lists that were made for that (name, number or address, code)."""
        count = 0
        for path in sorted(folder.rglob("*.xlsx")):
            rows = fastexcel.read_excel(path).load_sheet(0, header_row=None, dtypes="string").to_arrow().to_pylist()
            for row in rows[1:]:
                cells = [str(value or "") for value in row.values()][:4]
                code = _CELL.search(cells[3])
                if code and self._give(cells[2], cells[1], Received(code[1] + code[2])):
                    count += 1
        return count

    def _give(self, address: str, name: str, what: Received) -> bool:
        candidates = self._by_text.get(_plain(address), [])
        named = [key for key in candidates if name and _plain(name) in map(_plain, self._names(key))]
        for key in named or candidates:
            if key not in self.received:
                self.received[key] = what
                return True
        return False

    def _names(self, key: str) -> tuple[str, ...]:
        person = self.truth.people[key]
        return (person.name, *person.texts.get("name", ()))

    def in_touch(self) -> list[tuple[TruePerson, Received]]:
        """Everyone who received something, in the order of their keys."""
        return [(self.truth.people[key], self.received[key]) for key in sorted(self.received)]

    def answering(self) -> list[Known]:
        """Those who received something and will answer it, in the order of their keys."""
        return [
            (self.truth.people[key], self.plans[key], self.received[key])
            for key in sorted(self.received)
            if key in self.plans and self.plans[key].route
        ]


def answer_on_page(base: str, who: Known) -> str:
    """Open the personal page as a person would, and press one answer. Gives what was pressed.

    Raises:
        Unavailable: the page did not take the answer.
    """
    person, plan, received = who
    with httpx.Client(base_url=base, follow_redirects=True, timeout=30, verify=_NO_TLS) as browser:
        opened = browser.get(f"/a/{received.link}")
        token = _TOKEN.search(opened.text)
        if opened.status_code != httpx.codes.OK or token is None:
            raise Unavailable(f"the customer's page answered {opened.status_code}")
        form = _form(person, plan)
        form["csrfmiddlewaretoken"] = token[1]
        pressed = browser.post(f"/a/{received.link}", data=form)
        if pressed.status_code != httpx.codes.OK:
            child = " of a child" if plan.by_guardian else ""
            raise Unavailable(f"the customer's page answered {pressed.status_code} to {form['answer']}{child}")
        return form["answer"]


def answer_all_on_page(base: str, people: list[Known]) -> int:
    """Let these people answer through the page, a few at a time."""
    with ThreadPoolExecutor(4) as pool:
        return sum(1 for _ in pool.map(lambda who: answer_on_page(base, who), people))


def _form(person: TruePerson, plan: PlannedAnswer) -> dict[str, str]:
    form = {"answer": plan.answer}
    if plan.answer == "agree":
        form["kinds"] = "all"
        if plan.sensitive_agreed:
            form["sensitive"] = "on"
        if plan.by_guardian:
            form |= {"guardian": "on", "guardian_name": f"{person.name[:1]}家长", "guardian_relation": "mother"}
    if plan.answer == "correct":
        name, text = plan.correction or ("other", "")
        form["field"] = name if name in _CORRECTABLE else "other"
        form["text"] = text or "请核对"
    return form


_CORRECTABLE = ("name", "phone", "address", "email", "service_address", "birth_date", "other")


@dataclass(frozen=True)
class Entry:
    """One line of an answer sheet: what staff wrote down of one person, under the code that was told."""

    code: str = field(repr=False)
    said: str
    route: str
    sensitive: bool = False
    guardian: bool = False
    wish: str = field(default="", repr=False)


def said_first(who: Known, *, on_page: bool) -> list[Entry]:
    """What a person says when the notice has come; an answer pressed on the page is not written down again."""
    _, plan, received = who
    entries = [] if on_page else [_entry(plan, received, plan.answer)]
    if plan.complains:
        entries.append(Entry(received.code, "complaint", "telephone", wish="上次约定的时间没有来人"))
    return entries


def said_later(who: Known) -> list[Entry]:
    """What follows once the company has answered: the yes or no after a request, or a yes taken back."""
    _, plan, received = who
    entries = [_entry(plan, received, plan.then)] if plan.then else []
    if plan.withdraws == "before_packing":
        entries.append(Entry(received.code, "withdraw", "telephone"))
    return entries


def _entry(plan: PlannedAnswer, received: Received, said: str) -> Entry:
    agrees = said == "agree"
    return Entry(
        received.code,
        said,
        plan.route,
        sensitive=agrees and plan.sensitive_agreed,
        guardian=agrees and plan.by_guardian,
        wish=(plan.correction or ("", "请核对"))[1] if said == "correct" else "",
    )


def write_sheet(path: Path, entries: Iterable[Entry], *, at: datetime, taken_by: str) -> int:
    """What staff wrote down of answers by telephone, paper and reply code: an answer sheet."""
    lines = 0
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        sheet = csv.writer(file)
        sheet.writerow(["答复码", "答复", "途径", "答复时间", "登记人", "凭证", "敏感信息", "监护人", "内容"])
        for lines, entry in enumerate(entries, start=1):
            marks = ["是" if mark else "" for mark in (entry.sensitive, entry.guardian)]
            noted = [f"{at:%Y-%m-%d %H:%M}", taken_by, f"记录{lines}"]
            sheet.writerow([entry.code, _WORDS[entry.said], _ROUTES[entry.route], *noted, *marks, entry.wish])
    return lines


def _plain(text: str) -> str:
    return _SIGNS.sub("", unicodedata.normalize("NFKC", text)).lower().removeprefix("86") or text
