"""What the address of the energy page asks for."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from energy.pages.ranges import (
    FIRST_DAY,
    LAST_DAY,
    Resolution,
    Shortcut,
    Span,
    coarse_enough,
    fitting_resolution,
    span_of,
    widened,
)
from energy.pages.words import RESOLUTIONS, SHORTCUTS
from energy.selectors import Meter


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """A range of days in a resolution, of one meter or of all.

    `asked` and `wanted` are the range and the resolution of the address; what is shown is as wide and as coarse as it
    has to be.
    """

    asked: Span
    span: Span
    resolution: Resolution
    wanted: Resolution
    compare: bool
    meter: str | None


class QuestionForm(forms.Form):
    """A shortcut, or a first and a last day; nothing at all is this month."""

    range = forms.ChoiceField(required=False, choices=list(SHORTCUTS.items()))
    by = forms.ChoiceField(required=False, choices=list(RESOLUTIONS.items()))
    compare = forms.BooleanField(required=False)
    meter = forms.ChoiceField(required=False, label=gettext_lazy("Meter"))

    def __init__(self, data: Any, *, meters: Sequence[Meter], today: date, first_day: date) -> None:
        super().__init__(data)
        self._today, self._first_day = today, first_day
        # Declared here, because `from` cannot be the name of an attribute.
        self.fields["from"] = _day_field(gettext_lazy("From"))
        self.fields["to"] = _day_field(gettext_lazy("To"))
        serials = [(meter.device_serial, meter.device_serial) for meter in meters]
        self.fields["meter"].choices = [("", gettext_lazy("All meters")), *serials]  # type: ignore[attr-defined] # a Field

    def clean(self) -> dict[str, Any]:
        asked = self.cleaned_data
        if self.errors:
            return asked
        first, last = asked["from"], asked["to"]
        if last and not first:
            raise ValidationError({"from": _("Give the first day, too.")})
        if first and last and first > last:
            raise ValidationError({"from": _("The first day is after the last one.")})
        return asked

    def question(self) -> Question:
        """Return what a valid form asks for."""
        asked = self.cleaned_data
        span = self._span(asked["from"], asked["to"], asked["range"] or Shortcut.THIS_MONTH)
        wanted = Resolution(asked["by"]) if asked["by"] else fitting_resolution(span)
        resolution = coarse_enough(span, wanted)
        return Question(
            asked=span,
            span=widened(span, resolution),
            resolution=resolution,
            wanted=wanted,
            compare=asked["compare"],
            meter=asked["meter"] or None,
        )

    def _span(self, first: date | None, last: date | None, shortcut: str) -> Span:
        if first is None:
            return span_of(Shortcut(shortcut), today=self._today, first_day=self._first_day)
        return Span(first, last or max(first, self._today))


def _day_field(label: Any) -> forms.DateField:
    return forms.DateField(
        required=False,
        label=label,
        input_formats=["%Y-%m-%d"],
        validators=[_in_the_calendar],
        error_messages={"invalid": gettext_lazy("Give a day as in 2026-11-25.")},
    )


def _in_the_calendar(day: date) -> None:
    if not FIRST_DAY <= day <= LAST_DAY:
        years = {"first": FIRST_DAY.year, "last": LAST_DAY.year}
        raise ValidationError(_("Give a day between the years %(first)d and %(last)d.") % years)
