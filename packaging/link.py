"""Make the checkout importable in its own environment without building it: a path file and the command.

An editable install would need a build backend from outside the lock; a path file needs nothing.
"""

import stat
import sys
import sysconfig
from pathlib import Path

root = Path(__file__).resolve().parent.parent
site = Path(sysconfig.get_paths()["purelib"])
(site / "shouxin.pth").write_text(f"{root / 'src'}\n", "utf-8")
command = Path(sysconfig.get_paths()["scripts"]) / "shouxin"
command.write_text(
    f"#!{sys.executable}\nimport sys\nfrom shouxin.faces.cli.main import main\nsys.exit(main())\n", "utf-8"
)
command.chmod(command.stat().st_mode | stat.S_IXUSR | stat.S_IXGRP | stat.S_IXOTH)
