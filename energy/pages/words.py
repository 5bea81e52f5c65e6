"""A range of days and what was used in it, in plain words."""

from datetime import date, datetime

from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext, pgettext_lazy

from energy.pages.comparison import Parts
from energy.pages.ranges import Kind, Resolution, Shortcut, Span

DASH = "\N{EN DASH}"
SHORTCUTS = {
    Shortcut.TODAY: gettext_lazy("Today"),
    Shortcut.YESTERDAY: gettext_lazy("Yesterday"),
    Shortcut.THIS_WEEK: gettext_lazy("This week"),
    Shortcut.THIS_MONTH: gettext_lazy("This month"),
    Shortcut.LAST_MONTH: gettext_lazy("Last month"),
    Shortcut.THIS_YEAR: gettext_lazy("This year"),
    Shortcut.TWELVE_MONTHS: gettext_lazy("12 months"),
    Shortcut.ALL: pgettext_lazy("range of time", "All"),
}
RESOLUTIONS = {
    Resolution.HOUR: gettext_lazy("Hours"),
    Resolution.DAY: gettext_lazy("Days"),
    Resolution.MONTH: gettext_lazy("Months"),
    Resolution.YEAR: gettext_lazy("Years"),
}
HEADINGS = {
    Resolution.HOUR: gettext_lazy("Hour"),
    Resolution.DAY: gettext_lazy("Day"),
    Resolution.MONTH: gettext_lazy("Month"),
    Resolution.YEAR: gettext_lazy("Year"),
}


def span_title(span: Span) -> str:
    """Return a range as people say it: a day, a month or a year by its name, others by their first and last day."""
    if span.kind is Kind.YEAR:
        return str(span.first.year)
    if span.kind is Kind.MONTH:
        return date_format(span.first, "F Y")
    if span.kind is Kind.DAY:
        return date_format(span.first, pgettext("date format", "l j F Y"))
    if span.kind is Kind.MONTHS:
        is_one_year = span.first.year == span.last.year
        return f"{date_format(span.first, 'F' if is_one_year else 'F Y')} {DASH} {date_format(span.last, 'F Y')}"
    return f"{_day_without_year(span.first, span.last)} {DASH} {date_format(span.last, 'j F Y')}"


def row_title(start: datetime, end: datetime, resolution: Resolution) -> str:
    """Return what an interval is called. An hour that the clock shows twice has the name of its time, too."""
    local = timezone.localtime(start)
    if resolution is Resolution.YEAR:
        return str(local.year)
    if resolution is Resolution.MONTH:
        return date_format(local, "F Y")
    if resolution is Resolution.DAY:
        return date_format(local, pgettext("date format", "D j F"))
    clock = f"{local:%H:%M}{DASH}{timezone.localtime(end):%H:%M}"
    shown_twice = local.replace(fold=0).utcoffset() != local.replace(fold=1).utcoffset()
    offset = f" {local:%Z}" if shown_twice else ""
    return f"{date_format(local, pgettext('date format', 'D j F'))} {clock}{offset}"


def before_name(span: Span) -> str:
    """Return what the range before is called."""
    if span.kind is Kind.DAYS:
        return _("the %(count)d days before") % {"count": span.days}
    if span.kind is Kind.MONTHS:
        return _("the %(count)d months before") % {"count": span.months}
    return {
        Kind.DAY: _("the day before"),
        Kind.WEEK: _("the week before"),
        Kind.MONTH: _("the month before"),
        Kind.YEAR: _("the year before"),
    }[span.kind]


def comparison_sentence(span: Span, parts: Parts | None, share: float | None) -> str:
    """Say by how much more or less was used than in the range before."""
    names = {"before": before_name(span)}
    if parts is None or share is None:
        return _("There is nothing to compare with: measurements do not cover %(before)s.") % names
    percent = round(abs(share) * 100)
    share_text = f"{percent}\N{NO-BREAK SPACE}%"
    if percent == 0:
        sentence = _("As much as %(before)s") % names
    elif share < 0:
        sentence = _("%(share)s less than %(before)s") % {**names, "share": share_text}
    else:
        sentence = _("%(share)s more than %(before)s") % {**names, "share": share_text}
    if parts.by_day:
        sentence = _("%(sentence)s, by day") % {"sentence": sentence}
    if parts.under_way:
        sentence = _("%(sentence)s until the same time") % {"sentence": sentence}
    return f"{sentence}."


def _day_without_year(first: date, last: date) -> str:
    return date_format(first, "j F Y" if first.year != last.year else "j F" if first.month != last.month else "j")
