"""Sets the clock of a process wrong: Python runs this first where this directory is first on its path.

The file that CLOCK_FILE names holds by how many seconds the time of day is off; it is looked at ten times a second.
The clock that only ever goes forward stays as it is, as when somebody or NTP sets a clock.
"""

import os
import threading
import time
from pathlib import Path

import time_machine

LOOK_SECONDS = 0.1
_real_time = time_machine.escape_hatch.time.time


def _follow(file: Path) -> None:
    off, travel = 0, None
    while True:
        wanted = int(file.read_text())
        if wanted != off:
            if travel is not None:
                travel.stop()
            travel = None
            if wanted:
                travel = time_machine.travel(_real_time() + wanted)
                travel.start()
            off = wanted
        time.sleep(LOOK_SECONDS)


threading.Thread(target=_follow, args=(Path(os.environ["CLOCK_FILE"]),), daemon=True).start()
