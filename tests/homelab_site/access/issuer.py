"""An issuer of a test's own: it serves discovery, keys and introspection over HTTP, and counts who asks for what."""

import hmac
import json
import time
from base64 import b64decode, urlsafe_b64encode
from collections import Counter
from collections.abc import Callable, Mapping
from hashlib import sha256
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any
from urllib.parse import parse_qs

import jwt
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from jwt.algorithms import ECAlgorithm, RSAAlgorithm

from homelab_site.stack.child import free_port

PrivateKey = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey

AUDIENCE = "homelab"
LOGIN = ("homelab", "a secret: with signs")
LOGIN_SENT = "homelab:a+secret%3A+with+signs"
KEYS, DISCOVERY, INTROSPECTION = "/keys", "/.well-known/openid-configuration", "/introspect"


def new_rsa_key(bits: int = 2048) -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(65537, bits)


def new_ec_key(curve: ec.EllipticCurve | None = None) -> ec.EllipticCurvePrivateKey:
    return ec.generate_private_key(curve or ec.SECP256R1())


def public_jwk(kid: str, key: PrivateKey, **more: object) -> dict[str, Any]:
    if isinstance(key, rsa.RSAPrivateKey):
        return {**RSAAlgorithm.to_jwk(key.public_key(), as_dict=True), "kid": kid, **more}
    return {**ECAlgorithm.to_jwk(key.public_key(), as_dict=True), "kid": kid, **more}


def encoded(part: bytes | Mapping[str, Any]) -> bytes:
    return urlsafe_b64encode(part if isinstance(part, bytes) else json.dumps(part).encode()).rstrip(b"=")


def forged(header: Mapping[str, Any], claims: Mapping[str, Any], sign: Callable[[bytes], bytes]) -> str:
    """Return a token as no library would make it."""
    signed = encoded(header) + b"." + encoded(claims)
    return (signed + b"." + encoded(sign(signed))).decode()


def signed_with_public_key(key: PrivateKey, claims: Mapping[str, Any], kid: str) -> str:
    """Return a token whose HMAC has the public key as its secret."""
    secret = key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    header = {"alg": "HS256", "kid": kid, "typ": "JWT"}
    return forged(header, claims, lambda signed: hmac.digest(secret, signed, "sha256"))


class HouseIssuer:
    """Serves at one address until it is stopped, and again at the same one once it is started."""

    def __init__(self) -> None:
        self.keys: dict[str, PrivateKey] = {"rsa": new_rsa_key(), "ec": new_ec_key()}
        self.opaque: dict[str, dict[str, Any]] = {}
        self.asked: Counter[str] = Counter()
        self._server: ThreadingHTTPServer | None = None
        self._port = free_port()
        self.start()

    def start(self) -> None:
        self._server = ThreadingHTTPServer(("127.0.0.1", self._port), self._handler())
        Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()

    def stop(self) -> None:
        if self._server:
            self._server.shutdown()
            self._server.server_close()
            self._server = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._port}"

    def setting(self, **more: object) -> dict[str, Any]:
        return {"issuer": self.url, "audience": [AUDIENCE], **more}

    def introspection(self) -> dict[str, str]:
        return {"url": self.url + INTROSPECTION, "client_id": LOGIN[0], "client_secret": LOGIN[1]}

    def claims(self, **claims: object) -> dict[str, Any]:
        """Return the claims of a token that is good for an hour; a claim that is None is left out."""
        now = int(time.time())
        usual = {"iss": self.url, "aud": AUDIENCE, "sub": "s1", "iat": now, "exp": now + 3600, "scope": "read:energy"}
        return {name: value for name, value in {**usual, **claims}.items() if value is not None}

    def token(
        self, kid: str = "rsa", *, key: PrivateKey | None = None, header: Mapping[str, Any] | None = None, **claims: Any
    ) -> str:
        key = key or self.keys[kid]
        algorithm = "RS256" if isinstance(key, rsa.RSAPrivateKey) else "ES256"
        return jwt.encode(self.claims(**claims), key, algorithm, {"kid": kid, **(header or {})})

    def opaque_token(self, text: str, **answer: Any) -> str:
        self.opaque[text] = self.claims(active=True, **answer)
        return text

    def jwks(self) -> dict[str, Any]:
        return {"keys": [public_jwk(kid, key, use="sig") for kid, key in self.keys.items()]}

    def answer(self, path: str, form: Mapping[str, list[str]], login: str) -> dict[str, Any] | None:
        self.asked[path] += 1
        if path == DISCOVERY:
            return {"issuer": self.url, "jwks_uri": self.url + KEYS}
        if path == KEYS:
            return self.jwks()
        if path == INTROSPECTION and b64decode(login.removeprefix("Basic ")).decode() == LOGIN_SENT:
            return self.opaque.get(form["token"][0], {"active": False})
        return None

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        issuer = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                form = self.rfile.read(int(self.headers.get("Content-Length", 0))).decode()
                answer = issuer.answer(self.path, parse_qs(form), self.headers.get("Authorization", ""))
                self.send_response(404 if answer is None else 200)
                self.end_headers()
                self.wfile.write(json.dumps(answer).encode())

            def do_POST(self) -> None:
                self.do_GET()

            def log_message(self, format: str, *args: Any) -> None:
                """Say nothing."""

        return Handler


def of_any_claims(issuer: HouseIssuer, claims: Mapping[str, Any], **header: object) -> str:
    """Return a token that is signed well, of claims that PyJWT would not sign."""
    key = issuer.keys["ec"]
    assert isinstance(key, ec.EllipticCurvePrivateKey)
    sign = ECAlgorithm(ECAlgorithm.SHA256).sign
    return forged({"alg": "ES256", "kid": "ec", "typ": "JWT", **header}, claims, lambda signed: sign(signed, key))


def unknown_key_token(issuer: HouseIssuer, number: int) -> str:
    header = {"alg": "RS256", "kid": f"unknown-{number}", "typ": "JWT"}
    return forged(header, issuer.claims(), lambda signed: sha256(signed).digest() * 8)
