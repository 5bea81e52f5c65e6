"""The stack's identity provider, this site as a server beside it, and a browser that goes between them."""

import http.cookiejar
import json
import os
import re
import sqlite3
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from email.message import Message
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import jwt

from homelab_site.stack import parts, secrets
from homelab_site.stack.child import Child, free_port
from homelab_site.stack.identity.keys import add_key, private_keys
from homelab_site.stack.services import Identity
from tests.waiting import eventually

SECONDS = 30
START_SECONDS = 90


@dataclass(frozen=True, slots=True)
class Page:
    status: int
    url: str
    text: str
    headers: Message

    @property
    def path(self) -> str:
        return urlsplit(self.url).path

    @property
    def location(self) -> str:
        return str(self.headers["Location"])

    @property
    def query(self) -> dict[str, str]:
        """The query of where an answer leads."""
        return {name: values[0] for name, values in parse_qs(urlsplit(self.location).query).items()}

    def json(self) -> Any:
        return json.loads(self.text)

    def hidden(self, name: str) -> str:
        found = re.search(rf'name="{name}" value="([^"]*)"', self.text)
        assert found, self.text
        return found[1].replace("&amp;", "&")


class _Stay(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *args: Any, **kwargs: Any) -> None:
        return None


class Browser:
    """Keeps cookies, which all ports of a host share, and follows redirections unless it is told to stay."""

    def __init__(self) -> None:
        cookies = urllib.request.HTTPCookieProcessor(http.cookiejar.CookieJar())
        self._following = urllib.request.build_opener(urllib.request.ProxyHandler({}), cookies)
        self._staying = urllib.request.build_opener(urllib.request.ProxyHandler({}), cookies, _Stay)

    def get(self, url: str, *, stay: bool = False, **headers: str) -> Page:
        return self._ask(urllib.request.Request(url, headers=headers), stay)

    def post(self, url: str, form: Mapping[str, str], *, stay: bool = False) -> Page:
        return self._ask(urllib.request.Request(url, urlencode(form).encode()), stay)

    def submit(self, page: Page, url: str = "", **fields: str) -> Page:
        """Send a page's form back to where the page came from."""
        return self.post(url or page.url, {"csrfmiddlewaretoken": page.hidden("csrfmiddlewaretoken"), **fields})

    def _ask(self, request: urllib.request.Request, stay: bool) -> Page:
        opener = self._staying if stay else self._following
        try:
            with opener.open(request, timeout=SECONDS) as answer:
                return Page(answer.status, answer.url, answer.read().decode(), answer.headers)
        except urllib.error.HTTPError as error:
            with error:
                return Page(error.code, error.url, error.read().decode(), error.headers)


class House(Identity):
    """The identity provider, with ways to change what it knows."""

    def password(self, name: str) -> str:
        return secrets.person_password(self.directory, name)

    def change(self, statement: str, *values: object) -> None:
        with closing(sqlite3.connect(self.directory / "identity.sqlite3", timeout=10)) as database, database:
            database.execute(statement, values)

    @contextmanager
    def held_up(self) -> Iterator[None]:
        """Let whoever asks wait, as long as that is shorter than their patience."""
        with closing(sqlite3.connect(self.directory / "identity.sqlite3", timeout=10)) as database:
            database.execute("BEGIN EXCLUSIVE")
            yield
            database.rollback()

    def tokens_given(self) -> int:
        """Return how many access tokens there are."""
        with closing(sqlite3.connect(self.directory / "identity.sqlite3", timeout=10)) as database:
            (count,) = database.execute("SELECT max(id) FROM oauth2_provider_accesstoken").fetchone()
        return int(count)

    def let_in(self, name: str, *, active: bool) -> None:
        self.change("UPDATE auth_user SET is_active = ? WHERE username = ?", active, name)

    def put_in_admins(self, name: str) -> None:
        self.change(
            "INSERT INTO auth_user_groups (user_id, group_id) SELECT u.id, g.id FROM auth_user u, auth_group g "
            "WHERE u.username = ?",
            name,
        )

    def take_from_admins(self, name: str) -> None:
        self.change("DELETE FROM auth_user_groups WHERE user_id = (SELECT id FROM auth_user WHERE username = ?)", name)

    def rotate_key(self) -> None:
        add_key(self.directory / "keys")

    def token(self, **claims: object) -> str:
        """Return an access token as the provider signs it, with other claims."""
        kid = Browser().get(f"{self.url}/.well-known/jwks.json").json()["keys"][0]["kid"]
        now = int(time.time())
        usual = {"iss": self.url, "aud": "homelab", "sub": "2", "scope": "read:energy", "iat": now, "exp": now + 600}
        key = private_keys(self.directory / "keys")[0]
        return jwt.encode({**usual, **claims}, key, "RS256", {"kid": kid})

    def opaque_token(self) -> str:
        secret = secrets.client_secret(self.directory, secrets.SCRIPTS_CLIENT)
        form = {"grant_type": "client_credentials", "client_id": secrets.SCRIPTS_CLIENT, "client_secret": secret}
        token: str = Browser().post(f"{self.url}/token/", form).json()["access_token"]
        return token


class SiteServer:
    """The web process as the stack runs it, on the databases of the tests."""

    def __init__(self, directory: Path, house: Identity, **variables: str) -> None:
        self.port = free_port()
        environment = {**os.environ, **house.environment(), "LOCAL_LOGIN": "false", **variables}
        environment["PYTHONPATH"] = parts.PROJECT
        self._child = Child("web", parts.web(self.port).argv, directory / "web.log", env=environment)

    def start(self) -> None:
        self._child.start()
        self._child.wait_for_port(self.port, START_SECONDS)
        eventually(lambda: Browser().get(self.url("health")).status == 200)

    def stop(self) -> None:
        self._child.kill()

    @property
    def log(self) -> str:
        return self._child.log.read_text()

    def url(self, path: str = "") -> str:
        return f"http://127.0.0.1:{self.port}/{path}"

    def ask(self, path: str, token: str) -> Page:
        """Ask the API as a program does, with a token and no cookies."""
        return Browser().get(self.url(f"api/v1/{path}"), Authorization=f"Bearer {token}")


class Person(Browser):
    """Somebody with a browser in front of a site."""

    def __init__(self, house: House, site: SiteServer, name: str) -> None:
        super().__init__()
        self.name = name
        self._house = house
        self._site = site

    def at(self, path: str, *, stay: bool = False) -> Page:
        return self.get(self._site.url(path), stay=stay)

    def log_in(self, path: str = "status/") -> Page:
        """Ask for a page, and fill in the form that this leads to."""
        return self.give_password(self.at(path))

    def give_password(self, form: Page) -> Page:
        assert form.url.startswith(f"{self._house.url}/login/"), (form.url, form.text)
        fields = {"username": self.name, "password": self._house.password(self.name), "next": form.hidden("next")}
        return self.submit(form, **fields)

    def log_out(self) -> Page:
        return self.submit(self.at("status/"), self._site.url("logout/"))

    def is_logged_in(self) -> bool:
        return self.at("status/", stay=True).status == 200

    def info(self) -> Page:
        return self.at("api/v1/user/info", stay=True)

    def authorization(self) -> Page:
        """Begin a login, and return the answer that leads to the provider."""
        return self.at("login/oidc/", stay=True)
