"""The page of the heat pump."""

from typing import Any

from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.gzip import gzip_page
from django.views.decorators.http import require_http_methods

from heatpump import words
from heatpump.pages import charts
from heatpump.pages.ranges import Range, chosen_range, history
from heatpump.pages.settings import SettingForm, command_rows, setting_rows, submitted_form
from heatpump.pages.words import RANGE_TITLES
from heatpump.selectors import Reading, reading_latest
from heatpump.settings.models import HeatPump
from heatpump.settings.services import InvalidChangeError, change_settings
from homelab_site.access.scopes import session_scopes
from telemetry.status.streams import STREAMS


@never_cache
@gzip_page
@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def heatpump(request: HttpRequest) -> HttpResponse:
    """Show a heat pump, and change a setting of it; the one that was heard of last unless the address names another."""
    # PostgreSQL takes no null character in a text.
    asked = request.GET.get("pump", "").replace("\0", "")
    pump = reading_latest(device_id=asked or None, until=timezone.now())
    if request.method == "POST":
        return _change(request, pump)
    return _page(request, pump)


def _change(request: HttpRequest, pump: Reading | None) -> HttpResponse:
    if not _may_write(request):
        raise PermissionDenied
    form = submitted_form(request.POST)
    if form is None or pump is None:
        raise Http404
    if form.is_valid():
        try:
            change_settings(pump.device_id, form.cleaned_data, requested_by=request.user.get_username())
            return HttpResponseRedirect(f"{request.get_full_path()}#{form.register.name}")
        except InvalidChangeError as error:
            form.add_error(form.register.name, _refusal(error))
    return _page(request, pump, refused=form)


def _refusal(error: InvalidChangeError) -> str:
    """Return why a value that its own range allows was refused: the curve's ends must not cross."""
    if error.code == "curve":
        return _("The lowest supply temperature must not be above the highest.")
    return str(error)


def _page(request: HttpRequest, pump: Reading | None, refused: SettingForm | None = None) -> HttpResponse:
    if pump is None:
        return render(request, "heatpump/heatpump.html", {"pump": None})
    of = chosen_range(request.GET.get("range"))
    known = HeatPump.objects.filter(device_id=pump.device_id).first()
    commands = command_rows(pump.device_id)
    page = {
        "pump": pump,
        "pumps": HeatPump.objects.all(),
        "doing": words.doing(pump),
        "running": words.running(pump),
        "temperatures": words.temperatures(pump),
        "trend": words.trend(pump),
        "alarms": words.alarms(pump.alarms),
        "late_after": STREAMS["heatpump"].late_after.total_seconds(),
        "settings": setting_rows(known, refused) if known else [],
        "commands": commands,
        "is_under_way": any(row.command.is_under_way for row in commands),
        "may_write": _may_write(request),
        **_drawn(pump.device_id, of),
    }
    return render(request, "heatpump/heatpump.html", page)


def _drawn(device_id: str, of: Range) -> dict[str, Any]:
    past = history(device_id, of)
    drawings = {"temperatures": charts.temperatures_chart(past), "ground": charts.ground_chart(past)}
    return {
        "range": of,
        "ranges": RANGE_TITLES,
        "days": past.days[::-1],
        "drawings": [(name, chart.as_json()) for name, chart in drawings.items() if chart.series],
        "run_time": charts.run_time_chart(past).as_json() if past.days else None,
    }


def _may_write(request: HttpRequest) -> bool:
    user: Any = request.user
    return "write:settings" in session_scopes(user)
