"""What logs and error pages must not show: the secrets of the settings, and the tokens and cookies of a request.

An exception's message, a URL or a variable of a stack frame can hold one, wherever it comes from. So whatever is about
to be written down is searched for them, once and at the end.
"""

import logging
import re
from collections.abc import Iterator
from contextlib import suppress
from functools import lru_cache
from html import escape
from itertools import chain
from urllib.parse import unquote, urlsplit

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.http import HttpRequest
from django.utils.safestring import SafeString
from django.views.debug import ExceptionReporter

HIDDEN = "********"
# A shorter one would hide words that have nothing to do with it.
MINIMUM_LENGTH = 6
SECRETS = ("SECRET_KEY", "API_DEVELOPMENT_TOKEN", "OIDC_RP_CLIENT_SECRET")
URLS = (
    "DATABASE_URL", "TELEMETRY_DATABASE_URL", "TELEMETRY_SINK_URL", "TELEMETRY_OWNER_URL",
    "AUTHENTIK_DATABASE_URL", "MQTT_URL", "REDIS_URL",
)  # fmt: skip
SECRET_NAME = re.compile(r"auth|code|csrf|key|pass|secret|session|signature|token", re.IGNORECASE)
# A JWT, also one that was cut off, and the parameter of a URL that holds a token or a code.
ANYWHERE = r"\beyJ[\w-]{10,}(?:\.[\w-]*){0,2}|(?<=[?&])(?:[a-z_]*token[a-z_]*|code)=[^&\s'\"<]+"


class SecretiveFormatter(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        return hide_secrets(super().format(record), getattr(record, "request", None))


class SecretiveReporter(ExceptionReporter):
    """The page that Django shows in place of an error while DJANGO_DEBUG is on."""

    def get_traceback_html(self) -> SafeString:
        return SafeString(hide_secrets(super().get_traceback_html(), self.request))

    def get_traceback_text(self) -> SafeString:
        return SafeString(hide_secrets(super().get_traceback_text(), self.request))


def hide_secrets(text: str, request: object = None) -> str:
    """Return a text without any secret of the settings, or of a request that it may be about."""
    secrets = set(_secrets_of_settings())
    if isinstance(request, HttpRequest):
        secrets.update(_secrets_of_request(request))
    return _pattern(frozenset(secrets)).sub(HIDDEN, text)


@lru_cache(maxsize=16)
def _pattern(secrets: frozenset[str]) -> re.Pattern[str]:
    written = {form for secret in secrets if len(secret) >= MINIMUM_LENGTH for form in _forms(secret)}
    return re.compile("|".join([*map(re.escape, sorted(written, key=len, reverse=True)), ANYWHERE]))


def _forms(secret: str) -> Iterator[str]:
    """Yield how a secret can be written: as it is, in a URL, as a literal of Python, and each of them in HTML."""
    for text in {secret, unquote(secret), repr(secret)[1:-1]}:
        yield text
        yield escape(text)


def _secrets_of_settings() -> Iterator[str]:
    for name in SECRETS:
        with suppress(ImproperlyConfigured):  # what Django raises for an empty SECRET_KEY
            yield getattr(settings, name, "")
    for name in URLS:
        yield urlsplit(getattr(settings, name)).password or ""
    for issuer in settings.OIDC_ISSUERS:
        yield issuer.introspection.client_secret if issuer.introspection else ""


def _secrets_of_request(request: HttpRequest) -> Iterator[str]:
    # A form that nobody has read yet is in no variable either, and reading it here could fail.
    parameters = [request.GET, request.COOKIES, getattr(request, "_post", {})]
    for name, value in chain(request.META.items(), *(found.items() for found in parameters)):
        if isinstance(value, str) and SECRET_NAME.search(name):
            # Without the scheme of an Authorization header.
            yield value.rpartition(" ")[2]
