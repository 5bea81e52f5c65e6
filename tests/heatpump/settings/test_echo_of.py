"""What a message on the bus shows of a pump's settings."""

from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest

from heatpump.settings.worker import echo_of

NOW = datetime.now(UTC)


def message(**changes: Any) -> bytes:
    return msgspec.json.encode(
        {"ts": NOW, "received_at": NOW, "device_id": "cellar", "tags": {}, "fields": {"heatstop": 17}, **changes}
    )


def test_the_settings_that_a_message_has_are_shown() -> None:
    echo = echo_of(message(fields={"outdoor_temp": 3.5, "heatstop": 17, "curve": 40.0, "mode": None}))
    assert echo is not None
    assert (echo.device_id, echo.ts, echo.received_at) == ("cellar", NOW, NOW)
    assert echo.values == {"heatstop": 17, "curve": 40}


@pytest.mark.parametrize("value", [True, "17", 17.5, None, [], 65_536, -32_769, 10**30, float("inf")])
def test_what_no_register_holds_is_no_setting(value: Any) -> None:
    assert echo_of(message(fields={"heatstop": value})) is None


@pytest.mark.parametrize("device_id", ["", "a/b", "a+", "#", "a\0b", "\n", "x" * 256])
def test_what_cannot_be_published_to_is_no_pump(device_id: str) -> None:
    assert echo_of(message(device_id=device_id)) is None


@pytest.mark.parametrize("name", ["ts", "received_at"])
@pytest.mark.parametrize("moment", [NOW + timedelta(days=2), datetime(2000, 1, 1, tzinfo=UTC)])
def test_a_time_that_cannot_be_is_not_believed(name: str, moment: datetime) -> None:
    assert echo_of(message(**{name: moment})) is None


@pytest.mark.parametrize("value", [b"", b"not JSON", b"\xff", b"[]", b"{}", b"[" * 100_000])
def test_what_cannot_be_read_shows_nothing(value: bytes) -> None:
    assert echo_of(value) is None
