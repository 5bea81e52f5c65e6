"""The page of the heat pump."""

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from heatpump import words
from heatpump.selectors import reading_latest


@never_cache
@require_safe
@login_required
def heatpump(request: HttpRequest) -> HttpResponse:
    """Show what the pump does, and what it has done."""
    pump = reading_latest(device_id=None)
    return render(request, "heatpump/heatpump.html", {"pump": pump, "doing": pump and words.doing(pump)})
