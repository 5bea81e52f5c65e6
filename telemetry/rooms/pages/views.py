"""The page of the rooms."""

from django.conf import settings
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.gzip import gzip_page
from django.views.decorators.http import require_safe

from telemetry.rooms.pages.ranges import HEADINGS, ROW_FORMATS, TITLES, Range
from telemetry.rooms.pages.shown import shown


@never_cache
@gzip_page
@require_safe
@login_required
def rooms(request: HttpRequest) -> HttpResponse:
    """Show each room over a range that ends now."""
    word = request.GET.get("range", Range.DAY)
    if word not in list(Range):
        return render(request, "telemetry/rooms.html", {"ranges": TITLES.items()}, status=400)
    chosen = Range(word)
    page = {
        "ranges": TITLES.items(),
        "chosen": chosen,
        "heading": HEADINGS[chosen],
        "row_format": ROW_FORMATS[chosen],
        "rooms": shown(chosen, now=timezone.now(), zone=settings.HOUSE_TIME_ZONE),
    }
    return render(request, "telemetry/rooms.html", page)
