"""A clock that can be wrong, for one process: only what it asks as the time of day, in C and in Python.

libfaketime would do so for any program, but makes waiting with a timeout sixty times as dear, and Python 3.11 cannot
sleep with it.
"""

import os
from pathlib import Path

CLOCKED = Path(__file__).parent / "clocked"


class Clock:
    """The clock of one process, which its environment leads to a file with the number of seconds that it is off."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self.set_off(0)

    def set_off(self, seconds: int) -> None:
        """Let the clock be ahead by some seconds, or behind."""
        fresh = self._file.with_suffix(".new")
        fresh.write_text(str(seconds))
        fresh.replace(self._file)

    def environment(self, python_path: str) -> dict[str, str]:
        """Return the variables of the process, of which the path of Python's modules is one."""
        return {"CLOCK_FILE": str(self._file), "PYTHONPATH": os.pathsep.join([str(CLOCKED), python_path])}
