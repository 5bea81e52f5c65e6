"""Light or dark: the system's choice, unless a person has made one. It is a cookie, so the first paint knows it."""

from enum import StrEnum

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext_lazy as _

COOKIE = "theme"
YEAR_SECONDS = 365 * 24 * 3600


class Theme(StrEnum):
    """How pages are to look."""

    SYSTEM = "system"
    LIGHT = "light"
    DARK = "dark"


TITLES = {Theme.SYSTEM: _("As the system"), Theme.LIGHT: _("Light"), Theme.DARK: _("Dark")}
ICONS = {Theme.SYSTEM: "sun-moon", Theme.LIGHT: "sun", Theme.DARK: "moon"}


def chosen_theme(request: HttpRequest) -> Theme:
    """Return what was chosen in this browser."""
    word = request.COOKIES.get(COOKIE)
    return Theme(word) if word in list(Theme) else Theme.SYSTEM


def remember_theme(response: HttpResponse, theme: Theme) -> None:
    response.set_cookie(
        COOKIE, theme, max_age=YEAR_SECONDS, secure=settings.SESSION_COOKIE_SECURE, httponly=True, samesite="Lax"
    )
