"""What to do where this machine lacks something that a test needs."""

import os
from typing import NoReturn

import pytest


def lacks(what: str) -> NoReturn:
    """Skip the test on a developer's machine; a run that vouches for a commit must not leave it out, so it fails."""
    if os.environ.get("CI"):
        pytest.fail(what)
    pytest.skip(what)
