"""The first page."""

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.gzip import gzip_page
from django.views.decorators.http import require_safe

from heatpump import words
from homelab_site.overview.attention import attention
from homelab_site.overview.drawing import bars, dial_scale, gauges, highest_hour
from homelab_site.overview.selectors import house
from telemetry.status.streams import STREAMS


@never_cache
@gzip_page
@require_safe
@login_required
def overview(request: HttpRequest) -> HttpResponse:
    """Show the house as it is; scripts in the page move the values, and ask for the page again."""
    now = house()
    pump, scale = now.heatpump, dial_scale(now)
    return render(
        request,
        "overview/overview.html",
        {
            "house": now,
            "matters": attention(now),
            "scale": scale,
            "gauges": gauges(now.power, scale) if now.power else [],
            "bars": bars(now),
            "highest": highest_hour(now),
            "late_after": {name: stream.late_after.total_seconds() for name, stream in STREAMS.items()},
            "pump": pump
            and {
                "doing": words.doing(pump),
                "running": words.running(pump),
                "temperatures": words.temperatures(pump),
                "trend": words.trend(pump),
            },
        },
    )
