"""Where a company's processes come from: what takes long is loaded once, then forked; no connection is open yet.

    python nursery.py [HOME]

With a home the whole installation is loaded; without one what knows no home, for processes that found one. Reads one
line (JSON: home, secrets, shared, ballast, commands, answers) per process that is wanted. The new process writes its
number, then serves as the company's ordinary process.
"""

import importlib
import json
import os
import signal
import sys

import sitecustomize

from shouxin.faces.cli import actor
from shouxin.faces.cli.main import load_installed, prepare_home

HOMELESS = (
    "aiosmtpd.controller", "axes", "django.contrib.auth", "django.db.models", "django.middleware.csrf", "docx", "httpx",
    "rich.progress", "xlsxwriter",
    "shouxin.engine.runner", "shouxin.engine.scan", "shouxin.ground.formats.certificate",
    "shouxin.ground.formats.package", "shouxin.ground.formats.papers", "shouxin.ground.formats.pit",
    "shouxin.ground.formats.report", "shouxin.ground.rulebook.gates", "shouxin.ground.rulebook.messages",
    "shouxin.ground.samples",
)  # fmt: skip


def become(told):
    """Be the company's process from here on."""
    for number, name, mode in ((0, "commands", os.O_RDONLY), (1, "answers", os.O_WRONLY)):
        handle = os.open(told[name], mode)
        os.dup2(handle, number)
        os.close(handle)
    sys.stdin = os.fdopen(0, "r", encoding="utf-8", closefd=False)
    sys.stdout = os.fdopen(1, "w", encoding="utf-8", closefd=False)
    sys.stdout.write(f"{os.getpid()}\n")
    sys.stdout.flush()
    sitecustomize.watch.shared, sitecustomize.watch.ballast = sitecustomize.Shared(told["shared"]), told["ballast"]
    return actor.main(["--home", told["home"], "--secrets", told["secrets"]])


def load(home):
    """What a process needs that was not loaded yet for all of them."""
    if home:
        prepare_home(["--home", home])
        load_installed()
        return
    for name in HOMELESS:
        importlib.import_module(name)


def main(home=""):
    """Fork until the input ends."""
    load(home)
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    while line := sys.stdin.readline():
        if os.fork() == 0:
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            os._exit(become(json.loads(line)))


if __name__ == "__main__":
    main(*sys.argv[1:])
