"""Python under libfaketime: this directory is first on the path of a process whose clock can be wrong.

Python 3.11 sleeps with `clock_nanosleep` until a moment of the monotonic clock, which libfaketime 0.9.10 answers with
EINVAL.
"""

import select
import time
from typing import SupportsIndex


def _sleep(seconds: float | SupportsIndex) -> None:
    select.select([], [], [], float(seconds))


time.sleep = _sleep
