"""What is shown when there is no page, when a form does not belong here, or when something broke: words, no traces."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:  # noqa: ARG001 - Django's shape
    """No such page; for anything under the customer's addresses the friendly one."""
    return _private(render(request, _template(request, "web/nothing.html"), status=404))


def forbidden(request: HttpRequest, reason: str = "", exception: Any = None) -> HttpResponse:  # noqa: ARG001
    """A form that was not made here."""
    return _private(render(request, "web/forbidden.html", status=403))


def broken(request: HttpRequest) -> HttpResponse:
    """Something is out of order; nothing was changed."""
    return _private(render(request, "web/broken.html", status=500))


def _template(request: HttpRequest, otherwise: str) -> str:
    return "web/unknown.html" if request.path.startswith("/a/") else otherwise


def _private(response: HttpResponse) -> HttpResponse:
    response["Cache-Control"] = "no-store"
    response["Referrer-Policy"] = "no-referrer"
    return response
