"""A clock that can be wrong, for one process: libfaketime between it and the system's.

Only what the process asks as the time of day is changed, not the clock that only ever goes forward, as when somebody
or NTP sets a clock (https://github.com/wolfcw/libfaketime).
"""

import os
from pathlib import Path

CLOCKED = Path(__file__).parent / "clocked"
LIBRARIES = "lib/*/faketime/libfaketimeMT.so.1"
"""Where Debian's package `libfaketime` has it, whatever the architecture."""


def library() -> Path | None:
    return next(Path("/usr").glob(LIBRARIES), None)


class Clock:
    """The clock of one process, which its environment leads to a file with the number of seconds that it is off."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self.set_off(0)

    def set_off(self, seconds: int) -> None:
        """Let the clock be ahead by some seconds, or behind."""
        fresh = self._file.with_suffix(".new")
        fresh.write_text(f"{seconds:+d}\n")
        fresh.replace(self._file)

    def environment(self, python_path: str) -> dict[str, str]:
        """Return the variables of the process, of which the path of Python's modules is one."""
        found = library()
        if found is None:
            return {}
        return {
            "LD_PRELOAD": str(found),
            "FAKETIME_TIMESTAMP_FILE": str(self._file),
            "FAKETIME_CACHE_DURATION": "1",  # seconds after which it looks into the file again
            "FAKETIME_DONT_FAKE_MONOTONIC": "1",
            "PYTHONPATH": os.pathsep.join([str(CLOCKED), python_path]),
        }
