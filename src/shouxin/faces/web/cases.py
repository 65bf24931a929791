"""The staff's pages, all of them read-only: cases, one case, its people, one person explained, law, ledger, proof."""

from dataclasses import dataclass
from typing import Any

from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponseBase
from django.shortcuts import render

from shouxin.cases import queries
from shouxin.duties.inventory import queries as inventory
from shouxin.faces import words
from shouxin.faces.web import casepage, speech
from shouxin.faces.web.staff import LOOKING_AT_ONE_PERSON, staff_page
from shouxin.ground.kernel.canonical import encode
from shouxin.ground.kernel.merkle import check_inclusion
from shouxin.ground.kernel.refusals import Refusal
from shouxin.ground.rulebook import law
from shouxin.stores.ledger import queries as ledger
from shouxin.stores.parties import queries as parties
from shouxin.stores.parties.queries import StaffView

PEOPLE_A_PAGE, ENTRIES_A_PAGE = 100, 100


@dataclass(frozen=True)
class Proof:
    """One entry in the tree of the present size: its path to the root, and the checkpoint that covers it."""

    size: int
    root: str
    leaf: str
    path: tuple[str, ...]
    checkpoint: ledger.CheckpointView | None


@staff_page()
def case_list(request: HttpRequest, member: StaffView) -> HttpResponseBase:
    """All cases, the newest first."""
    return _show(request, "web/cases.html", member, cases=queries.cases())


@staff_page()
def case_page(request: HttpRequest, member: StaffView, case: str) -> HttpResponseBase:
    """One case: what is missing first, then people, time line, steps."""
    try:
        page = casepage.build(case, ledger.clock().now())
    except Refusal as refused:
        raise Http404 from refused
    return _show(request, "web/case.html", member, page=page, case=page.case, may_explain=_may_explain(member))


@staff_page(*LOOKING_AT_ONE_PERSON)
def people_page(request: HttpRequest, member: StaffView, case: str, which: str) -> HttpResponseBase:
    """The people behind a count, by handle; no value."""
    try:
        row = queries.case(case)
        customers = casepage.people(case, which, ledger.clock().now())
    except Refusal as refused:
        raise Http404 from refused
    page = Paginator(customers, PEOPLE_A_PAGE).get_page(request.GET.get("page"))
    named = inventory.handles(list(page.object_list))
    listed = [named.get(customer, "") for customer in page.object_list]
    return _show(request, "web/people.html", member, case=row, which=which, page=page, handles=listed)


@staff_page(*LOOKING_AT_ONE_PERSON)
def explain_page(request: HttpRequest, member: StaffView, case: str) -> HttpResponseBase:
    """Why one person is treated so: the deciding row of each kind, its article, the facts, what would change it."""
    try:
        row = queries.case(case)
    except Refusal as refused:
        raise Http404 from refused
    person, told, trouble = request.GET.get("person", "").strip(), None, ""
    if person:
        try:
            told = _told(queries.explain_person(case, inventory.customer(person), ledger.clock().now()), row.recipient)
        except Refusal as refused:
            trouble = words.sentence(refused.code, refused.facts, in_language=speech.language())
    return _show(request, "web/explain.html", member, case=row, person=person, told=told, trouble=trouble)


@staff_page()
def law_page(request: HttpRequest, member: StaffView, id: str) -> HttpResponseBase:
    """A source of law: its name, how far it is checked, its words."""
    try:
        cited = law.cite(id)
    except Refusal as refused:
        raise Http404 from refused
    duty = law.obligations().get(id)
    held = law.article(duty.statute, duty.article) if duty else None
    return _show(request, "web/law.html", member, cited=cited, duty=duty, article=held)


@staff_page()
def ledger_page(request: HttpRequest, member: StaffView, case: str) -> HttpResponseBase:
    """The entries of one case, the newest first."""
    try:
        row = queries.case(case)
    except Refusal as refused:
        raise Http404 from refused
    entries = list(reversed(ledger.entries(scope=row.scope)))
    page = Paginator(entries, ENTRIES_A_PAGE).get_page(request.GET.get("page"))
    return _show(request, "web/ledger.html", member, case=row, page=page, height=ledger.height())


@staff_page()
def entry_page(request: HttpRequest, member: StaffView, seq: int) -> HttpResponseBase:
    """One entry and the proof that the log contains it, computed now."""
    try:
        entry = ledger.entry(seq)
    except Refusal as refused:
        raise Http404 from refused
    facts = [(name, _plain(value)) for name, value in sorted(entry.facts.items())]
    return _show(request, "web/entry.html", member, entry=entry, facts=facts, proof=_prove(seq), origin=ledger.origin())


def _told(told: dict[str, Any], recipient: str) -> list[dict[str, Any]]:
    """Each kind with its reason as a sentence."""
    spoken = speech.language()
    known = {"company": parties.company().name, "recipient": parties.recipient(recipient).name}
    return [
        {**each, "sentence": each[spoken].format_map(_Named({**known, "category": speech.kind(each["category"])}))}
        for each in told["categories"]
    ]


class _Named(dict[str, str]):
    """What a sentence names; what is not known here shows as a dash."""

    def __missing__(self, key: str) -> str:
        return "—"


def _prove(seq: int) -> Proof:
    """The path of an entry, checked against the root before it is shown.

    Raises:
        Corrupt: the log does not contain what it says.
    """
    size = ledger.height()
    leaf, path, root = ledger.ref(seq).leaf, ledger.inclusion(seq, size), ledger.root_at(size)
    check_inclusion(leaf=leaf, index=seq, size=size, path=path, expected=root)
    covering = next((each for each in ledger.checkpoints() if each.size > seq), None)
    return Proof(size, root.hex(), leaf.hex(), tuple(each.hex() for each in path), covering)


def _plain(value: Any) -> str:
    if isinstance(value, list) and all(isinstance(each, str) for each in value):
        return ", ".join(value) or "—"
    return value if isinstance(value, str) else encode(value).decode()


def _may_explain(member: StaffView) -> bool:
    return member.role in LOOKING_AT_ONE_PERSON


def _show(request: HttpRequest, template: str, member: StaffView, **more: Any) -> HttpResponseBase:
    page = {
        "member": member,
        "company": parties.company(),
        "simulated": ledger.is_simulated(),
        "now": ledger.clock().now(),
        "language": speech.language(),
    }
    return render(request, template, {**page, **more})
