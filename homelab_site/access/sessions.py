"""Sessions that began at the identity provider: what they hold, and until when they are believed.

A session holds the tokens that its login brought, in the database and never in a cookie. While it is used, the
provider is asked again whether it still holds, with the refresh token, from a quarter of OIDC_SESSION_SECONDS on, or
before the access token expires. A provider that says no ends it. One that is away does not, but a session that it has
not confirmed for OIDC_SESSION_SECONDS ends too.
"""

import logging
import time
from collections.abc import Callable
from functools import partial
from typing import Any

import msgspec
from asgiref.sync import sync_to_async
from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, SESSION_KEY, get_user
from django.contrib.auth.models import AnonymousUser, User
from django.contrib.sessions.backends.base import SessionBase
from django.contrib.sessions.models import Session
from django.core.exceptions import SuspiciousOperation
from django.db import transaction
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.utils.functional import SimpleLazyObject

from homelab_site.access.fetching import RefusedError
from homelab_site.access.models import Identity
from homelab_site.access.people import keep_current
from homelab_site.access.provider import Tokens, provider
from homelab_site.health.asking import UnavailableError

log = logging.getLogger(__name__)

BACKEND = "homelab_site.access.oidc.OidcBackend"
HELD, HELD_FOR_LOGIN = "oidc_held", "oidc_held_for_login"
SHARE_BEFORE_ASKING = 0.25
SHARE_OF_TOKEN = 0.75
# So long nobody waits for a provider that has just not answered.
AGAIN_SECONDS = 30.0
# What says that it is the person who is refused (RFC 6749, section 5.2), and not this site.
REFUSALS = ("invalid_grant",)


class Held(msgspec.Struct, frozen=True):
    """The tokens of a session. Moments are in seconds since 1970; `ask_at` is when the provider is asked again."""

    access_token: str
    expires_at: float
    refresh_token: str | None
    id_token: str | None
    confirmed_at: float
    ask_at: float

    @property
    def is_believed(self) -> bool:
        return time.time() < self.confirmed_at + settings.OIDC_SESSION_SECONDS


def end_stale_sessions(
    get_response: Callable[[HttpRequest], HttpResponseBase],
) -> Callable[[HttpRequest], HttpResponseBase]:
    """Middleware: whoever's session is believed no longer is nobody, and the rest of the site treats them as such."""

    def middleware(request: HttpRequest) -> HttpResponseBase:
        load = partial(_current_user, request)
        request.user = SimpleLazyObject(load)  # type: ignore[assignment] # as Django's own middleware does
        request.auser = sync_to_async(load)
        return get_response(request)

    return middleware


def _current_user(request: HttpRequest) -> User | AnonymousUser:
    if not is_current(request.session):
        request.session.flush()
    user: Any = get_user(request)  # a User: there is no other model of users
    loaded: User | AnonymousUser = user
    return loaded


def hold_for_login(session: SessionBase, tokens: Tokens) -> None:
    """Keep the tokens of a login that is not finished yet."""
    session[HELD_FOR_LOGIN] = msgspec.to_builtins(_held(tokens, None, time.time()))


def drop_held_for_login(session: SessionBase) -> object:
    """Return what a login has brought, and forget it: beginning a session can empty it."""
    return session.pop(HELD_FOR_LOGIN, None)


def hold_again(session: SessionBase, brought: object) -> None:
    """Keep in a session that has begun what `drop_held_for_login` returned."""
    session[HELD] = brought


def holding(session: SessionBase) -> Held | None:
    """Return what a session holds, if it began at the identity provider."""
    held = session.get(HELD)
    return None if held is None else msgspec.convert(held, Held)


def held_token(session: SessionBase) -> tuple[str, int] | None:
    """Return the access token that a session holds and the seconds left, unless it has none or that has expired."""
    held = holding(session)
    seconds = int(held.expires_at - time.time()) if held else 0
    return (held.access_token, seconds) if held and seconds > 0 else None


def is_current(session: SessionBase) -> bool:
    """Tell whether a session is still believed; ask the provider if that is due, which takes seconds at most.

    A session of the local login is. It has to be asked before the user is loaded, whom the answer can change.
    """
    if session.get(BACKEND_SESSION_KEY) != BACKEND:
        return True
    held = holding(session)
    if held is None or not settings.OIDC_LOGIN:
        return False
    if held.is_believed and time.time() < held.ask_at:
        return True
    return _ask(session, wait=not held.is_believed)


@transaction.atomic
def _ask(session: SessionBase, *, wait: bool) -> bool:
    """Let one request of a session ask: a refresh token is good for one. The others go on, or wait for its answer."""
    rows = Session.objects.select_for_update(skip_locked=not wait).filter(session_key=session.session_key)
    row = rows.first()
    if row is None:
        return not wait
    held = msgspec.convert(row.get_decoded().get(HELD), Held | None)
    if held and (time.time() >= held.ask_at or not held.is_believed):
        held = _asked(held, session[SESSION_KEY])
    if held is None:
        return False
    session[HELD] = msgspec.to_builtins(held)
    session.save()
    return held.is_believed


def _asked(held: Held, user_id: str) -> Held | None:
    """Return what the session holds from now on, or None if the provider refuses it."""
    try:
        return _renewed(held, user_id)
    except SuspiciousOperation as error:
        log.warning("a session ends: %s", error)
        return None
    except UnavailableError as error:
        if isinstance(error, RefusedError) and error.code in REFUSALS:
            return None
        log.warning("sessions cannot be checked: %s", error)
        return msgspec.structs.replace(held, ask_at=time.time() + AGAIN_SECONDS)


def _renewed(held: Held, user_id: str) -> Held | None:
    identity = Identity.objects.select_related("user").filter(user_id=user_id).first()
    if identity is None or held.refresh_token is None:
        return None
    grant = {"grant_type": "refresh_token", "refresh_token": held.refresh_token}
    renewed = _held(provider().tokens(grant), held, time.time())
    try:
        claims = provider().user_info(renewed.access_token, identity.subject)
    except UnavailableError as error:
        if isinstance(error, RefusedError) and error.status in (401, 403):
            return None
        # The refresh token is used up, so what came for it is kept; who it is for is asked again soon.
        log.warning("a session is checked in part: %s", error)
        return msgspec.structs.replace(renewed, confirmed_at=held.confirmed_at, ask_at=time.time() + AGAIN_SECONDS)
    keep_current(identity.user, identity.issuer, claims)
    return renewed


def _held(tokens: Tokens, before: Held | None, now: float) -> Held:
    """Return what tokens are worth. An answer to a refresh token need not repeat what stays the same."""
    lasts = tokens.expires_in or 0.0
    seconds = min(settings.OIDC_SESSION_SECONDS * SHARE_BEFORE_ASKING, lasts * SHARE_OF_TOKEN or float("inf"))
    return Held(
        access_token=tokens.access_token,
        expires_at=now + lasts,
        refresh_token=tokens.refresh_token or (before.refresh_token if before else None),
        id_token=tokens.id_token or (before.id_token if before else None),
        confirmed_at=now,
        ask_at=now + seconds,
    )
