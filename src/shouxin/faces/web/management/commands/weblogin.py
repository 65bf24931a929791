"""`weblogin STAFF`: gives a member of staff a password for the web pages, or takes it away.

The password is not the passphrase of the signing key: it is typed every day and opens nothing but pages. It comes from
the caller (`shouxin staff login` calls this by its name), from a file descriptor, or from the terminal; never from the
command line. What it refuses it refuses for a `Refusal`, which is the error's cause.
"""

import getpass
import os
import sys
from typing import Any

from django.contrib.auth.models import User
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError, CommandParser

from shouxin.ground.kernel.refusals import Refusal
from shouxin.stores.parties import queries as parties_queries
from shouxin.stores.parties import services as parties


class Command(BaseCommand):
    """Set or remove one person's web password."""

    help = "Set the web password of a member of staff, or remove it."
    stealth_options = ("password",)

    def add_arguments(self, parser: CommandParser) -> None:
        """What may be given."""
        parser.add_argument("staff")
        parser.add_argument("--password-fd", type=int, dest="password_fd")
        parser.add_argument("--remove", action="store_true")

    def handle(self, *args: Any, **options: Any) -> None:
        """Do it, for someone who works here."""
        staff = _member(options["staff"])
        if options["remove"]:
            User.objects.filter(username=staff).delete()
            return
        given = options.get("password")
        password = given if given is not None else _read(options["password_fd"])
        _check(staff, password)
        user = User.objects.filter(username=staff).first() or User(username=staff)
        user.set_password(password)
        user.save()


def _member(staff: str) -> str:
    try:
        found = parties_queries.staff_member(staff)
    except Refusal as refused:
        raise CommandError(refused.code) from refused
    if found.revoked_at is not None:
        raise CommandError("parties.staff_revoked") from Refusal("parties.staff_revoked", staff=staff)
    return found.id


def _read(descriptor: int | None) -> str:
    if descriptor is not None:
        return os.read(descriptor, 4096).decode("utf-8").strip()
    if sys.stdin.isatty():
        return getpass.getpass("网页密码 / web password: ")
    return sys.stdin.readline().strip()


def _check(staff: str, password: str) -> None:
    try:
        validate_password(password)
    except ValidationError as error:
        weak = Refusal("web.password_weak", why=[each.code for each in error.error_list])
        raise CommandError("web.password_weak: " + "; ".join(error.messages)) from weak
    if _opens_key(staff, password):
        raise CommandError("web.password_is_passphrase") from Refusal("web.password_is_passphrase", staff=staff)


def _opens_key(staff: str, password: str) -> bool:
    try:
        parties.staff_signer(staff=staff, passphrase=password.encode())
    except Refusal:
        return False
    return True
