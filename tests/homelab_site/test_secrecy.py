"""Neither a log nor an error page shows a secret, whatever goes wrong."""

import io
import json
import logging
import os
from collections.abc import Iterator
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client, RequestFactory

from homelab_site.secrecy import HIDDEN, SecretiveFormatter, SecretiveReporter, hide_secrets
from tests.homelab_site.access.issuer import HouseIssuer
from tests.homelab_site.access.server import Server

DATABASE = "pass-of-the-database"
DEVELOPMENT = "a-token-of-a-developer"
CLIENT = "secret-of-the-client"
OPAQUE = "opaque-token-of-somebody"
SESSION = "session-of-somebody-0123"
CODE = "code-of-the-login-0123"
API = "/api/v1/energy/latest"
WEBSOCKET = {
    "Connection": "Upgrade",
    "Upgrade": "websocket",
    "Sec-WebSocket-Version": "13",
    "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
}


def test_a_secret_of_the_settings_is_hidden_in_every_form(settings: Any) -> None:
    settings.DATABASE_URL = "postgresql://house:p%2F%3Cs%27rd%3E-long@host/homelab"
    settings.API_DEVELOPMENT_TOKEN = DEVELOPMENT
    for text in (settings.DATABASE_URL, "p/<s'rd>-long", "p/&lt;s&#x27;rd&gt;-long", DEVELOPMENT, settings.SECRET_KEY):
        assert hide_secrets(f"before {text} after") in {
            f"before {HIDDEN} after",
            f"before postgresql://house:{HIDDEN}@host/homelab after",
        }


@pytest.mark.parametrize(
    ("text", "hidden"),
    [
        (f"GET /ws/energy?token={OPAQUE}&x=1", f"GET /ws/energy?{HIDDEN}&x=1"),
        (f"/login/oidc/callback/?code={CODE}&state=1", f"/login/oidc/callback/?{HIDDEN}&state=1"),
        ("Bearer eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl said", f"Bearer {HIDDEN} said"),
        ("eyJhbGciOiJSUzI1NiJ9.eyJzdW", HIDDEN),
    ],
)
def test_what_looks_like_a_token_is_hidden(text: str, hidden: str) -> None:
    assert hide_secrets(text) == hidden


@pytest.mark.parametrize("text", ["", "the token is not valid", "/status/?page=2", "kafka: eyJ", "code=1", "a?b=token"])
def test_anything_else_is_left_as_it_is(text: str, settings: Any) -> None:
    settings.API_DEVELOPMENT_TOKEN = "page"
    assert hide_secrets(text) == text


def asked() -> Any:
    return RequestFactory().post(
        f"/x?token={OPAQUE}",
        {"password": DATABASE},
        headers={"Authorization": f"Bearer {DEVELOPMENT}", "Cookie": f"homelab-session={SESSION}; theme=dark"},
    )


def test_a_log_line_about_a_request_shows_nothing_of_its_tokens() -> None:
    record = logging.LogRecord("x", logging.ERROR, "x", 1, "%s %s %s", (OPAQUE, DEVELOPMENT, SESSION), None)
    record.request = asked()
    assert SecretiveFormatter("%(message)s").format(record) == " ".join([HIDDEN] * 3)


def test_neither_do_the_variables_on_a_page_about_an_error(settings: Any) -> None:
    settings.DEBUG = True
    request = asked()
    assert request.POST["password"] == DATABASE
    bearer, session = request.headers["Authorization"], request.COOKIES["homelab-session"]
    try:
        raise ValueError(bearer, session)  # noqa: TRY301 - its frame is what this is about
    except ValueError as error:
        reporter = SecretiveReporter(request, type(error), error, error.__traceback__)
    for page in (reporter.get_traceback_html(), reporter.get_traceback_text()):
        assert "ValueError" in page
        # The page quotes this file too, which names the constants and not what they are.
        for secret in (OPAQUE, DATABASE, DEVELOPMENT, SESSION, settings.SECRET_KEY):
            assert secret not in page


@pytest.fixture(scope="module", params=["false", "true"], ids=["deployed", "debug"])
def broken(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, django_db_setup: None
) -> Iterator[Server]:
    """A server whose databases let nobody in."""
    issuer = HouseIssuer()
    introspection = {**issuer.introspection(), "client_secret": CLIENT}
    environment = {
        "DJANGO_DEBUG": request.param,
        "DATABASE_URL": f"postgresql://house:{DATABASE}@127.0.0.1:1/homelab",
        "TELEMETRY_DATABASE_URL": f"postgresql://house:{DATABASE}@127.0.0.1:1/telemetry",
        "API_DEVELOPMENT_TOKEN": DEVELOPMENT,
        "OIDC_ISSUERS": json.dumps([issuer.setting(introspection=introspection)]),
        "LOG_LEVEL": "DEBUG",
    }
    made = Server(tmp_path_factory.mktemp("broken"), issuer, **environment)
    yield made
    made.stop()
    issuer.stop()


def test_a_server_that_fails_shows_no_secret(broken: Server) -> None:
    good = broken.issuer.token()
    cookie = {"Cookie": f"homelab-session={SESSION}"}
    answers = [broken.ask(token, API, **cookie) for token in (DEVELOPMENT, OPAQUE, good, f"{good}x")]
    # The page of what is not there repeats its own address while DJANGO_DEBUG is on, and nothing else.
    answers.append(broken.ask(None, "/nothing", **cookie))
    answers += [broken.ask(None, f"{path}?token={OPAQUE}&code={CODE}", **cookie) for path in ("/", API, "/login/")]
    answers += [broken.ask(None, f"/ws/energy?token={token}", **WEBSOCKET) for token in (good, OPAQUE)]
    assert {401, 503} <= {status for status, _, _ in answers}
    assert "Traceback" in broken.log
    shown = json.dumps([(str(headers), body) for _, headers, body in answers]) + broken.log
    for secret in (DATABASE, DEVELOPMENT, CLIENT, OPAQUE, SESSION, CODE, good.split(".")[2], os.environ["SECRET_KEY"]):
        assert secret not in shown


@pytest.fixture
def log() -> Iterator[io.StringIO]:
    """What this process writes into its log."""
    (handler,) = [found for found in logging.getLogger().handlers if isinstance(found.formatter, SecretiveFormatter)]
    assert isinstance(handler, logging.StreamHandler)
    written = io.StringIO()
    before = handler.setStream(written)
    yield written
    handler.setStream(before)


@pytest.mark.django_db(databases=["default", "telemetry"])
@pytest.mark.parametrize("debug", [False, True])
@pytest.mark.parametrize("path", [API, "/status/"])
def test_an_error_that_nobody_foresaw_shows_no_secret(
    settings: Any, monkeypatch: pytest.MonkeyPatch, log: io.StringIO, admin_user: User, debug: bool, path: str
) -> None:
    settings.DEBUG = debug
    settings.API_DEVELOPMENT_TOKEN = DEVELOPMENT
    settings.DATABASE_URL = f"postgresql://house:{DATABASE}@host/homelab"

    def fail(*args: object, **kwargs: object) -> None:
        raise RuntimeError(f"{settings.DATABASE_URL} {OPAQUE}")

    monkeypatch.setattr("django.db.models.query.QuerySet._fetch_all", fail)
    monkeypatch.setattr("django.db.backends.utils.CursorWrapper.execute", fail)
    client = Client(raise_request_exception=False)
    headers = {"Authorization": f"Bearer {DEVELOPMENT}", "Cookie": f"{settings.SESSION_COOKIE_NAME}={SESSION}"}
    answer = client.get(f"{path}?token={OPAQUE}", headers=headers)
    assert answer.status_code == 500
    assert ("RuntimeError" in answer.content.decode()) == debug
    assert "RuntimeError" in log.getvalue()
    for secret in (DATABASE, DEVELOPMENT, OPAQUE, SESSION, settings.SECRET_KEY):
        assert secret not in answer.content.decode() + log.getvalue()
