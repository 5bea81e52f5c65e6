import pytest

from homelab_site.access.addresses import PerAddress
from homelab_site.access.bad_tokens import TooManyBadTokensError, verify_from
from homelab_site.access.tokens import ExpiredTokenError, TokenError
from tests.homelab_site.access.conftest import Site
from tests.homelab_site.access.issuer import INTROSPECTION, HouseIssuer
from tests.homelab_site.access.test_addresses import ADDRESS, OTHER, add

FEW = 3


@pytest.fixture
def counts() -> PerAddress:
    return PerAddress(FEW)


def test_an_address_that_waits_makes_nobody_ask_an_issuer(site: Site, issuer: HouseIssuer, counts: PerAddress) -> None:
    issuer.opaque_token("known")
    verify_from(ADDRESS, "known", counts)
    for number in range(FEW):
        with pytest.raises(TokenError, match="not valid"):
            verify_from(ADDRESS, f"guess-{number}", counts)
    issuer.opaque_token("good")
    with pytest.raises(TooManyBadTokensError) as raised:
        verify_from(ADDRESS, "good", counts)
    assert 0 < raised.value.seconds <= 60
    assert issuer.asked[INTROSPECTION] == 1 + FEW
    assert verify_from(OTHER, "good", counts).scopes == {"read:energy"}
    assert verify_from(ADDRESS, "known", counts).scopes == {"read:energy"}


def test_a_token_that_can_be_checked_here_is_good_from_any_address(
    site: Site, issuer: HouseIssuer, counts: PerAddress
) -> None:
    add(counts, ADDRESS, FEW)
    assert verify_from(ADDRESS, issuer.token(), counts).scopes == {"read:energy"}


def test_the_development_token_cannot_be_guessed_for_long(site: Site, counts: PerAddress, settings: object) -> None:
    settings.API_DEVELOPMENT_TOKEN = "right"  # type: ignore[attr-defined] # pytest-django's fixture
    verify_from(ADDRESS, "right", counts)
    add(counts, ADDRESS, FEW)
    with pytest.raises(TooManyBadTokensError):
        verify_from(ADDRESS, "right", counts)


def test_a_token_that_has_expired_is_no_attempt(site: Site, issuer: HouseIssuer, counts: PerAddress) -> None:
    for _ in range(FEW + 1):
        with pytest.raises(ExpiredTokenError):
            verify_from(ADDRESS, issuer.token(exp=1), counts)
    assert counts.seconds_to_wait(ADDRESS) == 0
