"""What the frame around every page shows."""

from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.utils import timezone

from homelab_site.frame.themes import ICONS, TITLES, Theme, chosen_theme


def frame(request: HttpRequest) -> dict[str, Any]:
    """Return the theme, and the house's clock, which scripts go by: that of a tablet on the wall may be wrong."""
    return {
        "theme": chosen_theme(request),
        "themes": [(theme, TITLES[theme], ICONS[theme]) for theme in Theme],
        "languages": settings.LANGUAGES,
        "house_time_zone": settings.TIME_ZONE,
        "now": timezone.now(),
    }
