"""A company of the demo: its folder, its long-lived process, its people and their passphrases."""

import json
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

from shouxin.ground.kernel.refusals import Refusal, Unavailable


@dataclass
class Company:
    """One company: `call("case", "status", case)` runs a verb in its process and gives the result."""

    name: str
    folder: Path
    secrets: Path
    staff: dict[str, str] = field(default_factory=dict)
    _process: subprocess.Popen[str] | None = field(default=None, repr=False)

    def start(self) -> None:
        """Start the process."""
        self.folder.mkdir(parents=True, exist_ok=True)
        self._process = subprocess.Popen(
            [
                sys.executable,
                "-m",
                "shouxin.faces.cli.actor",
                "--home",
                str(self.folder),
                "--secrets",
                str(self.secrets),
            ],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            encoding="utf-8",
            start_new_session=True,  # an interrupt from the keyboard ends the telling, which ends its companies
        )

    def call(self, *arguments: object, may_fail: bool = False) -> dict[str, Any]:
        """Run one verb. A refusal stops the demo unless it may fail.

        Raises:
            Refusal: the verb refused; Unavailable: the process is gone.
        """
        process = self._running()
        stdin, stdout = _pipes(process)
        stdin.write(json.dumps([str(each) for each in arguments], ensure_ascii=False) + "\n")
        stdin.flush()
        line = stdout.readline()
        if not line:
            raise Unavailable(f"the process of {self.name} ended")
        answer = json.loads(line)
        result: dict[str, Any] = answer["result"]
        if "error" in result and not may_fail:
            facts = {key: value for key, value in dict(result.get("facts", {})).items() if key != "code"}
            raise Refusal(str(result["error"]), **facts, verb=" ".join(str(each) for each in arguments[:2]))
        return {**result, "exit_code": answer["code"]}

    def stop(self) -> None:
        """Let the process end by itself."""
        if self._process is None:
            return
        stdin, _ = _pipes(self._process)
        stdin.close()
        try:
            self._process.wait(timeout=20)
        except subprocess.TimeoutExpired:
            self._process.kill()
        self._process = None

    def _running(self) -> subprocess.Popen[str]:
        if self._process is None:
            self.start()
        if self._process is None:
            raise Unavailable(f"the process of {self.name} did not start")
        return self._process


def _pipes(process: subprocess.Popen[str]) -> tuple[IO[str], IO[str]]:
    if process.stdin is None or process.stdout is None:
        raise Unavailable("a process without pipes")
    return process.stdin, process.stdout
