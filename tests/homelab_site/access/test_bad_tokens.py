from collections.abc import Iterator

import pytest

from homelab_site.access import bad_tokens
from homelab_site.access.bad_tokens import (
    BAD_TOKENS_A_MINUTE,
    REMEMBERED_ADDRESSES,
    BadTokens,
    TooManyBadTokensError,
    verify_from,
)
from homelab_site.access.tokens import ExpiredTokenError, TokenError
from tests.homelab_site.access.conftest import Site
from tests.homelab_site.access.issuer import INTROSPECTION, HouseIssuer

ADDRESS, OTHER = "203.0.113.5", "203.0.113.6"


class Clock:
    now = 1_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def counts(clock: Clock) -> BadTokens:
    return BadTokens(clock)


@pytest.fixture
def few(monkeypatch: pytest.MonkeyPatch) -> Iterator[int]:
    monkeypatch.setattr(bad_tokens, "BAD_TOKENS_A_MINUTE", 3)
    yield 3


def add(counts: BadTokens, address: str, times: int = BAD_TOKENS_A_MINUTE) -> None:
    for _ in range(times):
        counts.add(address)


def test_an_address_waits_until_its_minute_is_over(counts: BadTokens, clock: Clock) -> None:
    add(counts, ADDRESS, BAD_TOKENS_A_MINUTE - 1)
    assert counts.seconds_to_wait(ADDRESS) == 0
    clock.now += 19.5
    counts.add(ADDRESS)
    assert (counts.seconds_to_wait(ADDRESS), counts.seconds_to_wait(OTHER)) == (41, 0)
    clock.now += 40.5
    assert counts.seconds_to_wait(ADDRESS) == 0
    counts.add(ADDRESS)
    assert counts.seconds_to_wait(ADDRESS) == 0


def test_the_addresses_of_one_subscriber_count_together(counts: BadTokens) -> None:
    for number in range(BAD_TOKENS_A_MINUTE):
        counts.add(f"2001:db8:1:2::{number:x}")
    assert counts.seconds_to_wait("2001:db8:1:2:ffff::1") > 0
    assert counts.seconds_to_wait("2001:db8:1:3::1") == 0


def test_memory_stays_flat(counts: BadTokens) -> None:
    add(counts, ADDRESS)
    for number in range(REMEMBERED_ADDRESSES - 1):
        counts.add(str(number))
    assert counts.seconds_to_wait(ADDRESS) > 0
    counts.add("one more")
    assert counts.seconds_to_wait(ADDRESS) == 0


def test_an_address_that_waits_makes_nobody_ask_an_issuer(
    site: Site, issuer: HouseIssuer, counts: BadTokens, few: int
) -> None:
    issuer.opaque_token("known")
    verify_from(ADDRESS, "known", counts)
    for number in range(few):
        with pytest.raises(TokenError, match="not valid"):
            verify_from(ADDRESS, f"guess-{number}", counts)
    issuer.opaque_token("good")
    with pytest.raises(TooManyBadTokensError) as raised:
        verify_from(ADDRESS, "good", counts)
    assert 0 < raised.value.seconds <= 60
    assert issuer.asked[INTROSPECTION] == 1 + few
    assert verify_from(OTHER, "good", counts).scopes == {"read:energy"}
    assert verify_from(ADDRESS, "known", counts).scopes == {"read:energy"}


def test_a_token_that_can_be_checked_here_is_good_from_any_address(
    site: Site, issuer: HouseIssuer, counts: BadTokens, few: int
) -> None:
    add(counts, ADDRESS, few)
    assert verify_from(ADDRESS, issuer.token(), counts).scopes == {"read:energy"}


def test_the_development_token_cannot_be_guessed_for_long(
    site: Site, counts: BadTokens, few: int, settings: object
) -> None:
    settings.API_DEVELOPMENT_TOKEN = "right"  # type: ignore[attr-defined] # pytest-django's fixture
    verify_from(ADDRESS, "right", counts)
    add(counts, ADDRESS, few)
    with pytest.raises(TooManyBadTokensError):
        verify_from(ADDRESS, "right", counts)


def test_a_token_that_has_expired_is_no_attempt(site: Site, issuer: HouseIssuer, counts: BadTokens, few: int) -> None:
    for _ in range(few + 1):
        with pytest.raises(ExpiredTokenError):
            verify_from(ADDRESS, issuer.token(exp=1), counts)
    assert counts.seconds_to_wait(ADDRESS) == 0
