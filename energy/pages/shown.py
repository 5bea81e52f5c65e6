"""What the energy page shows of a question: rows, their sum, how they compare with the range before, and the chart."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import astuple, dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.utils.translation import gettext as _

from energy import selectors
from energy.pages.comparison import change, comparable_parts
from energy.pages.forms import Question
from energy.pages.ranges import MAX_INTERVALS, Resolution, Span, days_between, intervals, place_in
from energy.pages.words import comparison_sentence, row_title, span_title
from energy.selectors import Hour, Meter
from homelab_site.charts import Chart, Look, Series, Step
from telemetry.selection import Selection

SELECTORS: Mapping[Resolution, Callable[..., Selection[Any]]] = {
    Resolution.HOUR: selectors.hours,
    Resolution.DAY: selectors.days,
    Resolution.MONTH: selectors.months,
    Resolution.YEAR: selectors.years,
}
DECIMALS = {Resolution.HOUR: 2, Resolution.DAY: 1, Resolution.MONTH: 0, Resolution.YEAR: 0}
Places = Mapping[tuple[int, int, int], float]
"""Energy in kWh by the place in a range."""
FULL = 0.99
"""A share of an interval from which on it counts as measured: a meter that starts again misses some seconds."""


@dataclass(frozen=True, slots=True)
class Used:
    """What was used in an interval, kWh, the share of it that was measured, and what was used at its place before.

    It is partial if some of it that has passed was not measured, and under way if the end has not come yet.
    """

    title: str
    start: datetime
    end: datetime
    kwh: float
    coverage: float
    partial: bool
    under_way: bool
    before_kwh: float | None

    @property
    def percent(self) -> int:
        """The share that was measured, rounded down: only what is whole is 100 %."""
        return int(self.coverage * 100)


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """All that the page shows of one question. Energy in kWh."""

    rows: Sequence[Used]
    total: float
    total_before: float
    by_day: float | None
    most: Used | None
    decimals: int
    sentence: str
    has_gaps: bool
    chart: Chart

    @property
    def decimals_grouped(self) -> str:
        """How Django's `floatformat` is to write energy: with thousands apart."""
        return f"{self.decimals}g"


def selection(question: Question, span: Span, zone: ZoneInfo) -> Selection[Any]:
    """Select the rows of a range in the question's resolution, as the API does."""
    return SELECTORS[question.resolution](start=span.start(zone), end=span.end(zone), device_serial=question.meter)


def shown(question: Question, meters: Sequence[Meter], *, now: datetime, zone: ZoneInfo) -> Shown:
    """Read what a question is about; `meters` are those that it is about, at least one."""
    first, known_until = min(meter.first for meter in meters), min(now, max(meter.newest for meter in meters))
    before = _before(question, zone) if question.compare else {}
    rows = _rows(question, before, known_until, zone)
    total = sum(row.kwh for row in rows)
    start, end = max(question.span.start(zone), first), min(question.span.end(zone), known_until)
    days = days_between(start, end, zone) if start < end else 0
    return Shown(
        rows=rows,
        total=total,
        total_before=sum(before.values()),
        by_day=total / days if days > 1 else None,
        most=max(rows, key=lambda row: row.kwh, default=None),
        decimals=DECIMALS[question.resolution],
        sentence=_comparison(question, first, known_until, zone),
        has_gaps=any(row.partial for row in rows),
        chart=_chart(question, rows, before, zone),
    )


def _rows(question: Question, before: Places, known_until: datetime, zone: ZoneInfo) -> list[Used]:
    span = question.span
    rows = []
    for row in selection(question, span, zone).rows(limit=MAX_INTERVALS):
        start, end, kwh, coverage = _measured(row)
        passed = (min(end, known_until) - start) / (end - start)
        rows.append(
            Used(
                title=row_title(start, end, question.resolution),
                start=start,
                end=end,
                kwh=kwh,
                coverage=coverage,
                partial=coverage < FULL * passed,
                under_way=end > known_until and end - known_until < end - start,
                before_kwh=before.get(place_in(span, start, question.resolution, zone)),
            )
        )
    return rows


def _before(question: Question, zone: ZoneInfo) -> Places:
    """Return what was used in the range before."""
    span = question.span.shifted(-1)
    used = [_measured(row) for row in selection(question, span, zone).rows(limit=MAX_INTERVALS + 31)]
    return {place_in(span, start, question.resolution, zone): kwh for start, _end, kwh, _coverage in used}


def _measured(row: Any) -> tuple[datetime, datetime, float, float]:
    """Return the start, end, energy and coverage of a row of any resolution."""
    if isinstance(row, Hour):
        return row.hour_start, row.hour_end, row.total_energy_kwh, row.coverage
    start, end, kwh, _count, coverage = astuple(row)
    return start, end, kwh, coverage


def _comparison(question: Question, first: datetime, known_until: datetime, zone: ZoneInfo) -> str:
    parts = comparable_parts(question.span, first=first, known_until=known_until, zone=zone)
    share = None
    if parts:
        share = change(
            parts,
            used=selectors.energy_used(start=parts.start, end=parts.end, device_serial=question.meter),
            used_before=selectors.energy_used(
                start=parts.before_start, end=parts.before_end, device_serial=question.meter
            ),
        )
    return comparison_sentence(question.span, parts, share)


def _chart(question: Question, rows: Sequence[Used], before: Places, zone: ZoneInfo) -> Chart:
    """Draw every interval of the range, also those that nothing is known of: they are gaps."""
    span, resolution = question.span, question.resolution
    known = {row.start: row for row in rows}
    times = intervals(span, resolution, zone)
    found = [known.get(start) for start, _end in times]
    used = Series(
        label=span_title(span),
        unit="kWh",
        values=[row.kwh if row else None for row in found],
        look=Look.BARS,
        decimals=DECIMALS[resolution],
        marked=[bool(row and row.partial) for row in found],
    )
    used_before = Series(
        label=span_title(span.shifted(-1)),
        unit="kWh",
        values=[before.get(place_in(span, start, resolution, zone)) for start, _end in times],
        look=Look.BEHIND,
        colour="behind",
        decimals=DECIMALS[resolution],
    )
    return Chart(
        title=_("Energy used, kWh"),
        label=_("Energy used in kWh, %(title)s") % {"title": span_title(span)},
        step=Step(resolution),
        start=times[0][0],
        end=times[-1][1],
        times=[start for start, _end in times],
        ends=[end for _start, end in times],
        series=[used_before, used] if question.compare else [used],
        marked_word=_("not fully measured"),
    )
