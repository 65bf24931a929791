"""Where the installations' processes come from: what takes long to load and knows no home is loaded once, then forked.

Reads one line (JSON: home, fifos) per process that is wanted. The new process sets Django up for its own home.
"""

import json
import os
import runpy
import signal
import sys

import django.contrib.auth
import django.db.models
import rich.progress
import typer

import shouxin.engine.runner
import shouxin.engine.scan
import shouxin.ground.formats.certificate
import shouxin.ground.formats.package
import shouxin.ground.formats.papers
import shouxin.ground.formats.pit
import shouxin.ground.rulebook.gates
import shouxin.ground.rulebook.messages

LOADED = (django.contrib.auth, django.db.models, rich.progress, typer, shouxin)


def become(told):
    """Be the process of one home from here on."""
    os.environ["SHOUXIN_HOME"] = told["home"]
    for number, name, mode in ((0, "commands", os.O_RDONLY), (1, "answers", os.O_WRONLY)):
        handle = os.open(told[name], mode)
        os.dup2(handle, number)
        os.close(handle)
    sys.stdin, sys.stdout = os.fdopen(0, "r", closefd=False), os.fdopen(1, "w", closefd=False)
    runpy.run_module("tests.duties.transfer.one_home", run_name="__main__")


def main():
    """Fork until the input ends."""
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    while line := sys.stdin.readline():
        if os.fork() == 0:
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            become(json.loads(line))
            os._exit(0)


if __name__ == "__main__":
    main()
