"""The energy page, and the rows that it shows as a file."""

from collections.abc import Sequence
from datetime import date
from typing import Any

from django.conf import settings
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.gzip import gzip_page
from django.views.decorators.http import require_safe

from energy.pages.forms import Question, QuestionForm
from energy.pages.links import choices, shortcuts
from energy.pages.ranges import MAX_INTERVALS
from energy.pages.shown import selection, shown
from energy.pages.words import HEADINGS, RESOLUTIONS, span_title
from energy.selectors import Meter, meters
from homelab_site.api.encoding import csv_lines

MAX_METERS = 1000


@never_cache
@gzip_page
@require_safe
@login_required
def energy(request: HttpRequest) -> HttpResponse:
    """Show what was used in a range of days; the whole question stands in the address."""
    known = meters().rows(limit=MAX_METERS)
    if not known:
        return render(request, "energy/energy.html", {"is_empty": True})
    days = {"today": timezone.localdate(), "first_day": _first_day(known)}
    form = QuestionForm(request.GET, meters=known, **days)
    if not form.is_valid():
        wrong = {"form": form, "meters": known, "shortcuts": shortcuts(None, **days)}
        return render(request, "energy/energy.html", wrong, status=400)
    question = form.question()
    page = {"form": form, "meters": known, "shortcuts": shortcuts(question, **days)}
    page |= {"choices": choices(question, **days), **_shown(question, known)}
    return render(request, "energy/energy.html", page)


@require_safe
@login_required
def energy_csv(request: HttpRequest) -> HttpResponse:
    """Answer with the rows of the page, with the members that the API gives them."""
    known = meters().rows(limit=MAX_METERS)
    form = QuestionForm(request.GET, meters=known, today=timezone.localdate(), first_day=_first_day(known))
    if not form.is_valid():
        complaints = [complaint for those in form.errors.values() for complaint in those]
        return HttpResponse("\n".join(map(str, complaints)), status=400, content_type="text/plain; charset=utf-8")
    question = form.question()
    rows = selection(question, question.span, settings.HOUSE_TIME_ZONE)
    name = f"energy-{question.span.first}-{question.span.last}-{question.resolution}.csv"
    return HttpResponse(
        "".join(csv_lines(rows.row, rows.rows(limit=MAX_INTERVALS))),
        content_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )


def _shown(question: Question, known: Sequence[Meter]) -> dict[str, Any]:
    asked = [meter for meter in known if question.meter in (None, meter.device_serial)]
    return {
        "question": question,
        "title": span_title(question.span),
        "heading": HEADINGS[question.resolution],
        "wanted_word": RESOLUTIONS[question.wanted],
        "shown": shown(question, asked, now=timezone.now(), zone=settings.HOUSE_TIME_ZONE),
    }


def _first_day(known: Sequence[Meter]) -> date:
    """Return the first day of which anything is known, or today."""
    first = min((meter.first for meter in known), default=timezone.now())
    return timezone.localtime(first).date()
