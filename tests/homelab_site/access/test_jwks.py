"""Keys of an issuer that changes them, goes away, hangs, or says something else."""

import socket
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from itertools import pairwise
from typing import Any

import msgspec
import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from homelab_site.access.issuers import Issuer
from homelab_site.access.jwks import AGAIN_SECONDS, MINUTE, STALE_SECONDS, KeySet, signing_keys
from tests.homelab_site.access.issuer import DISCOVERY, KEYS, HouseIssuer, new_ec_key, new_rsa_key, public_jwk
from tests.waiting import eventually


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def key_set(setting: dict[str, Any], clock: Clock | None = None) -> KeySet:
    return KeySet(msgspec.convert(setting, Issuer), clock or Clock())


def test_keys_are_asked_for_once(issuer: HouseIssuer) -> None:
    keys = key_set(issuer.setting())
    assert issuer.asked == {}
    for _ in range(3):
        assert keys.key("rsa", "RS256")
        assert keys.key("ec", "ES256")
    assert issuer.asked == {DISCOVERY: 1, KEYS: 1}


def test_an_address_of_keys_makes_discovery_needless(issuer: HouseIssuer) -> None:
    assert key_set(issuer.setting(jwks_url=issuer.url + KEYS)).key("rsa", "RS256")
    assert issuer.asked == {KEYS: 1}


def test_a_key_serves_its_own_algorithm_only(issuer: HouseIssuer) -> None:
    keys = key_set(issuer.setting())
    assert keys.key("rsa", "ES256") is keys.key("ec", "RS256") is keys.key("rsa", "HS256") is None


def test_a_new_key_is_found_even_soon_after_the_first_reading(issuer: HouseIssuer) -> None:
    keys = key_set(issuer.setting())
    assert keys.key("ec", "ES256")
    issuer.keys = {"new": new_ec_key()}
    assert keys.key("new", "ES256")
    assert keys.key("ec", "ES256") is None


def test_unknown_keys_ask_at_most_twice_a_minute(issuer: HouseIssuer) -> None:
    clock = Clock()
    keys = key_set(issuer.setting(), clock)
    asked_at = []
    for number in range(5_000):
        before = issuer.asked[KEYS]
        assert keys.key(f"unknown-{number}", "RS256") is None
        asked_at += [clock.now] * (issuer.asked[KEYS] - before)
        clock.now += 5 * MINUTE / 5_000
    assert len(asked_at) > 5
    assert all(third - first >= MINUTE for first, third in zip(asked_at, asked_at[2:], strict=False))
    assert all(later - earlier >= AGAIN_SECONDS for earlier, later in pairwise(asked_at[1:]))


def test_many_who_ask_at_once_cost_one_request(issuer: HouseIssuer) -> None:
    keys = key_set(issuer.setting())
    with ThreadPoolExecutor(20) as crowd:
        found = [crowd.submit(keys.key, "rsa", "RS256") for _ in range(20)]
        assert all(key.result() for key in found)
    assert issuer.asked[KEYS] <= 2


def test_keys_stay_known_while_the_issuer_is_away(issuer: HouseIssuer) -> None:
    clock = Clock()
    keys = key_set(issuer.setting(), clock)
    assert keys.key("rsa", "RS256")
    issuer.stop()
    for _ in range(5):
        clock.now += 2 * STALE_SECONDS
        assert keys.key("unknown", "RS256") is None
        assert keys.key("rsa", "RS256")
    issuer.start()
    issuer.keys["new"] = new_ec_key()
    clock.now += MINUTE
    assert keys.key("new", "ES256")


def test_a_key_that_was_withdrawn_is_forgotten_though_no_other_appears(issuer: HouseIssuer) -> None:
    clock = Clock()
    keys = key_set(issuer.setting(), clock)
    assert keys.key("rsa", "RS256")
    del issuer.keys["rsa"]
    assert keys.key("rsa", "RS256")
    clock.now += STALE_SECONDS + 1
    eventually(lambda: keys.key("rsa", "RS256") is None)


def test_an_issuer_that_hangs_holds_up_nobody_whose_key_is_known(issuer: HouseIssuer) -> None:
    keys = key_set(issuer.setting())
    assert keys.key("rsa", "RS256")
    with hanging(issuer), ThreadPoolExecutor(1) as other:
        unknown = other.submit(keys.key, "unknown", "RS256")
        eventually(unknown.running)
        for _ in range(100):
            assert keys.key("rsa", "RS256")
        assert not unknown.done()
        assert unknown.result(timeout=10) is None


@contextmanager
def hanging(issuer: HouseIssuer) -> Iterator[None]:
    """Let the issuer's address accept connections and say nothing."""
    port = int(issuer.url.rsplit(":", 1)[1])
    issuer.stop()
    with socket.create_server(("127.0.0.1", port)):
        yield


@pytest.mark.parametrize(
    "document",
    [
        {"issuer": "https://another.example", "jwks_uri": "http://127.0.0.1/keys"},
        {"issuer": None},
        {"issuer": "SELF", "jwks_uri": "file:///etc/passwd"},
        {"keys": "none"},
        [],
    ],
)
def test_discovery_that_says_something_else_is_not_followed(
    issuer: HouseIssuer, monkeypatch: pytest.MonkeyPatch, document: Any
) -> None:
    if isinstance(document, dict) and document.get("issuer") == "SELF":
        document["issuer"] = issuer.url
    monkeypatch.setattr(issuer, "answer", lambda *request: document)
    assert key_set(issuer.setting()).key("rsa", "RS256") is None


def test_keys_that_cannot_sign_for_us_are_left_out() -> None:
    good = public_jwk("good", new_ec_key())
    others = [
        public_jwk("for encryption", new_rsa_key(), use="enc"),
        public_jwk("another algorithm", new_rsa_key(), alg="RS512"),
        public_jwk("another curve", new_ec_key(ec.SECP384R1())),
        public_jwk("short", new_rsa_key(1024)),
        public_jwk("private", new_ec_key(), d="AQ"),
        {**public_jwk("broken", new_ec_key()), "x": "AQ"},
        {"kty": "oct", "kid": "shared", "k": "c2VjcmV0", "alg": "HS256"},
        {"kty": ["RSA"], "kid": "strange"},
        {"kty": "EC", "crv": ["P-256"], "kid": "stranger"},
        {"kty": "RSA", "n": 7, "e": None, "kid": "numbers"},
        {"kty": "RSA", "kid": "nothing"},
        {**public_jwk("list", new_ec_key()), "kid": ["list"]},
        {"kid": "empty"},
        {**public_jwk("none", new_ec_key()), "kid": None},
    ]
    assert list(signing_keys([*others, good])) == [("good", "ES256")]
