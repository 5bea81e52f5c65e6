from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from telemetry.status.selectors import CommandStatus, DeadLetterStatus, PipelineStatus, StreamState, StreamStatus
from telemetry.status.words import Mark, report, span


def stream(state: StreamState, age: float | None = None, lag: int | None = 0, rows: int | None = 0) -> StreamStatus:
    return StreamStatus(state=state, newest=None, age_seconds=age, late_after_seconds=60, rows_last_hour=rows, lag=lag)


IDLE = CommandStatus(
    unsent=0, oldest_unsent_seconds=None, unconfirmed=0, oldest_unconfirmed_seconds=None, failed_last_day={}
)


def pipeline(
    streams: Mapping[str, StreamStatus], dead_letters: int = 0, commands: CommandStatus | None = None
) -> PipelineStatus:
    return PipelineStatus(
        at=datetime(2026, 11, 1, tzinfo=UTC),
        streams=streams,
        dead_letters=DeadLetterStatus(total=dead_letters, last_hour=dead_letters),
        commands=commands or IDLE,
        workers={},
        unavailable={},
    )


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0.9, "0 s"), (59.9, "59 s"), (60, "1 min"), (3599, "59 min"), (3600, "1 h"), (47.9 * 3600, "47 h"),
        (48 * 3600, "2 days"), (400 * 86400, "400 days"),
    ],
)  # fmt: skip
def test_a_span_is_rounded_down_to_one_unit(seconds: float, words: str) -> None:
    assert span(seconds) == words


def test_a_stream_reads_as_a_sentence() -> None:
    (line,) = report(pipeline({"energy": stream(StreamState.FRESH, 2.4, rows=3_600)})).streams
    assert (line.title, line.mark, line.word) == ("Electricity", Mark.GOOD, "on time")
    assert line.facts == ("newest reading 2 s ago", "3,600 in the last hour", "nothing waiting")


def test_a_backlog_is_told_in_messages() -> None:
    (line,) = report(pipeline({"energy": stream(StreamState.FRESH, 0.2, lag=12_345)})).streams
    assert line.facts[0] == "newest reading just now"
    assert line.facts[2] == "12,345 waiting in Kafka"


def test_a_house_in_which_nothing_has_arrived_is_neither_well_nor_in_trouble() -> None:
    words = report(pipeline({"energy": stream(StreamState.EMPTY)}))
    assert (words.headline, words.mark) == ("No reading has arrived yet", Mark.QUIET)


def test_one_dead_letter_is_one_thing_to_look_at() -> None:
    words = report(pipeline({"energy": stream(StreamState.FRESH, 1)}, dead_letters=1))
    assert (words.headline, words.mark) == ("One thing needs a look", Mark.BAD)
    assert words.attention == ("1 message of the last hour could not be stored.",)


def test_without_commands_all_is_done() -> None:
    (line,) = report(pipeline({})).commands
    assert (line.mark, line.word, line.facts) == (Mark.GOOD, "all done", ("0 to be sent", "0 to be confirmed"))


def test_a_command_that_is_not_sent_for_a_minute_needs_a_look() -> None:
    stuck = replace(IDLE, unsent=2, oldest_unsent_seconds=190.0)
    words = report(pipeline({"energy": stream(StreamState.FRESH, 1)}, commands=stuck))
    assert words.attention == ("A command to the heat pump has waited for 3 min.",)
    assert words.commands[0].mark is Mark.BAD
    assert words.commands[0].facts[0] == "2 to be sent, the oldest for 3 min"


def test_failures_of_a_day_are_told_by_reason() -> None:
    (line,) = report(pipeline({}, commands=replace(IDLE, failed_last_day={"no_echo": 2, "other_value": 1}))).commands
    assert (line.mark, line.word) == (Mark.BAD, "failed")
    assert line.facts[2:] == ("2 failed in a day: no echo", "1 failed in a day: another value in the echo")
