import pytest
from prometheus_client import REGISTRY

from homelab_site.workers import badness
from homelab_site.workers.badness import BadShareWatch


@pytest.fixture
def watch() -> BadShareWatch:
    return BadShareWatch("watched", 0.05)


def complaints(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [record.getMessage() for record in caplog.records if record.levelname == "ERROR"]


def test_a_share_up_to_the_limit_is_no_complaint(watch: BadShareWatch, caplog: pytest.LogCaptureFixture) -> None:
    watch.count(messages=100, bad=5)
    assert watch.judge() == 0.05
    assert complaints(caplog) == []


def test_a_share_above_the_limit_is_said_with_numbers(watch: BadShareWatch, caplog: pytest.LogCaptureFixture) -> None:
    watch.count(messages=60, bad=6)
    watch.count(messages=40, bad=0)
    watch.judge()
    (complaint,) = complaints(caplog)
    assert complaint.startswith("watched: 6 of 100 messages in the last minute were bad (6 %)")


def test_the_share_is_a_metric(watch: BadShareWatch) -> None:
    watch.count(messages=4, bad=1)
    watch.judge()
    assert REGISTRY.get_sample_value("homelab_bad_share", {"worker": "watched"}) == 0.25


def test_each_minute_is_judged_by_itself(watch: BadShareWatch) -> None:
    watch.count(messages=1, bad=1)
    watch.judge()
    watch.count(messages=10, bad=0)
    assert watch.judge() == 0


def test_a_minute_without_messages_is_a_good_one(watch: BadShareWatch) -> None:
    assert watch.judge() == 0


def test_nothing_is_judged_before_the_minute_is_over(watch: BadShareWatch, caplog: pytest.LogCaptureFixture) -> None:
    watch.count(messages=1, bad=1)
    assert complaints(caplog) == []


def test_the_first_count_after_the_minute_judges_it(
    watch: BadShareWatch, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    watch.count(messages=1, bad=1)
    monkeypatch.setattr(badness, "WINDOW_SECONDS", 0.0)
    watch.count(messages=1, bad=0)
    assert len(complaints(caplog)) == 1
