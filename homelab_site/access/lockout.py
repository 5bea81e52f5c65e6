"""What django-axes does not know of this site: whom it counts, and what whoever is locked out gets to see."""

from collections.abc import Mapping
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render


def is_not_counted(request: HttpRequest, credentials: Mapping[str, Any] | None = None) -> bool:
    """Tell whether a login is none with a password.

    Nobody guesses at the identity provider's codes, and to lock its logins by their address alone would let one phone
    of a house shut out all others.
    """
    return not (credentials or {}).get("username")


def locked_out(request: HttpRequest, response: HttpResponse, credentials: Mapping[str, Any] | None) -> HttpResponse:
    """Answer whoever has given too many wrong passwords, also if the last one was right."""
    seconds = int(settings.AXES_COOLOFF_TIME.total_seconds())
    page = render(request, "registration/locked.html", {"minutes": seconds // 60}, status=429)
    page.headers["Retry-After"] = str(seconds)
    return page
