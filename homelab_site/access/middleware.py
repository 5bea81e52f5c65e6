"""What is done to every request before anything believes it."""

from collections.abc import Callable

from django.conf import settings
from django.core.exceptions import SuspiciousOperation
from django.http import HttpRequest
from django.http.response import HttpResponseBase

from homelab_site.access.proxies import client_address, is_trusted

FORWARDED = ("HTTP_X_FORWARDED_FOR", "HTTP_X_FORWARDED_HOST", "HTTP_X_FORWARDED_PROTO")


def believe_only_trusted_proxies(
    get_response: Callable[[HttpRequest], HttpResponseBase],
) -> Callable[[HttpRequest], HttpResponseBase]:
    """Drop what somebody else says of where a request comes from and went to. It has to be the first middleware."""

    def middleware(request: HttpRequest) -> HttpResponseBase:
        drop_untrusted(request)
        return get_response(request)

    return middleware


def refuse_null_characters(
    get_response: Callable[[HttpRequest], HttpResponseBase],
) -> Callable[[HttpRequest], HttpResponseBase]:
    """Answer 400 where a path or a cookie could not be looked for in the database."""

    def middleware(request: HttpRequest) -> HttpResponseBase:
        require_text(request)
        return get_response(request)

    return middleware


def require_text(request: HttpRequest) -> None:
    """Raise SuspiciousOperation for a null character, which PostgreSQL takes in no text. Forms look for themselves."""
    if any("\x00" in text for text in (request.path, *request.COOKIES.values())):
        raise SuspiciousOperation("There is a null character in a path or a cookie.")


def drop_untrusted(request: HttpRequest) -> None:
    """Drop the headers that only a trusted proxy may send, unless the request comes from one."""
    if not is_trusted(request.META.get("REMOTE_ADDR") or "", settings.TRUSTED_PROXIES):
        for name in FORWARDED:
            request.META.pop(name, None)


def address_of(request: HttpRequest) -> str:
    """Return the address of whoever sent a request; empty if there is none."""
    return client_address(
        peer=request.META.get("REMOTE_ADDR") or "",
        forwarded_for=request.META.get("HTTP_X_FORWARDED_FOR", ""),
        trusted=settings.TRUSTED_PROXIES,
    )
