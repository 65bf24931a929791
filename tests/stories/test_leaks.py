"""The search for leaks finds what it should: a search that finds nothing must be able to find something."""

import base64
import json
import zipfile

import pytest

from tests.stories.leaks import Search

TEXT = "样例市样例区示范路9号"
WAYS = {
    "plain": lambda raw: raw,
    "behind noise": lambda raw: b"\x07" * 13 + raw + b"\0",
    "base64": lambda raw: b"x " + base64.b64encode(b"....." + raw + b"............................") + b" y",
}


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("encoding", ["utf-8", "gb18030", "utf-16-le"])
def test_it_finds_a_text_however_it_is_written(tmp_path, way, encoding):
    (tmp_path / "a.bin").write_bytes(WAYS[way](TEXT.encode(encoding)))
    found = Search([("p1", "address", TEXT)]).in_folder(tmp_path)
    assert [(leak.person, leak.kind) for leak in found][:1] == [("p1", "address")]


def test_it_looks_into_archives_and_escapes_and_leaves_out_what_is_named(tmp_path):
    with zipfile.ZipFile(tmp_path / "a.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("inner.json", json.dumps({"to": TEXT}))
    search = Search([("p1", "address", TEXT)])
    assert search.in_folder(tmp_path)
    assert not search.in_folder(tmp_path, but=[tmp_path / "a.zip"])
    assert not Search([("p1", "address", "样例市样例区示范路8号")]).in_folder(tmp_path)
