"""The stories in which customers are told and nobody is asked: a new address, new shareholders.

The handler stays. What changed is told to everyone, the authority's road has its papers, every person's decision says
why the information stays in use; nothing about anybody leaves the company.
"""

from dataclasses import dataclass
from typing import Any

from shouxin.faces.cli.demo.story import Story
from shouxin.faces.cli.demo.told_words import ADDRESS, ToldSpeech


@dataclass
class ToldStory(Story):
    """One telling of a change about which nobody is asked; the other company moves things, or only witnesses."""

    speech: ToldSpeech = ADDRESS

    def _interview(self) -> dict[str, Any]:
        until, closing = self.sender.answers_until.isoformat(), self.sender.closing_on.isoformat()
        people = len(self.truth.customers())
        return self.speech.interview(self.receiver, people=people, answers_until=until, closing_on=closing)

    def _sign_agreement(self) -> None:
        if self.speech.entrusts:
            super()._sign_agreement()

    def _assess_and_back_up(self) -> None:
        self._assess()
        if self.speech.entrusts:
            self._close("sign-agreement")
        self._back_up(self.a)
        self._close("escrow-keys")
        self._close("drill-restore")

    def tell_and_ask(self) -> None:
        """Everyone is told what changed; some ask for a correction, a copy, or complain, and are answered."""
        self._tell()
        self._phase("demo.answers", 6)
        self._advance(days=3)
        self._take_requests()
        self._settle_requests()
        self._advance_to(self.sender.answers_over)
        for step in ("tell-customers", "answer-requests", "answer-complaints"):
            self._close(step)
        self._file_papers()

    def _take_requests(self) -> None:
        """A few call, quote the number of their notice, and ask."""
        wishes = ("copy", "correct", "explain", "complaint", "call_back")
        for wish, (_, received) in zip(wishes, self.people.in_touch(), strict=False):
            said = ["--said", "来电，按告知书上的编号核对", "--route", "telephone"]
            self.a.call("rights", "take", self.case, received.code, wish, "--by", self.a.staff["clerk"], *said)

    def _file_papers(self) -> None:
        """The authority's papers come back after the day of the change; each is filed by a signed statement."""
        self._advance_to(self.sender.cooled_off)
        owner, effective = self.a.staff["owner"], self.sender.closing_on.isoformat()
        for step, said in self.speech.statements.items():
            paper = self.folder / "between" / f"{step}.txt"
            paper.write_text(said, "utf-8")
            told = ["--kind", step, "--text", said, "--file", paper, "--effective", effective]
            self.a.call("case", "state", self.case, *told, "--by", owner, "--signer", owner)
            self._close(step)

    def hand_over(self) -> None:
        """Nothing is handed over."""

    def end(self) -> None:
        """Nothing ends: the handler and its purposes stay."""
