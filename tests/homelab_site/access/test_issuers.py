import json
from typing import Any

import pytest
from django.core.exceptions import ImproperlyConfigured

from homelab_site.access.issuers import Introspection, Issuer, issuers_of

NAME = "HOUSE_TEST_ISSUERS"
URL = "https://auth.example/application/o/homelab/"
SECRET = "geheim"
ENDPOINT = {"url": "https://auth.example/introspect", "client_id": "id", "client_secret": SECRET}


def read(monkeypatch: pytest.MonkeyPatch, *issuers: dict[str, Any]) -> tuple[Issuer, ...]:
    monkeypatch.setenv(NAME, json.dumps(issuers))
    return issuers_of(NAME)


def test_there_is_none_unless_it_is_named() -> None:
    assert issuers_of(NAME) == ()


def test_issuers_are_read(monkeypatch: pytest.MonkeyPatch) -> None:
    first = {"issuer": URL, "audience": ["a", "b"]}
    second = {"issuer": "http://localhost:9000", "audience": ["a"], "introspection": ENDPOINT}
    one, other = read(monkeypatch, first, second)
    assert one == Issuer(URL, ("a", "b"))
    assert other.introspection == Introspection("https://auth.example/introspect", "id", SECRET)


@pytest.mark.parametrize("issuer", [URL, URL.rstrip("/")])
def test_discovery_is_below_the_issuer(issuer: str) -> None:
    expected = "https://auth.example/application/o/homelab/.well-known/openid-configuration"
    assert Issuer(issuer, ("a",)).discovery_url == expected


@pytest.mark.parametrize(
    "wrong",
    [
        {"issuer": URL},
        {"audience": ["a"]},
        {"issuer": URL, "audience": []},
        {"issuer": URL, "audience": [""]},
        {"issuer": URL, "audience": "a"},
        {"issuer": "auth.example", "audience": ["a"]},
        {"issuer": "file:///etc/passwd", "audience": ["a"]},
        {"issuer": URL, "audience": ["a"], "jwks_url": "file:///etc/passwd"},
        {"issuer": URL, "audience": ["a"], "jwks": "https://auth.example/keys"},
        {"issuer": URL, "audience": ["a"], "introspection": {**ENDPOINT, "client_id": ""}},
        {"issuer": URL, "audience": ["a"], "introspection": {**ENDPOINT, "secret": SECRET}},
    ],
)
def test_a_wrong_issuer_is_an_error_without_its_secret(monkeypatch: pytest.MonkeyPatch, wrong: dict[str, Any]) -> None:
    with pytest.raises(ImproperlyConfigured, match=f"^{NAME} has the wrong form: ") as raised:
        read(monkeypatch, wrong)
    assert SECRET not in str(raised.value)


def test_an_issuer_that_is_named_twice_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ImproperlyConfigured, match=f"more than once: {URL}"):
        read(monkeypatch, {"issuer": URL, "audience": ["a"]}, {"issuer": URL, "audience": ["b"]})


def test_a_secret_is_not_shown() -> None:
    issuer = Issuer(URL, ("a",), introspection=Introspection("https://auth.example/introspect", "id", SECRET))
    assert SECRET not in repr(issuer)
