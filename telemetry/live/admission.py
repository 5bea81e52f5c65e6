"""Who may connect to `/ws/energy`: decided by the code that the API asks, and asked again while they stay."""

import time
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import import_module
from io import BytesIO
from typing import Any

from django.conf import settings
from django.contrib.auth import get_user
from django.core.exceptions import DisallowedHost, SuspiciousOperation
from django.core.handlers.asgi import ASGIRequest
from django.http import HttpRequest

from homelab_site.access.bad_tokens import TooManyBadTokensError, verify_from
from homelab_site.access.introspection import LEEWAY_SECONDS
from homelab_site.access.middleware import address_of, drop_untrusted, require_text
from homelab_site.access.origins import is_from_another_site
from homelab_site.access.proxies import brought_token
from homelab_site.access.scopes import session_scopes
from homelab_site.access.sessions import is_current
from homelab_site.access.tokens import AccessToken, TokenError
from telemetry.live.protocol import STREAM_SCOPES, Close, Code, RefusedError

# What Traefik says in X-Forwarded-Proto of a WebSocket; Django knows the schemes of HTTP only.
SCHEMES = {"wss": "https", "ws": "http"}


@dataclass(frozen=True, slots=True)
class Caller:
    """Somebody who may connect, until `ends_at` (since 1970). `identity` is the same for all connections of one."""

    identity: str
    scopes: frozenset[str]
    ends_at: float


def admit(scope: Mapping[str, Any]) -> Caller:
    """Return who opens a connection, by its ASGI scope; raises RefusedError, and `django.db.Error`.

    Blocks while an issuer or the database is asked, for some seconds at most.
    """
    try:
        caller = _caller(_handshake(scope))
    except SuspiciousOperation:
        raise RefusedError(Close.NO_TOKEN, "The request cannot be understood.", Code.INVALID_MESSAGE) from None
    if not caller.scopes & STREAM_SCOPES:
        raise RefusedError(Close.NOT_ALLOWED, "This needs a scope that reads one of the streams.")
    return caller


def _handshake(scope: Mapping[str, Any]) -> HttpRequest:
    """Return the HTTP request that a WebSocket begins with (RFC 6455, section 4.1)."""
    request = ASGIRequest({**scope, "type": "http", "method": "GET"}, BytesIO())
    drop_untrusted(request)
    if forwarded := request.META.get("HTTP_X_FORWARDED_PROTO"):
        request.META["HTTP_X_FORWARDED_PROTO"] = SCHEMES.get(forwarded, forwarded)
    require_text(request)
    return request


def _caller(request: HttpRequest) -> Caller:
    _check_origin(request)
    token = _token(request)
    return _session_user(request) if token is None else _token_holder(request, token)


def _check_origin(request: HttpRequest) -> None:
    try:
        is_foreign = is_from_another_site(request)
    except DisallowedHost:
        is_foreign = True
    if is_foreign:
        raise RefusedError(Close.NOT_ALLOWED, "A page of another site may not connect.")


def _token(request: HttpRequest) -> str | None:
    """Return the token of the URL, which the client itself has put there, else the one of a header."""
    return request.GET.get("token") or brought_token(
        authorization=request.META.get("HTTP_AUTHORIZATION", ""),
        from_proxy=request.META.get("HTTP_X_AUTH_REQUEST_ACCESS_TOKEN", ""),
        peer=request.META.get("REMOTE_ADDR") or "",
        trusted=settings.TRUSTED_PROXIES,
    )


def _token_holder(request: HttpRequest, text: str) -> Caller:
    try:
        token = verify_from(address_of(request), text)
    except TooManyBadTokensError as error:
        raise RefusedError(Close.TOO_MANY, str(error)) from None
    except TokenError as error:
        raise RefusedError(Close.NO_TOKEN, str(error)) from None
    return Caller(token.identity, token.scopes, _end_of(token))


def _end_of(token: AccessToken) -> float:
    """Return until when whoever comes with a token now may stay; one in its minute of leeway has the rest of it."""
    if token.expires_at is None:
        return float("inf")
    return token.expires_at + (LEEWAY_SECONDS if token.expires_at <= time.time() else 0)


def _session_user(request: HttpRequest) -> Caller:
    """Return the user of a session. A browser names the origin of every page that opens a WebSocket."""
    key = request.COOKIES.get(settings.SESSION_COOKIE_NAME)
    if key is None:
        raise RefusedError(Close.NO_TOKEN, "This needs a token or a session.")
    if "Origin" not in request.headers:
        raise RefusedError(Close.NOT_ALLOWED, "A session counts only with the origin of a page of this site.")
    request.session = import_module(settings.SESSION_ENGINE).SessionStore(key)
    user: Any = get_user(request) if is_current(request.session) else None
    if user is None or not user.is_authenticated:
        raise RefusedError(Close.NO_TOKEN, "The session has ended.")
    return Caller(f"user {user.pk}", session_scopes(user), float("inf"))
