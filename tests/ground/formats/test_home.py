"""The home file appears whole or not at all."""

import pytest

from shouxin.ground.formats.home import FILE_NAME, HomeFile, read_home, write_home
from shouxin.ground.kernel.refusals import Refusal
from tests.disks import no_room

HOME = HomeFile(id="home_" + "a" * 26, simulated=True)


def test_it_is_written_once(tmp_path):
    write_home(tmp_path / "home", HOME)
    assert read_home(tmp_path / "home") == HOME
    with pytest.raises(Refusal, match=r"home\.taken"):
        write_home(tmp_path / "home", HOME)
    assert [path.name for path in (tmp_path / "home").iterdir()] == [FILE_NAME]


def test_on_a_full_disk_nothing_is_left_of_it_and_the_same_again_writes_it(tmp_path):
    with no_room(), pytest.raises(OSError, match="large"):
        write_home(tmp_path, HOME)
    assert list(tmp_path.iterdir()) == []
    write_home(tmp_path, HOME)
    assert read_home(tmp_path) == HOME
