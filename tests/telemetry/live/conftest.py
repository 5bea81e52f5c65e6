"""A house for all tests of a module."""

from collections.abc import Iterator

import pytest

from tests.telemetry.live.house import House


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory, django_db_setup: None) -> Iterator[House]:
    made = House(tmp_path_factory.mktemp("house"))
    try:
        yield made
    finally:
        made.stop()
