"""Who may read the staff's pages: someone who works here, has a web password and signed the undertaking.

A session belongs to a member of staff by the user's name (`staff:…`). Each request asks again whether that person still
works here, so leaving ends every session.
"""

import functools
from collections.abc import Callable
from typing import Any

from django.contrib.auth import forms, logout, views
from django.http import HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.utils import translation
from django.utils.cache import add_never_cache_headers
from django.utils.http import urlencode
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST, require_safe

from shouxin.faces.web.speech import DJANGO_LANGUAGE
from shouxin.ground.kernel.refusals import Refusal
from shouxin.stores.parties import queries as parties
from shouxin.stores.parties.queries import StaffView

LOOKING_AT_ONE_PERSON = ("owner", "privacy_officer")
LANGUAGE_COOKIE_AGE = 365 * 24 * 3600

View = Callable[..., HttpResponseBase]


def staff_page(*roles: str) -> Callable[[View], View]:
    """A page for staff who signed their undertaking; with roles, for those roles only."""

    def wrap(view: View) -> View:
        @require_safe
        @functools.wraps(view)
        def shown(request: HttpRequest, **named: Any) -> HttpResponseBase:
            member = _member(request)
            if member is None:
                logout(request)
                return redirect(f"/login?{urlencode({'next': request.get_full_path()})}")
            _speak(request)
            response = _refused(request, member, roles) or view(request, member, **named)
            add_never_cache_headers(response)
            if request.GET.get("lang") in DJANGO_LANGUAGE:
                response.set_cookie("django_language", translation.get_language(), LANGUAGE_COOKIE_AGE, samesite="Lax")
            return response

        return shown

    return wrap


def _member(request: HttpRequest) -> StaffView | None:
    if not request.user.is_authenticated:
        return None
    try:
        found = parties.staff_member(request.user.get_username())
    except Refusal:
        return None
    return None if found.revoked_at is not None else found


def _refused(request: HttpRequest, member: StaffView, roles: tuple[str, ...]) -> HttpResponse | None:
    if not member.has_undertaken:
        return render(request, "web/refused.html", {"member": member, "why": "undertaking"}, status=403)
    if roles and member.role not in roles:
        return render(request, "web/refused.html", {"member": member, "why": "role", "roles": roles}, status=403)
    return None


def _speak(request: HttpRequest) -> None:
    """`?lang=en` changes the language and is remembered; nothing else is."""
    asked = request.GET.get("lang", "")
    if asked in DJANGO_LANGUAGE:
        translation.activate(DJANGO_LANGUAGE[asked])


class LoginForm(forms.AuthenticationForm):
    """Name or staff id, and the web password. A name stands for the one person who has it."""

    error_messages = {
        "invalid_login": _("Name and password do not go together."),
        "inactive": _("Name and password do not go together."),
    }

    def clean_username(self) -> str:
        """The staff id behind what was typed."""
        typed = str(self.cleaned_data["username"]).strip()
        named = [each.id for each in parties.staff() if each.name == typed]
        return named[0] if len(named) == 1 else typed


class LoginPage(views.LoginView):
    """Log-in; locked for an hour after five wrong passwords."""

    template_name = "web/login.html"
    authentication_form = LoginForm
    redirect_authenticated_user = True

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """A log-in page is not kept by anything on the way."""
        _speak(request)
        response = super().dispatch(request, *args, **kwargs)
        add_never_cache_headers(response)
        return response


@require_POST
def log_out(request: HttpRequest) -> HttpResponseRedirect:
    """The session ends."""
    logout(request)
    return HttpResponseRedirect("/login")
