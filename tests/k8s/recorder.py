"""Programs that only write down how they were called: by which name, with which arguments and environment."""

import json
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

SCRIPT = """#!{python} -IS
import json, os, sys
with open({log!r}, "a") as log:
    log.write(json.dumps({{"argv": [{name!r}, *sys.argv[1:]], "environment": dict(os.environ)}}) + "\\n")
sys.stdout.write({stdout!r})
sys.exit({code})
"""


@dataclass(frozen=True, slots=True)
class Recorders:
    """A directory for the beginning of PATH."""

    directory: Path

    def add(self, names: Iterable[str], *, stdout: str = "", code: int = 0) -> None:
        self.directory.mkdir(exist_ok=True)
        for name in names:
            path = self.directory / name
            script = SCRIPT.format(python=sys.executable, log=str(self.log), name=name, stdout=stdout, code=code)
            path.write_text(script)
            path.chmod(0o755)

    @property
    def log(self) -> Path:
        return self.directory.with_suffix(".jsonl")

    def calls(self) -> list[dict[str, Any]]:
        if not self.log.exists():
            return []
        return [json.loads(line) for line in self.log.read_text().splitlines()]

    def argvs(self) -> list[list[str]]:
        return [call["argv"] for call in self.calls()]
