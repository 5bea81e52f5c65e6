"""Opaque tokens: what their issuer says of them, for how long that is believed, and what else an answer must hold."""

from typing import Any

import msgspec
import pytest

from homelab_site.access.introspection import AWAY_SECONDS, REMEMBERED_SECONDS, REMEMBERED_TOKENS, Introspector
from homelab_site.access.issuers import Issuer
from homelab_site.health.asking import UnavailableError
from tests.homelab_site.access.issuer import AUDIENCE, INTROSPECTION, HouseIssuer

NOW = 1_800_000_000.0


class Clock:
    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> float:
        return self.now


def opaque_token(issuer: HouseIssuer, text: str = "good", **answer: Any) -> str:
    return issuer.opaque_token(text, **{"exp": NOW + 3600, **answer})


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def introspector(issuer: HouseIssuer, clock: Clock) -> Introspector:
    trusted = msgspec.convert(issuer.setting(introspection=issuer.introspection()), Issuer)
    assert trusted.introspection
    return Introspector(trusted, trusted.introspection, clock)


def test_an_answer_is_believed_for_a_minute(issuer: HouseIssuer, introspector: Introspector, clock: Clock) -> None:
    opaque_token(issuer)
    for _ in range(3):
        assert introspector.claims("good")
        assert introspector.claims("bad") is None
    assert issuer.asked[INTROSPECTION] == 2
    issuer.opaque.clear()
    clock.now += REMEMBERED_SECONDS - 1
    assert introspector.claims("good")
    clock.now += 1
    assert introspector.claims("good") is None


def test_an_answer_is_not_believed_beyond_its_expiry(
    issuer: HouseIssuer, introspector: Introspector, clock: Clock
) -> None:
    opaque_token(issuer, exp=NOW + 10)
    assert introspector.claims("good")
    issuer.opaque.clear()
    clock.now += 9
    assert introspector.claims("good")
    clock.now += 1
    assert introspector.claims("good") is None


def test_what_is_remembered_has_a_bound(issuer: HouseIssuer, introspector: Introspector) -> None:
    for number in range(REMEMBERED_TOKENS + 1):
        introspector.claims(f"bad-{number}")
    introspector.claims(f"bad-{REMEMBERED_TOKENS}")
    assert issuer.asked[INTROSPECTION] == REMEMBERED_TOKENS + 1
    introspector.claims("bad-0")
    assert issuer.asked[INTROSPECTION] == REMEMBERED_TOKENS + 2


def test_the_token_itself_is_not_kept(issuer: HouseIssuer, introspector: Introspector) -> None:
    introspector.claims(opaque_token(issuer, "a-token-to-be-hashed"))
    assert "a-token-to-be-hashed" not in repr(vars(introspector))


@pytest.mark.parametrize(
    "answer",
    [
        {"aud": [AUDIENCE, "another"]}, {"aud": None, "client_id": AUDIENCE}, {"exp": None}, {"iss": None},
        {"exp": NOW - 30}, {"nbf": NOW + 30},
    ],
)  # fmt: skip
def test_an_answer_may_leave_out_what_the_standard_leaves_open(
    issuer: HouseIssuer, introspector: Introspector, answer: dict[str, Any]
) -> None:
    assert introspector.claims(opaque_token(issuer, **answer))


@pytest.mark.parametrize(
    "answer",
    [
        {"active": False}, {"active": "true"}, {"active": 1}, {"active": None},
        {"aud": "another"}, {"aud": None}, {"aud": None, "client_id": "another"},
        {"aud": "another", "client_id": AUDIENCE}, {"aud": {AUDIENCE: True}}, {"iss": "https://another.example"},
        {"exp": NOW - 120}, {"exp": "never"}, {"exp": True}, {"nbf": NOW + 300}, {"nbf": "now"},
    ],
)  # fmt: skip
def test_an_answer_about_another_token_is_no_good(
    issuer: HouseIssuer, introspector: Introspector, answer: dict[str, Any]
) -> None:
    token = opaque_token(issuer)
    issuer.opaque[token] = {k: v for k, v in {**issuer.opaque[token], **answer}.items() if v is not None}
    assert introspector.claims(token) is None


def test_an_endpoint_that_is_away_is_left_alone_for_a_moment(
    issuer: HouseIssuer, introspector: Introspector, clock: Clock
) -> None:
    opaque_token(issuer, "known")
    opaque_token(issuer, "other")
    assert introspector.claims("known")
    issuer.stop()
    with pytest.raises(UnavailableError):
        introspector.claims("other")
    issuer.start()
    with pytest.raises(UnavailableError):
        introspector.claims("other")
    assert introspector.claims("known")
    clock.now += AWAY_SECONDS
    assert introspector.claims("other")


def test_the_claims_name_their_issuer(issuer: HouseIssuer, introspector: Introspector) -> None:
    claims = introspector.claims(opaque_token(issuer, iss=None))
    assert claims
    assert claims["iss"] == issuer.url


@pytest.mark.parametrize("answer", [None, [], "active", {}])
def test_an_answer_that_is_none_makes_no_token_good(
    issuer: HouseIssuer, introspector: Introspector, monkeypatch: pytest.MonkeyPatch, answer: Any
) -> None:
    monkeypatch.setattr(issuer, "answer", lambda *request: answer)
    try:
        assert introspector.claims("any") is None
    except UnavailableError as error:
        assert "any" not in str(error)
