"""A disk that takes nothing more, for the length of a test: no file of this process may be written."""

from contextlib import contextmanager

import pytest

try:
    import resource
except ImportError:
    resource = None


@contextmanager
def no_room():
    """Every write to a file is refused, as at the end of a quota; the system says it with EFBIG."""
    if resource is None:
        pytest.skip("needs limits as POSIX has them")
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, limits[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
