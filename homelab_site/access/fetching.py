"""Asking an issuer over HTTP: within limits of time and size, and nobody but who was asked."""

import time
from base64 import b64encode
from collections.abc import Mapping
from functools import partial
from http.client import HTTPException
from typing import Any, TypeVar
from urllib.error import HTTPError
from urllib.parse import quote_plus, urlencode
from urllib.request import HTTPRedirectHandler, Request, build_opener

import msgspec

from homelab_site.health.asking import Asked, UnavailableError

T = TypeVar("T")

SECONDS = 2.0
MAX_BYTES = 1024 * 1024


class RefusedError(UnavailableError):
    """There is an answer, and it is no. `code` is its reason as RFC 6749, section 5.2, names it, if it has one."""

    def __init__(self, url: str, status: int, code: str) -> None:
        super().__init__(f"{url} answered with status {status}{f' ({code})' if code else ''}")
        self.status = status
        self.code = code


class _Reason(msgspec.Struct):
    error: str


class _NoRedirects(HTTPRedirectHandler):
    def redirect_request(self, *args: Any, **kwargs: Any) -> None:
        return None


_opener = build_opener(_NoRedirects)


def asked_for(url: str, of: type[T], **form: Any) -> T:
    """Return what `fetch` does, or raise UnavailableError after SECONDS, whatever the other side does meanwhile."""
    answer = Asked(partial(fetch, url, of, **form)).answer(time.monotonic() + SECONDS)
    if answer.value is None:
        raise answer.error or UnavailableError(f"{url} answered with nothing")
    return answer.value


def fetch(
    url: str,
    of: type[T],
    *,
    form: Mapping[str, str] | None = None,
    login: tuple[str, str] | None = None,
    token: str | None = None,
) -> T:
    """Return the JSON at a URL, or the answer to a form. Each wait for the network ends after SECONDS.

    Raises UnavailableError if there is no answer, or one of another type than `of`; RefusedError if the status says
    so. `login` is a client's id and secret, sent as RFC 6749, section 2.3.1 says; `token` is a bearer token.
    """
    headers = {"Accept": "application/json"}
    if token:
        headers["Authorization"] = f"Bearer {token}"
    if login:
        headers["Authorization"] = "Basic " + b64encode(":".join(map(quote_plus, login)).encode()).decode()
    request = Request(url, data=urlencode(form).encode() if form else None, headers=headers)  # noqa: S310 - http(s) only
    try:
        with _opener.open(request, timeout=SECONDS) as response:
            body = response.read(MAX_BYTES + 1)
    except HTTPError as error:
        with error:
            raise RefusedError(url, error.code, _reason(error)) from error
    except (OSError, HTTPException) as error:
        raise UnavailableError(f"{url} does not answer") from error
    if len(body) > MAX_BYTES:
        raise UnavailableError(f"{url} answered with more than {MAX_BYTES} bytes")
    try:
        return msgspec.json.decode(body, type=of)
    except msgspec.MsgspecError as error:
        raise UnavailableError(f"{url} answered with something else: {error}") from error


def _reason(error: HTTPError) -> str:
    try:
        return msgspec.json.decode(error.read(MAX_BYTES), type=_Reason).error
    except (OSError, HTTPException, msgspec.MsgspecError):
        return ""
