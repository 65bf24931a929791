"""Counts a company's durable events, and at one of them kills its process or fills its disk. Put before all else on
PYTHONPATH.

The test and the process share one small file in memory: `armed` (at which event it happens; 0 for never), `count`
(events since it was armed), `way` (what happens), and the name of that event. Counted are both sides of every commit,
fsync, replacement and removal of a file, and of every write the database commits by itself. Nothing here is part of
the product.
"""

import contextlib
import functools
import importlib.abc
import importlib.util
import mmap
import os
import signal
import struct
import sys
import traceback

try:
    import resource
except ImportError:
    resource = None

SIZE = 512
FOLDER = "SHOUXIN_TEST_FAULTS"
PARENT = "SHOUXIN_TEST_FAULTS_PARENT"
DIE, FILL, FORBID = range(3)
_HEAD = struct.Struct("<qqq")
_PAGE = 4096
_WRITES = ("INSERT", "UPDATE", "DELETE", "REPLACE")


class Shared:
    """The file both sides look at."""

    def __init__(self, path):
        with open(path, "r+b") as file:
            self._map = mmap.mmap(file.fileno(), SIZE)

    def arm(self, number=0, way=DIE):
        """Let it happen at this event, counted from now; 0 only counts."""
        self._map[:SIZE] = bytes(SIZE)
        self._map[: _HEAD.size] = _HEAD.pack(number, 0, way)

    def count(self):
        """How many events there were since."""
        return _HEAD.unpack_from(self._map)[1]

    def place(self):
        """At which event it happened."""
        return bytes(self._map[_HEAD.size :]).rstrip(b"\0").decode("utf-8", "replace")

    def event(self, name):
        """One event; perhaps the last."""
        armed, count, way = _HEAD.unpack_from(self._map)
        self._map[: _HEAD.size] = _HEAD.pack(armed, count + 1, way)
        if armed and count + 1 >= armed and not self.place():
            text = f"{name} {_where()}".encode()[: SIZE - _HEAD.size]
            self._map[_HEAD.size : _HEAD.size + len(text)] = text
            _HAPPENINGS[way]()


def _die():
    os.kill(os.getpid(), signal.SIGKILL)


def _fill():
    """The disk takes nothing more, as when others have filled it."""
    with open(watch.ballast, "ab", buffering=0) as ballast, contextlib.suppress(OSError):
        while ballast.write(bytes(_PAGE)):
            pass


def _forbid():
    """No file may grow or be written any more, as at the end of a quota."""
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, resource.getrlimit(resource.RLIMIT_FSIZE)[1]))


_HAPPENINGS = {DIE: _die, FILL: _fill, FORBID: _forbid}


class Watch:
    """What this process tells of its events, nothing before it is somebody's; and what fills its disk."""

    shared, ballast = None, ""

    def event(self, name):
        """One event."""
        if self.shared is not None:
            self.shared.event(name)


watch = Watch()


def _where():
    frames = [each for each in traceback.extract_stack() if f"{os.sep}shouxin{os.sep}" in each.filename]
    tail = [f"{each.filename.rpartition('shouxin' + os.sep)[2]}:{each.lineno}" for each in frames[-4:]]
    return " < ".join(reversed(tail))


def _both_sides(name, function):
    @functools.wraps(function)
    def watched(*args, **kwargs):
        watch.event(f"before {name}")
        result = function(*args, **kwargs)
        watch.event(f"after {name}")
        return result

    return watched


def _watch_system():
    for name in ("fsync", "replace", "rename", "unlink", "remove", "link"):
        setattr(os, name, _both_sides(name, getattr(os, name)))


def _watch_database(module):
    wrapper = module.BaseDatabaseWrapper
    wrapper._commit = _both_sides("commit", wrapper._commit)


def _watch_statements(module):
    plain = module.CursorWrapper._execute

    def watched(self, sql, params, *ignored):
        alone = not self.db.in_atomic_block and str(sql).lstrip().upper().startswith(_WRITES)
        if alone:
            watch.event("before statement")
        result = plain(self, sql, params, *ignored)
        if alone:
            watch.event("after statement")
        return result

    module.CursorWrapper._execute = watched


class _Finder(importlib.abc.MetaPathFinder):
    """Watches Django's database modules as they are loaded, since they are not yet when Python starts."""

    def __init__(self):
        self._watch = {
            "django.db.backends.base.base": _watch_database,
            "django.db.backends.utils": _watch_statements,
        }

    def find_spec(self, name, path=None, target=None):
        look = self._watch.pop(name, None)
        if look is None:
            return None
        spec = importlib.util.find_spec(name)
        load = spec.loader.exec_module

        def loaded(module):
            load(module)
            look(module)

        spec.loader.exec_module = loaded
        return spec


def _begin():
    path = os.environ.get(FOLDER)
    if path is None or os.environ.get(PARENT) != str(os.getppid()):
        return
    watch.shared = Shared(path) if path else None
    _watch_system()
    sys.meta_path.insert(0, _Finder())


_begin()
