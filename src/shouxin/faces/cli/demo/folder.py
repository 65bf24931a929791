"""The folder of a demo. A demo clears what a demo made, and nothing else: its folder carries a mark."""

import shutil
from pathlib import Path

from shouxin.ground.kernel.refusals import Refusal

MARK = "SHOUXIN-DEMO.txt"
MADE = ("A", "B", "between", "outside", "proof")
_WORDS = """这个文件夹由 shouxin demo 建立：人物和数据均为虚构。
再次演示时，其中的 A、B、between、outside、proof 会被清除重建。
删去本文件，演示就不再使用这个文件夹。

Made by `shouxin demo`: people and data are invented. The next demo here clears A, B, between, outside and proof and
makes them anew. Without this file no demo touches the folder.
"""


def clear(folder: Path) -> None:
    """Make the folder ready: marked, and without what an earlier demo made. Other files in it stay.

    Raises:
        Refusal("demo.folder_taken"): something stands there, and it bears no mark.
    """
    if not _is_ours(folder):
        raise Refusal("demo.folder_taken", folder=str(folder))
    folder.mkdir(parents=True, exist_ok=True)
    (folder / MARK).write_text(_WORDS, "utf-8")
    for name in MADE:
        _remove(folder / name)


def _is_ours(folder: Path) -> bool:
    """Whether nothing stands there yet, or a demo's folder."""
    if not folder.exists():
        return True
    return folder.is_dir() and ((folder / MARK).is_file() or not any(folder.iterdir()))


def _remove(path: Path) -> None:
    if path.is_symlink() or path.is_file():
        path.unlink()
    elif path.is_dir():
        shutil.rmtree(path)
