"""What somebody would try who wants in without a good token, against the server as it runs."""

import http.client
import json
import math
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from tests.homelab_site.access.conftest import PATH
from tests.homelab_site.access.issuer import (
    KEYS,
    HouseIssuer,
    encoded,
    forged,
    new_ec_key,
    new_rsa_key,
    of_any_claims,
    public_jwk,
    signed_with_public_key,
    unknown_key_token,
)
from tests.homelab_site.access.server import Server, ask


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory, django_db_setup: None) -> Iterator[Server]:
    issuer = HouseIssuer()
    made = Server(tmp_path_factory.mktemp("server"), issuer)
    yield made
    made.stop()
    issuer.stop()


@pytest.fixture
def attacker() -> Iterator[HouseIssuer]:
    """An issuer that nobody trusts."""
    made = HouseIssuer()
    yield made
    made.stop()


def assert_refused(server: Server, token: str | None, status: int, sentence: str, **headers: str) -> None:
    """Assert how a request is refused, and that neither the answer nor the server's log shows its token."""
    found, answered, body = server.ask(token, **headers)
    assert found == status
    assert answered["Content-Type"] == "application/json"
    assert answered.get("WWW-Authenticate") == ("Bearer" if status == 401 else None)
    assert body.keys() == {"error", "message", "code", "details"}
    assert body["error"] == body["message"]
    assert sentence in body["error"]
    if token and len(token) > 20:
        for part in token.split("."):
            assert len(part) < 10 or part not in json.dumps(body) + server.process.log.read_text()


@pytest.mark.parametrize("kid", ["rsa", "ec"])
def test_a_good_token_is_a_way_in(server: Server, kid: str) -> None:
    status, _, body = server.ask(server.issuer.token(kid))
    assert (status, "total_kwh" in body) == (200, True)


@pytest.mark.parametrize(
    "claims",
    [
        {"exp": -30},
        {"nbf": 30},
        {"iat": 30},
        {"aud": ["another", "homelab"]},
        {"scope": ["read:energy"]},
        {"sub": None},
    ],
)
def test_a_token_at_the_edge_is_good_too(server: Server, claims: dict[str, Any]) -> None:
    assert server.ask(server.issuer.token(**shifted(server, claims)))[0] == 200


def shifted(server: Server, claims: Mapping[str, Any]) -> dict[str, Any]:
    """Return the claims with their numbers counted from now."""
    now: int = server.issuer.claims()["iat"]
    return {name: now + value if isinstance(value, int) else value for name, value in claims.items()}


def test_no_token_is_refused(server: Server) -> None:
    assert_refused(server, None, 401, "")


@pytest.mark.parametrize(
    ("claims", "sentence"),
    [
        ({"exp": -120}, "has expired"), ({"exp": None}, "not valid"), ({"exp": "soon"}, "not valid"),
        ({"exp": [1]}, "not valid"), ({"exp": float("inf")}, "not valid"), ({"exp": float("nan")}, "not valid"),
        ({"nbf": 120}, "not valid yet"), ({"nbf": "now"}, "not valid"),
        ({"iss": "https://another.example"}, "issuer"), ({"iss": None}, "issuer"), ({"iss": ["x"]}, "issuer"),
        ({"iss": {}}, "issuer"), ({"aud": "another"}, "somebody else"), ({"aud": None}, "not valid"),
        ({"aud": []}, "not valid"), ({"aud": 7}, "somebody else"), ({"aud": ""}, "not valid"),
    ],
)  # fmt: skip
def test_a_wrong_claim_is_refused(server: Server, claims: dict[str, Any], sentence: str) -> None:
    said = server.issuer.claims(**shifted(server, claims))
    assert_refused(server, of_any_claims(server.issuer, said), 401, sentence)


def test_an_issuer_must_be_ours_to_the_letter(server: Server) -> None:
    token = of_any_claims(server.issuer, server.issuer.claims(iss=server.issuer.url + "/"))
    assert_refused(server, token, 401, "issuer")


def test_a_token_of_another_scope_is_refused(server: Server) -> None:
    for scope in ("read:heatpump write:settings", "", None):
        assert_refused(server, server.issuer.token(scope=scope), 403, "This needs the scope read:energy.")


FORGERIES: dict[str, Callable[[HouseIssuer], str]] = {
    "a wrong key with the right kid": lambda issuer: issuer.token("rsa", key=new_rsa_key()),
    "a wrong curve key with the right kid": lambda issuer: issuer.token("ec", key=new_ec_key()),
    "another issuer's key under our kid of another kind": lambda issuer: issuer.token("rsa", key=new_ec_key()),
    "alg none": lambda issuer: forged({"alg": "none", "kid": "rsa"}, issuer.claims(), lambda _: b""),
    "alg None": lambda issuer: forged({"alg": "nOnE", "kid": "rsa"}, issuer.claims(), lambda _: b""),
    "no alg": lambda issuer: forged({"kid": "rsa"}, issuer.claims(), lambda _: b""),
    "an alg that is no text": lambda issuer: forged({"alg": ["RS256"], "kid": "rsa"}, issuer.claims(), lambda _: b""),
    "no signature": lambda issuer: forged({"alg": "RS256", "kid": "rsa"}, issuer.claims(), lambda _: b""),
    "a signature of zeros": lambda issuer: forged({"alg": "ES256", "kid": "ec"}, issuer.claims(), lambda _: bytes(64)),
    "HS256 with the public key": lambda issuer: signed_with_public_key(issuer.keys["rsa"], issuer.claims(), "rsa"),
    "no kid": lambda issuer: of_any_claims(issuer, issuer.claims(), kid=None),
    "a kid that is no text": lambda issuer: of_any_claims(issuer, issuer.claims(), kid=["ec"]),
    "a kid that is a path": lambda issuer: of_any_claims(issuer, issuer.claims(), kid="../../dev/null"),
    "an extension that is critical": lambda issuer: of_any_claims(issuer, issuer.claims(), crit=["x"], x=1),
    "claims changed after signing": lambda issuer: changed(issuer.token(scope=""), issuer.claims()),
    "claims that are a list": lambda issuer: f"{issuer.token().split('.')[0]}.{encoded(b'[]').decode()}.AAAA",
    "a header that never ends": lambda issuer: f"{encoded(b'[' * 9_000).decode()}.e30.AAAA",
    "claims that never end": lambda issuer: f"{issuer.token().split('.')[0]}.{encoded(b'[' * 9_000).decode()}.AAAA",
    "no JSON": lambda _: "a.b.c",
    "two dots": lambda _: "..",
    "not a JWT": lambda _: "opaque-where-nobody-can-be-asked",
    "no text": lambda _: "",
    "two words": lambda issuer: f"{issuer.token()} {issuer.token()}",
    "a comma": lambda issuer: f"{issuer.token()},{issuer.token()}",
}


def changed(token: str, claims: Mapping[str, Any]) -> str:
    header, _, signature = token.split(".")
    return f"{header}.{encoded(claims).decode()}.{signature}"


@pytest.mark.parametrize("name", FORGERIES)
def test_a_forgery_is_refused(server: Server, name: str) -> None:
    assert_refused(server, FORGERIES[name](server.issuer), 401, "The token is")


@pytest.mark.parametrize("member", ["jku", "x5u", "jwk", "x5c"])
@pytest.mark.parametrize("kid", ["rsa", "brought"])
def test_a_token_cannot_bring_its_key(server: Server, attacker: HouseIssuer, member: str, kid: str) -> None:
    attacker.keys[kid] = key = new_rsa_key()
    brought = {"jwk": public_jwk(kid, key), "x5c": ["AAAA"]}.get(member, attacker.url + KEYS)
    assert_refused(server, server.issuer.token(kid, key=key, header={member: brought}), 401, "The token is")
    assert attacker.asked == {}


def test_a_token_cannot_bring_its_issuer(server: Server, attacker: HouseIssuer) -> None:
    assert_refused(server, attacker.token(), 401, "issuer")
    assert attacker.asked == {}


@pytest.mark.parametrize(
    "name",
    ["X-Auth-Request-User", "X-Auth-Request-Email", "X-Auth-Request-Preferred-Username", "X-Forwarded-User",
     "X-Forwarded-Email", "Remote-User", "X-authentik-username"],
)  # fmt: skip
def test_a_header_that_names_a_user_proves_nothing(server: Server, name: str) -> None:
    assert_refused(server, None, 401, "", **{name: "admin"})


def test_a_token_in_the_header_of_an_untrusted_proxy_is_none(server: Server) -> None:
    good = server.issuer.token()
    assert_refused(server, None, 401, "", **{"X-Auth-Request-Access-Token": good})
    assert_refused(server, None, 401, "", **{"X-Auth-Request-Access-Token": good, "X-Forwarded-For": "192.0.2.1"})
    assert server.ask(good, **{"X-Auth-Request-Access-Token": "nonsense"})[0] == 200


def test_a_token_of_a_megabyte_does_no_harm(server: Server) -> None:
    try:
        status = server.ask("a" * 1024 * 1024)[0]
    except ConnectionError:  # the server does not read on
        status = 400
    assert status in {400, 401, 431}
    assert server.ask(server.issuer.token())[0] == 200


@pytest.mark.timeout(900)
def test_thousands_of_unknown_keys_ask_the_issuer_twice_a_minute_at_most(server: Server) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=20)
    before, times, waits = server.issuer.asked[KEYS], list[float](), set[str | None]()
    first = time.monotonic()
    for number in range(5_000):
        began = time.monotonic()
        authorization = {"Authorization": f"Bearer {unknown_key_token(server.issuer, number)}"}
        status, headers, _ = ask(connection, PATH, authorization)
        times.append(time.monotonic() - began)
        if status == 429 and not waits:
            # Whoever sends too many has to wait, and nobody else who has the same address.
            assert_refused(server, "opaque", 429, "Too many bad tokens")
            assert server.ask(server.issuer.token())[0] == 200
        waits |= {headers["Retry-After"]} if status == 429 else set()
        assert status in {401, 429}
    connection.close()
    minutes = math.ceil((time.monotonic() - first) / 60)
    assert server.issuer.asked[KEYS] - before <= 2 * minutes
    assert sorted(times)[4_950] < 0.5
    assert {0 < int(seconds or 0) <= 60 for seconds in waits} == {True}
    assert server.ask(server.issuer.token())[0] == 200


def test_known_tokens_pass_and_unknown_ones_do_not_while_the_issuer_is_away(
    tmp_path: Path, django_db_setup: None, attacker: HouseIssuer
) -> None:
    server = Server(tmp_path, attacker)
    try:
        assert server.ask(server.issuer.token())[0] == 200
        server.issuer.keys["new"] = new_ec_key()
        assert server.ask(server.issuer.token("new"))[0] == 200, "keys were rotated"
        server.issuer.stop()
        server.issuer.keys["newer"] = new_ec_key()
        began = time.monotonic()
        for _ in range(20):
            assert_refused(server, server.issuer.token("newer"), 401, "key that is not known")
            for kid in ("rsa", "ec", "new"):
                assert server.ask(server.issuer.token(kid))[0] == 200
        assert time.monotonic() - began < 20
    finally:
        server.stop()
