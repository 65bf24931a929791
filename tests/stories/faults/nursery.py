"""Where a founded company's processes come from: everything is loaded once, then forked; no connection is open yet.

    python nursery.py HOME

Reads one line (JSON: secrets, shared, commands, answers) per process that is wanted. The new process writes its number,
then serves as the company's ordinary process.
"""

import json
import os
import signal
import sys

import sitecustomize

from shouxin.faces.cli import actor
from shouxin.faces.cli.main import load_installed, prepare_home


def become(told, home):
    """Be the company's process from here on."""
    for number, name, mode in ((0, "commands", os.O_RDONLY), (1, "answers", os.O_WRONLY)):
        handle = os.open(told[name], mode)
        os.dup2(handle, number)
        os.close(handle)
    sys.stdin = os.fdopen(0, "r", encoding="utf-8", closefd=False)
    sys.stdout = os.fdopen(1, "w", encoding="utf-8", closefd=False)
    sys.stdout.write(f"{os.getpid()}\n")
    sys.stdout.flush()
    sitecustomize.watch.shared = sitecustomize.Shared(told["shared"])
    return actor.main(["--home", home, "--secrets", told["secrets"]])


def main(home):
    """Fork until the input ends."""
    prepare_home(["--home", home])
    load_installed()
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    while line := sys.stdin.readline():
        if os.fork() == 0:
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            os._exit(become(json.loads(line), home))


if __name__ == "__main__":
    main(sys.argv[1])
