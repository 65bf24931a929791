"""The story: a company that sells its business, the company that takes over who agrees, and the proof in between.

Each company is an installation of its own; they exchange files. Every step is a verb of the command line, called in the
company's long-lived process. Time is the simulated clock.
"""

import json
import secrets
import socket
import subprocess
import sys
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from shouxin.faces.cli.demo import words
from shouxin.faces.cli.demo.companies import Company
from shouxin.faces.cli.demo.counting import fill_in
from shouxin.faces.cli.demo.customers import (
    Customers,
    Entry,
    answer_all_on_page,
    said_first,
    said_later,
    write_sheet,
)
from shouxin.faces.cli.demo.post import carry_short_messages, read_mail
from shouxin.faces.cli.demo.senders import Correct, Sender
from shouxin.ground.kernel.refusals import Unavailable
from shouxin.ground.kernel.times import to_text

OVER_HTTP = 240
A_STAFF = (("owner", "owner"), ("officer", "privacy_officer"), ("clerk", "clerk"), ("second", "second_signer"))
B_STAFF = (("owner", "owner"), ("officer", "privacy_officer"))


@dataclass
class Story:
    """One telling of it, in one folder: `A`, `B`, what A's customers receive (`outside`), and the proof (`proof`)."""

    folder: Path
    sender: Sender
    teller: Callable[[str, int, int], None]
    ends: dict[str, int] = field(default_factory=dict)
    over_http: int = 0
    case: str = ""
    tid: str = ""
    certificate: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for name in ("outside/mail", "outside/phones", "outside/holders", "proof", "between"):
            (self.folder / name).mkdir(parents=True)
        self.now = self.sender.starts
        self.a = Company("A", self.folder / "A" / "home", self._secrets("a", A_STAFF))
        self.b = Company("B", self.folder / "B" / "home", self._secrets("b", B_STAFF))
        self.pack, self.trust = self.folder / "proof" / "pack.zip", self.folder / "proof" / "trust.json"
        self.report = self.folder / "proof" / "report.pdf"
        self._post: subprocess.Popen[str] | None = None

    def start(self) -> None:
        """Start the companies' processes and the post, so that they load what they need while the files are written."""
        self.a.start()
        self.b.start()
        if self.sender.has_mail:
            self._post = self._start_post()

    def stop(self) -> None:
        """End what was started."""
        self.a.stop()
        self.b.stop()
        if self._post is not None and self._post.stdin is not None:
            self._post.stdin.close()
            self._post.wait(timeout=20)

    # --- before anything moves --------------------------------------------------------------------------------------

    def prepare(self) -> None:
        """A's own files; both companies founded; sources collected; case, agreement, assessment, backup, drill."""
        self._phase("demo.files", 0)
        files = self.folder / "A" / "files"
        self.truth = self.sender.write(files)
        self.people = Customers(self.truth, self.sender.answer(self.truth))
        self._found()
        self._agree()
        self._collect(files)
        self._open_case()
        self._assess_and_back_up()

    def _found(self) -> None:
        self._phase("demo.found", 1)
        self.port = _free_port()
        start, said = ["--simulated", "--clock", to_text(self.sender.starts)], self.sender.says
        mail = self._mail_options() if self.sender.has_mail else []
        with ThreadPoolExecutor(2) as both:
            first = both.submit(self._found_company, self.a, said.sender, A_STAFF, [*start, *mail])
            second = both.submit(self._found_company, self.b, said.receiver, B_STAFF, start)
            first.result(), second.result()

    def _found_company(
        self, company: Company, who: Mapping[str, str], people: tuple[tuple[str, str], ...], options: list[str]
    ) -> None:
        keys = self.folder / company.name / "escrow"
        named = [option for name, value in who.items() for option in (f"--{name}", value)]
        recovery = self.folder / "outside" / "holders" / f"{company.name}-recovery.json"
        company.call("init", *named, *options, "--escrow", keys, "--recovery-out", recovery)
        for name, role in people:
            added = company.call("staff", "add", "--name", name, "--role", role, "--secret", name)
            company.staff[name] = str(added["staff"])
        self._add_secrets(company)

    def _start_post(self) -> subprocess.Popen[str]:
        command = [sys.executable, "-m", "shouxin.faces.cli.demo.post", str(self.folder / "outside" / "mail")]
        return subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, start_new_session=True
        )

    def _mail_options(self) -> list[str]:
        self._post = self._post or self._start_post()
        if self._post.stdout is None:
            raise Unavailable("the mail server of the demo did not start")
        smtp = self._post.stdout.readline().strip()
        sender = ["--mail-server", f"127.0.0.1:{smtp}", "--mail-from", "shop@sender.example"]
        return [*sender, "--public-address", f"http://127.0.0.1:{self.port}"] if self.sender.has_page else sender

    def _agree(self) -> None:
        said = self.sender.says
        for company in (self.a, self.b):
            company.call("company", "card", "--out", self.folder / "between" / f"{company.name}.card")
        terms = [option for text in said.purposes for option in ("--purpose", text)]
        terms += [option for text in said.methods for option in ("--method", text)]
        self.receiver = self._add_peer(self.a, self.b, said.receiver, terms)
        self.giver = self._add_peer(self.b, self.a, said.sender, terms)
        self._sign_agreement()

    def _sign_agreement(self) -> None:
        between, said = self.folder / "between", self.sender.says
        clauses, document = between / "clauses.json", between / "agreement.txt"
        clauses.write_text(json.dumps(dict(said.clauses), ensure_ascii=False), "utf-8")
        document.write_text("\n".join(said.clauses.values()), "utf-8")
        both = ["--clauses", clauses, "--document", document]
        signed = []
        for company, peer in ((self.a, self.receiver), (self.b, self.giver)):
            out = between / f"agreement-{company.name}.dsse"
            company.call("recipient", "agreement", peer, *both, "--sign-out", out)
            signed += ["--signature", out]
        for company, peer in ((self.a, self.receiver), (self.b, self.giver)):
            company.call("recipient", "agreement", peer, *both, *signed, "--by", company.staff["officer"])

    def _add_peer(self, company: Company, other: Company, who: Any, terms: list[str]) -> str:
        card = self.folder / "between" / f"{other.name}.card"
        by = ["--by", company.staff["officer"]]
        added = company.call("recipient", "add", "--card", card, "--contact", who["contact"], *terms, *by)
        return str(added["recipient"])

    def _collect(self, files: Path) -> None:
        self._phase("demo.collect", 2)
        clerk = self.a.staff["clerk"]
        known = {".xlsx": "file", ".csv": "file", ".sqlite": "database"}
        beside = ("纸箱", "出售物品")
        for path in sorted(files.iterdir(), key=lambda each: ("名单" not in each.name, each.name)):
            if path.name.startswith(beside) or path.suffix not in known:
                continue
            told = ["--title", path.stem, "--custodian", clerk, "--by", clerk, "--kind", known[path.suffix]]
            correct = self.sender.corrections.get(path.name)
            source = self.a.call("source", "add", path, *told, *([] if correct else ["--confirm"]))["source"]
            if correct:
                self._confirm_corrected(source, correct, clerk)
            self.a.call("collect", source, "--by", clerk)
        self._register_things(files, clerk)

    def _confirm_corrected(self, source: int, correct: Correct, clerk: str) -> None:
        """Whoever knows the database corrects what the scan suggests, and confirms it for all tables."""
        plan = self.folder / "between" / "plan.json"
        self.a.call("source", "plan", source, "--out", plan)
        plan.write_text(json.dumps(correct(json.loads(plan.read_text("utf-8"))), ensure_ascii=False), "utf-8")
        self.a.call("source", "confirm", source, "--plan", plan, "--by", clerk)

    def _register_things(self, files: Path, clerk: str) -> None:
        goods = next(iter(files.glob("出售物品*")))
        self.a.call("source", "goods", goods, "--by", clerk)
        for boxes in files.glob("纸箱*"):
            contracts = [option for path in files.glob("合同*") for option in ("--contracts", path)]
            self.a.call("source", "boxes", boxes, *contracts, "--by", clerk)

    def _open_case(self) -> None:
        self._phase("demo.case", 3)
        asked = self.folder / "between" / "interview.json"
        asked.write_text(json.dumps(self._interview(), ensure_ascii=False), "utf-8")
        officer, title = self.a.staff["officer"], self.sender.says.title
        opened = self.a.call("case", "open", "--title", title, "--interview", asked, "--by", officer)
        self.case = str(opened["case"])
        for step in ("name-people", "register-sources", "confirm-fields", "collect", "fix-flows"):
            self._close(step)

    def _interview(self) -> dict[str, Any]:
        until, closing = self.sender.answers_until.isoformat(), self.sender.closing_on.isoformat()
        people = len(self.truth.customers())
        return words.interview(self.sender.says, self.receiver, people=people, answers_until=until, closing_on=closing)

    def _assess_and_back_up(self) -> None:
        self._assess()
        self._close("sign-agreement")
        self._back_up(self.a)
        self._close("escrow-keys")
        self._close("drill-restore")
        self._mark_goods()

    def _assess(self) -> None:
        self._phase("demo.assess", 4)
        officer, replies = self.a.staff["officer"], self.folder / "between" / "assessment.json"
        asked = self.a.call("assessment", "draft", self.case, "--by", officer)["unanswered"]
        wanted = {each["id"]: self.sender.says.assessment[each["id"]] for each in asked}
        replies.write_text(json.dumps(wanted, ensure_ascii=False), "utf-8")
        self.a.call("assessment", "draft", self.case, "--by", officer, "--answers", replies, "--custodian", officer)
        for staff in (officer, self.a.staff["owner"]):
            self.a.call("assessment", "sign", self.case, "--staff", staff)
        self._close("assess-impact")

    def _back_up(self, company: Company) -> None:
        officer = company.staff["officer"]
        recovery = self.folder / "outside" / "holders" / f"{company.name}-recovery.json"
        company.call("backup", "create", "--by", officer)
        company.call("backup", "escrow", "--by", officer)
        company.call("backup", "drill", "--by", officer, "--recovery", recovery)

    def _mark_goods(self) -> None:
        clerk, second = self.a.staff["clerk"], self.a.staff["second"]
        for place in self.a.call("source", "list")["places"]:
            if place["kind"] != "good" or not place["holds_information"]:
                continue
            number = place["title"].split(" ", 1)[0]
            for step, method in (
                ("taken_out", "导出并移交负责人"),
                ("wiped", "恢复出厂并覆写"),
                ("checked", "开机核对无客户信息"),
            ):
                marks = ["--number", number, "--step", step, "--method", method, "--second", second]
                self.a.call("source", "goods", *marks, "--by", clerk)
        self._close("list-goods")

    # --- tell and ask -----------------------------------------------------------------------------------------------

    def tell_and_ask(self) -> None:
        """The notice goes out; customers answer over the page, by telephone, on paper; requests are answered."""
        self._tell()
        self._phase("demo.answers", 6)
        self._advance(days=3)
        self._answer()
        self._hold_disputed()
        self._advance_to(self.sender.answers_over)
        for step in ("tell-customers", "take-answers", "answer-requests", "answer-complaints"):
            self._close(step)

    def _tell(self) -> None:
        self._phase("demo.tell", 5)
        wording = self.folder / "between" / "wording.json"
        wording.write_text(json.dumps(dict(self.sender.says.wording), ensure_ascii=False), "utf-8")
        self.a.call("notices", "adopt", self.case, "--wording", wording, "--by", self.a.staff["officer"])
        self._close("adopt-text")
        self._advance(days=1)
        self.a.call("notices", "send", self.case, "--by", self.a.staff["clerk"])
        self._announce()
        self._read_post()

    def _announce(self) -> None:
        photo = self.folder / "between" / "poster.jpg"
        photo.write_bytes(secrets.token_bytes(2048))
        shown = ["--place", "门店正门", "--days", "18", "--photo", photo]
        self.a.call("notices", "announce", self.case, *shown, "--by", self.a.staff["clerk"])

    def _read_post(self) -> None:
        spool, outside = self.a.folder / "spool", self.folder / "outside"
        self.people.read(read_mail(outside / "mail"))
        self.people.read(carry_short_messages(spool / "sms", outside / "phones"))
        self.people.read_lists(spool / "lists")

    def _answer(self) -> None:
        answering = self.people.answering()
        linked = [who for who in answering if who[2].link and who[1].route == "page"]
        asking = [who for who in linked if who[1].answer not in ("agree", "refuse")]
        plain = [who for who in linked if who[1].answer in ("agree", "refuse")]
        pressed = (asking + plain)[: max(OVER_HTTP, len(asking))]
        if pressed:
            self.a.call("serve", "--port", self.port)
            self.over_http = answer_all_on_page(f"http://127.0.0.1:{self.port}", pressed)
        done = {who[0].key for who in pressed}
        self._write_down([entry for who in answering for entry in said_first(who, on_page=who[0].key in done)])
        self._settle_requests()
        self._write_down([entry for who in answering for entry in said_later(who)])

    def _write_down(self, entries: list[Entry]) -> None:
        """Staff keep an answer sheet through the day, and read it in at its end."""
        sheet = self.folder / "between" / "answers.csv"
        at = self.now.astimezone(UTC) + timedelta(hours=8)
        write_sheet(sheet, entries, at=at, taken_by=self.a.staff["clerk"])
        self._advance(hours=1)
        self.a.call("consent", "import", self.case, sheet, "--by", self.a.staff["clerk"])
        sheet.unlink()

    def _settle_requests(self) -> None:
        officer, waiting = self.a.staff["officer"], self.a.call("rights", "list", self.case)
        for each in waiting["requests"]:
            self.a.call("rights", "answer", each["id"], "--by", officer, "--said", "已按您的要求办理并答复")
        for each in waiting["matters"]:
            outcome = "called" if each["kind"] == "call_back" else "explained"
            self.a.call("rights", "settle", each["id"], "--by", officer, "--outcome", outcome, "--said", "已回电说明")

    def _hold_disputed(self) -> None:
        """A court asks that nothing of some people is touched: nothing of them is handed over or destroyed."""
        ordered = ["--reason", "dispute", "--authority", "样例区人民法院 (2026) 样字第 1 号", "--case", self.case]
        by = ["--by", self.a.staff["officer"]]
        for person, plan, _ in self.people.answering():
            if plan.disputes:
                (handle,) = self.a.call("customer", "find", person.customer_numbers[0], *by)["found"]
                self.a.call("hold", "add", "--customer", handle, *ordered, *by)

    # --- decide, hand over, end, prove ------------------------------------------------------------------------------

    def decide(self) -> None:
        """Per person and kind, with the article."""
        self._phase("demo.decide", 7)
        decided = self.a.call("case", "decide", self.case, "--by", self.a.staff["officer"])
        self.ends = dict(decided["people"])
        self._close("decide")

    def hand_over(self) -> None:
        """PIT-1: offer, acceptance, package, receipt, a withdrawal on the way, import, challenge, settlement."""
        self._phase("demo.hand_over", 8)
        a_by, b_by = ["--by", self.a.staff["officer"]], ["--by", self.b.staff["officer"]]
        offer = self.a.call("transfer", "offer", "--case", self.case, *a_by)
        tid = self.tid = str(offer["transfer"])
        accepted = self.b.call("transfer", "accept", offer["message"], *b_by)
        packed = self.a.call("transfer", "pack", tid, *a_by, "--message", accepted["message"])
        self._close("offer")
        receipt = self.b.call("transfer", "receive", packed["message"], *b_by)
        self.a.call("transfer", "receive", receipt["message"], *a_by)
        self._close("pack")
        self._withdraw_in_flight(a_by, b_by)
        recovery = self.folder / "outside" / "holders" / "B-recovery.json"
        imported = self.b.call("transfer", "import", tid, *b_by, "--recovery", recovery)
        self.a.call("transfer", "receive", imported["message"], *a_by)
        asked = self.a.call("transfer", "challenge", tid, *a_by)
        answered = self.b.call("transfer", "answer", asked["message"], *b_by)
        settled = self.a.call("transfer", "settle", tid, *a_by, "--message", answered["message"])
        self._acknowledge(settled["message"], a_by, b_by)
        self._close("settle")
        self._advance_to(self.sender.cooled_off)
        again = self.b.call("transfer", "ack", tid, *b_by, "--again")
        self.a.call("transfer", "receive", again["message"], *a_by)

    def _withdraw_in_flight(self, a_by: list[str], b_by: list[str]) -> None:
        """Some who agreed take it back after the package has gone."""
        late = [who for who in self.people.answering() if who[1].withdraws == "after_packing"]
        handles = []
        for _, _, received in late[:5]:
            taken = self.a.call(
                "consent", "record", self.case, received.code, "withdraw", "--by", self.a.staff["clerk"],
                "--route", "telephone", "--proof", "来电", may_fail=True,
            )  # fmt: skip
            if "error" not in taken:
                handles.append(taken["customer"])
        if handles:
            named = [option for handle in handles for option in ("--customer", handle)]
            gone = self.a.call("transfer", "withdraw", self.tid, *a_by, *named)
            self._acknowledge(gone["message"], a_by, b_by)

    def _acknowledge(self, message: str, a_by: list[str], b_by: list[str]) -> None:
        known = self.b.call("transfer", "ack", self.tid, *b_by, "--message", message)
        self.a.call("transfer", "receive", known["message"], *a_by)

    def end(self) -> None:
        """What was settled, refused or never answered meets its end; every registered place does; the certificate."""
        self._phase("demo.permit", 9)
        officer, owner = self.a.staff["officer"], self.a.staff["owner"]
        self.a.call("case", "decide", self.case, "--by", officer)
        self.a.call("dispose", "plan", self.case, "--by", officer)
        both = ["--signer", officer, "--signer", owner]
        self.a.call("dispose", "approve", self.case, *both)
        self.a.call("case", "permit", self.case, "--by", officer, *both)
        permit = self.a.call("transfer", "permit", self.tid, "--by", officer)
        self.b.call("transfer", "receive", permit["message"], "--by", self.b.staff["officer"])
        self._close("permit", "officer", "owner")
        self._phase("demo.destroy", 10)
        kept = ["--witness", self.a.staff["second"], "--custodian", owner]
        self.a.call("dispose", "destroy", self.case, "--by", officer, *kept)
        self._close("destroy")
        self._end_places(both)
        watched = ["--witness", self.a.staff["second"]]
        self.certificate = self.a.call("dispose", "certificate", self.case, "--by", officer, *watched)
        self._close("certify")

    def _end_places(self, both: list[str]) -> None:
        officer = self.a.staff["officer"]
        canaries = self.folder / "between" / "canaries.txt"
        canaries.write_text("\n".join(sorted(self._canaries())), "utf-8")
        self.a.call("dispose", "sources", self.case, "--by", officer, "--confirm", "--canaries", canaries)
        canaries.unlink()
        self._end_boxes(both)
        self._close("end-places", "officer", "owner")

    def _end_boxes(self, both: list[str]) -> None:
        """Two people count what lies in each box, shred it, and seal the originals whole."""
        by, sheet = ["--by", self.a.staff["officer"]], self.folder / "between" / "boxes.csv"
        if self.a.call("dispose", "boxes", self.case, "--out", sheet, *by)["open"]:
            fill_in(sheet, custodian=self.a.staff["owner"])
            self.a.call("dispose", "boxes", self.case, sheet, *by, *both)

    def _canaries(self) -> set[str]:
        """People's telephone numbers as the files write them, looked for in every file after the end."""
        return {text for _, kind, text in self.truth.identifiers() if kind == "phone"}

    def prove(self) -> None:
        """Checkpoints cosigned, the evidence pack written and verified, the trust file from the other company."""
        self._phase("demo.prove", 11)
        self._cosign()
        self.b.call("evidence", "trust", "--recipient", self.giver, "--out", self.trust)
        export = ["--out", self.pack, "--by", self.a.staff["officer"]]
        self.ends = dict(self.a.call("evidence", "export", self.case, *export)["ends"])
        self._cosign()
        self._close("prove")
        self._cosign()
        self.a.call("case", "close", self.case, "--by", self.a.staff["officer"])

    def _cosign(self) -> None:
        between = self.folder / "between"
        ours, theirs = between / "A.checkpoint", between / "A.cosigned"
        self.a.call("ledger", "checkpoint", "--out", ours)
        self.b.call("ledger", "cosign", ours, "--recipient", self.giver, "--out", theirs)
        self.a.call("ledger", "cosign", theirs, "--recipient", self.receiver, "--ours")

    # --- small things -----------------------------------------------------------------------------------------------

    def _close(self, step: str, *signers: str) -> None:
        signed = [option for each in signers for option in ("--signer", self.a.staff[each])]
        self.a.call("case", "step", self.case, step, "--by", self.a.staff["officer"], *signed)

    def _advance(self, **delta: int) -> None:
        self._advance_to(self.now + timedelta(**delta))

    def _advance_to(self, instant: datetime) -> None:
        self.now = instant
        for company in (self.a, self.b):
            company.call("company", "clock", "--to", to_text(instant))

    def _phase(self, name: str, number: int) -> None:
        self.teller(name, number, 12)

    def _secrets(self, letter: str, people: tuple[tuple[str, str], ...]) -> Path:
        """Each passphrase is drawn for this run and lies with its holder, outside the company's folder."""
        path = self.folder / "outside" / "holders" / f"{letter}.env"
        names = ["company", "recovery", *(name for name, _ in people)]
        path.write_text("".join(f"{name}={secrets.token_urlsafe(18)}\n" for name in names), "utf-8")
        return path

    def _add_secrets(self, company: Company) -> None:
        """A member of staff signs under the own id."""
        lines = dict(line.split("=", 1) for line in company.secrets.read_text("utf-8").splitlines())
        more = "".join(f"{staff}={lines[name]}\n" for name, staff in company.staff.items())
        with company.secrets.open("a", encoding="utf-8") as file:
            file.write(more)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
