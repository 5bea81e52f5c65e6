import pytest

from homelab_site.access.addresses import REMEMBERED_ADDRESSES, PerAddress

ADDRESS, OTHER = "203.0.113.5", "203.0.113.6"
TIMES = 300


class Clock:
    now = 1_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def counts(clock: Clock) -> PerAddress:
    return PerAddress(TIMES, clock)


def add(counts: PerAddress, address: str, times: int = TIMES) -> None:
    for _ in range(times):
        counts.add(address)


def test_an_address_waits_until_its_minute_is_over(counts: PerAddress, clock: Clock) -> None:
    add(counts, ADDRESS, TIMES - 1)
    assert counts.seconds_to_wait(ADDRESS) == 0
    clock.now += 19.5
    counts.add(ADDRESS)
    assert (counts.seconds_to_wait(ADDRESS), counts.seconds_to_wait(OTHER)) == (41, 0)
    clock.now += 40.5
    assert counts.seconds_to_wait(ADDRESS) == 0
    counts.add(ADDRESS)
    assert counts.seconds_to_wait(ADDRESS) == 0


def test_the_addresses_of_one_subscriber_count_together(counts: PerAddress) -> None:
    for number in range(TIMES):
        counts.add(f"2001:db8:1:2::{number:x}")
    assert counts.seconds_to_wait("2001:db8:1:2:ffff::1") > 0
    assert counts.seconds_to_wait("2001:db8:1:3::1") == 0


def test_memory_stays_flat(counts: PerAddress) -> None:
    add(counts, ADDRESS)
    for number in range(REMEMBERED_ADDRESSES - 1):
        counts.add(str(number))
    assert counts.seconds_to_wait(ADDRESS) > 0
    counts.add("one more")
    assert counts.seconds_to_wait(ADDRESS) == 0
