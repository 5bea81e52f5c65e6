"""A stand-in for oauth2-proxy, of which there is no package: it answers as its documentation says.

https://oauth2-proxy.github.io/oauth2-proxy/configuration/integrations/traefik (both ways of asking it) and
https://oauth2-proxy.github.io/oauth2-proxy/features/endpoints. It knows cookies by heart instead of decrypting them.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any
from urllib.parse import parse_qs, urlsplit

COOKIE = "_oauth2_proxy"
AUTHORIZE = "https://authentik.k12n.com/application/o/authorize/?client_id=homelab-proxy"
REFRESHED = f"{COOKIE}_0=new; Path=/; Domain=k12n.com; HttpOnly; Secure; SameSite=Lax"


class OAuth2Proxy(ThreadingHTTPServer):
    """Knows the cookies `good` and `stale`, which it gives a new one for; `token` is what it got for them."""

    daemon_threads = True

    def __init__(self, token: str) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.token = token
        self.asked: list[tuple[str, list[tuple[str, str]]]] = []


class Handler(BaseHTTPRequestHandler):
    server: OAuth2Proxy

    def do_GET(self) -> None:
        self.server.asked.append((self.path, self.headers.items()))
        url, session = urlsplit(self.path), self._session()
        if url.path == "/oauth2/callback":
            known = "code" in parse_qs(url.query)
            self._answer(302 if known else 403, Location="/", Set_Cookie=f"{COOKIE}={'good' if known else ''}; Path=/")
        elif url.path == "/oauth2/sign_out":
            self._answer(302, Location=parse_qs(url.query).get("rd", ["/"])[0], Set_Cookie=f"{COOKIE}=; Max-Age=0")
        elif session:
            cookie = {"Set_Cookie": REFRESHED} if session == "stale" else {}
            self._answer(202, **self._identity(), **cookie)
        elif url.path == "/oauth2/auth" or "application/json" in self.headers.get("Accept", ""):
            self._answer(401)
        else:  # --skip-provider-button
            self._answer(302, Location=AUTHORIZE, Set_Cookie=f"{COOKIE}_csrf=x; Path=/")

    def _session(self) -> str | None:
        cookies = dict(pair.strip().partition("=")[::2] for pair in self.headers.get("Cookie", "").split(";"))
        session = cookies.get(COOKIE)
        return session if session in ("good", "stale") else None

    def _identity(self) -> dict[str, str]:
        """What --set-xauthrequest and --pass-access-token add to an answer."""
        return {
            "X_Auth_Request_User": "anna",
            "X_Auth_Request_Email": "anna@example.com",
            "X_Auth_Request_Groups": "homelab-viewers",
            "X_Auth_Request_Access_Token": self.server.token,
        }

    def _answer(self, status: int, **headers: str) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *args: Any) -> None:
        """Say nothing."""


@contextmanager
def serving(token: str) -> Iterator[OAuth2Proxy]:
    server = OAuth2Proxy(token)
    Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()
