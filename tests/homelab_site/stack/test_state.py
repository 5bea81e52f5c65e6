"""What a command beside a running stack takes from it."""

import os

import pytest

from homelab_site.stack.state import fill_environment

STACK = {
    "REDIS_URL": "redis://stack/0",
    "TELEMETRY_DATABASE_URL": "postgresql://stack/telemetry",
    "TELEMETRY_OWNER_DATABASE_URL": "postgresql://owner@stack/telemetry",
}


@pytest.fixture
def take(monkeypatch: pytest.MonkeyPatch) -> "Take":
    return Take(monkeypatch)


class Take:
    """Fills an environment of some variables from the stack."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self._monkeypatch = monkeypatch

    def __call__(self, **variables: str) -> dict[str, str]:
        self._monkeypatch.setattr(os, "environ", dict(variables))
        fill_environment(STACK)
        return dict(os.environ)


def test_what_the_environment_does_not_name_is_the_stack_s(take: Take) -> None:
    assert take() == STACK


def test_what_the_environment_names_counts_more(take: Take) -> None:
    assert take(REDIS_URL="redis://other/0") == STACK | {"REDIS_URL": "redis://other/0"}


def test_a_file_that_the_environment_names_counts_more(take: Take) -> None:
    taken = take(REDIS_URL_FILE="/run/secrets/redis")
    assert "REDIS_URL" not in taken
    assert taken["TELEMETRY_DATABASE_URL"] == STACK["TELEMETRY_DATABASE_URL"]


@pytest.mark.parametrize("name", ["TELEMETRY_DATABASE_URL", "TELEMETRY_DATABASE_URL_FILE"])
def test_another_telemetry_database_has_no_owner_from_the_stack(take: Take, name: str) -> None:
    assert take(**{name: "other"}) == {"REDIS_URL": STACK["REDIS_URL"], name: "other"}
