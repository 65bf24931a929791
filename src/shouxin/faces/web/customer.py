"""The customer's page: telephone first, without scripts, without cookies.

    GET  /a                     a reply code is typed here (POST: on to the page of its owner)
    GET  /a/<token>             who writes, what changes, who would receive what and why; no value, and nothing changes
    POST /a/<token>             one answer or request, then on to …/done
    GET  /a/<token>/agree       which kinds; the sensitive ones apart; the guardian of a child
    GET  /a/<token>/family      time to talk with the family
    GET  /a/<token>/requests    correction, copy, deletion, complaint
    GET  /a/<token>/values      the second factor; POST: the values, masked
    GET  /a/<token>/done        what was received, to keep and print

Every page takes `?lang=zh|en`. Fields of the POST to /a/<token>: `csrfmiddlewaretoken` (the signed form key that each
page carries), `lang`, `answer` and

    agree       kinds=all, or kinds=<category> as often as kinds are chosen; sensitive=on for the sensitive kinds;
                for a child under 14: guardian=on, guardian_name, guardian_relation=father|mother|other_guardian
    refuse, withdraw, call_me, copy, delete             nothing more
    correct     field=<field id or other>, text
    complain    text

Answered by 303 to …/done; 400 when something is missing, 409 when a rule says no, 404 for any link that leads nowhere.
"""

import functools
from collections.abc import Callable
from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils import translation
from django.utils.cache import add_never_cache_headers
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from shouxin.duties.inventory import revealing
from shouxin.duties.notices import queries as notices
from shouxin.duties.notices import sending
from shouxin.duties.relations import queries as relations
from shouxin.duties.rights import queries as rights
from shouxin.faces.web import answering, holders, limits
from shouxin.faces.web.agents import agent_class
from shouxin.faces.web.holders import Holder
from shouxin.faces.web.speech import DJANGO_LANGUAGE
from shouxin.ground.kernel.refusals import Refusal
from shouxin.stores.parties import services as parties

View = Callable[[HttpRequest, Holder], HttpResponseBase]
_TAIL = 4


class SeeOther(HttpResponseRedirect):
    """On to a page to be read, whatever was sent before."""

    status_code = 303


def for_holder(view: View) -> Callable[..., HttpResponseBase]:
    """A page for the holder of a link; the one friendly page for everybody else. Never kept, never told on."""

    @csrf_exempt
    @require_http_methods(["GET", "HEAD", "POST"])
    @functools.wraps(view)
    def shown(request: HttpRequest, token: str) -> HttpResponseBase:
        try:
            holder = holders.find(token, asked_language=_asked_language(request))
            with translation.override(DJANGO_LANGUAGE[holder.language]):
                return private(view(request, holder), holder.language)
        except Refusal as refused:
            if not holders.leads_nowhere(refused):
                raise
            return unknown_page(request)

    return shown


def private(response: HttpResponseBase, language: str) -> HttpResponseBase:
    """Not kept by anything on the way, and the link told to nobody."""
    add_never_cache_headers(response)
    response["Referrer-Policy"] = "no-referrer"
    response["X-Robots-Tag"] = "noindex, nofollow"
    response["Content-Language"] = language
    return response


def unknown_page(request: HttpRequest) -> HttpResponseBase:
    """One page for every link that leads nowhere, in both languages; after many of them from one place, no more."""
    tried = limits.attempt(limits.UNKNOWN_LINK, _place(request))
    response = render(request, "web/unknown.html", {"locked": not tried.allowed}, status=404 if tried.allowed else 429)
    return private(response, "zh")


@for_holder
def answer_page(request: HttpRequest, holder: Holder) -> HttpResponseBase:
    """The page behind the link: read by GET, answered by POST."""
    if request.method == "POST":
        return _take(request, holder)
    return _show(request, "web/first.html", holder)


def _take(request: HttpRequest, holder: Holder) -> HttpResponseBase:
    opening = holders.read_form_key(holder.token, request.POST.get(holders.FORM_KEY, ""))
    if not limits.attempt(limits.POSTS, holder.token).allowed:
        return _not_taken(request, holder, "too_many", status=429)
    if opening is None:
        return _not_taken(request, holder, "page_old", status=400)
    agent = agent_class(request.headers.get("User-Agent", ""))
    said = answering.Said(form=dict(request.POST.lists()), opening=opening, agent=agent)
    try:
        answering.take(holder, said)
    except answering.UnclearError as unclear:
        return _not_taken(request, holder, unclear.code, status=400)
    except Refusal as refused:
        return _not_taken(request, holder, refused.code, status=409)
    return SeeOther(_address("customer-done", holder))


def _not_taken(request: HttpRequest, holder: Holder, code: str, *, status: int) -> HttpResponseBase:
    told = not_taken_words().get(code) or _("This could not be taken now. Please call the shop; you lose nothing.")
    return _show(request, "web/not_taken.html", holder, status=status, told=told, to_agree=code in _BACK_TO_AGREE)


_BACK_TO_AGREE = ("no_kinds", "no_guardian")


def not_taken_words() -> dict[str, str]:
    """What to say where something was not taken: what is the matter, and what to do."""
    return {
        "no_answer": _("No answer was chosen. Please go back and press one of the answers."),
        "no_kinds": _("No kind of information was chosen. Please tick at least one, or press Do not agree."),
        "no_guardian": _("For a child under 14 a guardian must tick the box and give name and relation."),
        "no_field": _("Please say which entry is wrong."),
        "no_text": _("Please write a few words first."),
        "page_old": _("This page was open for too long. Nothing was changed. Please answer once more."),
        "too_many": _("Too much was sent from this link within an hour. Please try again later, or call the shop."),
        "consent.window_over": _(
            "The time for answers is over, so you can no longer agree. Nothing was changed. "
            "You may still take back a consent, make a request or complain."
        ),
        "consent.not_given": _("There is no consent of yours on record that could be taken back."),
    }


@for_holder
def agree_page(request: HttpRequest, holder: Holder) -> HttpResponseBase:
    """Which kinds, and the sensitive ones apart."""
    return _show(request, "web/agree.html", holder, relations=answering.RELATIONS)


@for_holder
def family_page(request: HttpRequest, holder: Holder) -> HttpResponseBase:
    """Time to talk: nothing is recorded, nothing is lost."""
    return _show(request, "web/family.html", holder)


@for_holder
def requests_page(request: HttpRequest, holder: Holder) -> HttpResponseBase:
    """Correction, copy, deletion, complaint."""
    return _show(request, "web/requests.html", holder, correctable=answering.CORRECTABLE)


@for_holder
def done_page(request: HttpRequest, holder: Holder) -> HttpResponseBase:
    """What was received from the holder of the link, to be printed or kept."""
    open_requests = [each for each in rights.of_customer(holder.customer) if each.case == holder.case]
    matters = [each for each in relations.of_customer(holder.customer) if each.case == holder.case]
    return _show(request, "web/done.html", holder, requests=open_requests, matters=matters)


@for_holder
def values_page(request: HttpRequest, holder: Holder) -> HttpResponseBase:
    """What is held, masked, after the last four digits of a telephone number that the company knows."""
    if request.method != "POST":
        return _show(request, "web/factor.html", holder, locked=limits.is_locked(limits.SECOND_FACTOR, holder.token))
    if holders.read_form_key(holder.token, request.POST.get(holders.FORM_KEY, "")) is None:
        return _not_taken(request, holder, "page_old", status=400)
    tried = limits.attempt(limits.SECOND_FACTOR, holder.token)
    if not tried.allowed:
        return _show(request, "web/factor.html", holder, status=429, locked=True)
    digits = request.POST.get("digits", "").strip()
    well_formed = len(digits) == _TAIL and digits.isascii() and digits.isdigit()
    if not well_formed or not revealing.matches_phone_tail(customer=holder.customer, digits=digits, at=holder.at):
        locked = tried.left == 0
        return _show(
            request,
            "web/factor.html",
            holder,
            status=429 if locked else 400,
            wrong=True,
            left=tried.left,
            locked=locked,
        )
    tried.take_out()
    return _show(request, "web/values.html", holder, held=_held(holder))


def _held(holder: Holder) -> list[tuple[str, list[dict[str, str]]]]:
    """Category → its fields, masked, each value once."""
    grant = parties.customer_grant(customer=holder.customer, at=holder.at)
    found = revealing.values(customer=holder.customer, grant=grant, reason="own_information", at=holder.at, masked=True)
    return [
        (category, [row for row in found if row["category"] == category and row["text"]])
        for category in revealing.SHOWN
        if any(row["category"] == category and row["text"] for row in found)
    ]


@csrf_exempt
@require_http_methods(["GET", "HEAD", "POST"])
def code_page(request: HttpRequest) -> HttpResponseBase:
    """A reply code is typed here; whose it is goes on to the personal page."""
    language = _asked_language(request) or ("en" if (translation.get_language() or "").startswith("en") else "zh")
    with translation.override(DJANGO_LANGUAGE[language]):
        if request.method != "POST":
            return private(render(request, "web/code.html", {"language": language}), language)
        return private(_follow_code(request, language), language)


def _follow_code(request: HttpRequest, language: str) -> HttpResponseBase:
    tried = limits.attempt(limits.REPLY_CODE, _place(request))
    if not tried.allowed:
        return render(request, "web/code.html", {"language": language, "locked": True}, status=429)
    try:
        case, customer = notices.resolve_code(request.POST.get("code", ""))
        token = sending.key_of(case, customer).token
    except Refusal:
        return render(request, "web/code.html", {"language": language, "wrong": True}, status=404)
    tried.take_out()
    return SeeOther(f"{reverse('customer', args=[token])}?lang={language}")


def _show(request: HttpRequest, template: str, holder: Holder, status: int = 200, **more: Any) -> HttpResponse:
    other = "en" if holder.language == "zh" else "zh"
    page = {
        "holder": holder,
        "said": holder.text.text.elements,
        "standing": holder.standing,
        "form_key": holders.form_key(holder),
        "language": holder.language,
        "other": other,
        "here": request.path,
    }
    return render(request, template, {**page, **more}, status=status)


def _address(name: str, holder: Holder) -> str:
    return f"{reverse(name, args=[holder.token])}?lang={holder.language}"


def _asked_language(request: HttpRequest) -> str:
    asked = request.POST.get("lang") or request.GET.get("lang") or ""
    return asked if asked in DJANGO_LANGUAGE else ""


def _place(request: HttpRequest) -> str:
    return str(request.META.get("REMOTE_ADDR", ""))
