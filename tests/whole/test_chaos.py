"""Whatever fails: nothing that was acknowledged is lost, and nothing is stored twice.

Three seeds of a minute; `make chaos` runs twenty, and one of ten minutes.
"""

import subprocess
import sys

import pytest

from homelab_site.stack.parts import PROJECT
from tests.mosquitto import require_mosquitto

SEEDS = (1, 2, 3)
MINUTES = 1
END_SECONDS = 580


@pytest.mark.timeout(END_SECONDS + 20)
@pytest.mark.parametrize("seed", SEEDS)
def test_the_account_of_a_minute_of_chaos_is_right(seed: int) -> None:
    require_mosquitto()
    argv = [sys.executable, "-m", "tests.whole.chaos", "--seed", str(seed), "--minutes", str(MINUTES)]
    ended = subprocess.run(argv, cwd=PROJECT, capture_output=True, text=True, timeout=END_SECONDS, check=False)
    assert ended.returncode == 0, f"{ended.stdout}\n{ended.stderr}"
