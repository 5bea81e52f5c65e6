"""What this site takes from an identity provider: the ID token, and how long it waits."""

import time
from collections.abc import Iterator
from typing import Any

import msgspec
import pytest
from django.core.exceptions import SuspiciousOperation
from django.test import Client

from homelab_site.access.issuers import Issuer
from homelab_site.access.provider import Provider
from tests.away import silent_port
from tests.homelab_site.access.issuer import AUDIENCE, HouseIssuer, new_rsa_key, of_any_claims, signed_with_public_key


@pytest.fixture
def provider(issuer: HouseIssuer) -> Provider:
    return Provider(msgspec.convert(issuer.setting(), Issuer), AUDIENCE, "a secret")


@pytest.mark.parametrize("kid", ["rsa", "ec"])
def test_an_id_token_is_good_with_either_kind_of_key(issuer: HouseIssuer, provider: Provider, kid: str) -> None:
    claims = provider.id_claims(issuer.token(kid, nonce="n", azp=AUDIENCE, aud=[AUDIENCE, "another"]))
    assert (claims["sub"], claims["nonce"]) == ("s1", "n")


@pytest.mark.parametrize(
    "claims",
    [
        {"iss": "https://another.example"}, {"iss": None}, {"aud": "another"}, {"aud": None}, {"azp": "another"},
        {"sub": None}, {"exp": 1_700_000_000}, {"exp": None}, {"iat": None},
    ],
)  # fmt: skip
def test_an_id_token_that_is_not_ours_is_refused(
    issuer: HouseIssuer, provider: Provider, claims: dict[str, Any]
) -> None:
    with pytest.raises(SuspiciousOperation):
        provider.id_claims(issuer.token(**claims))


def test_an_id_token_that_somebody_else_signed_is_refused(issuer: HouseIssuer, provider: Provider) -> None:
    forged = [
        issuer.token(key=new_rsa_key()),
        signed_with_public_key(issuer.keys["rsa"], issuer.claims(), "rsa"),
        of_any_claims(issuer, issuer.claims(), alg="none"),
        "nonsense",
        "",
        None,
    ]
    for token in forged:
        with pytest.raises(SuspiciousOperation):
            provider.id_claims(token)


@pytest.fixture
def silent(settings: Any) -> Iterator[None]:
    """A site whose provider takes connections and never says anything."""
    with silent_port() as port:
        url = f"http://127.0.0.1:{port}"
        settings.OIDC_ISSUERS = msgspec.convert([{"issuer": url, "audience": [AUDIENCE]}], tuple[Issuer, ...])
        settings.OIDC_LOGIN, settings.OIDC_RP_CLIENT_ID, settings.OIDC_RP_CLIENT_SECRET = True, AUDIENCE, "a secret"
        yield


@pytest.mark.usefixtures("silent", "db")
def test_nobody_waits_for_a_provider_that_says_nothing(client: Client) -> None:
    began = time.monotonic()
    page = client.get("/login/oidc/")
    assert (page.status_code, "does not answer" in page.content.decode()) == (503, True)
    assert time.monotonic() - began < 5
    assert client.get("/login/").status_code == 200


@pytest.mark.django_db
def test_where_no_provider_is_set_up_there_is_no_way_to_one(client: Client) -> None:
    assert (
        client.get("/login/oidc/").status_code == client.get("/login/oidc/callback/?code=x&state=y").status_code == 404
    )
