"""What `charts.js` draws: a page puts a Chart into itself as JSON, beside the figure that shows it.

`{{ chart.as_json|json_script:"name" }}` and `<figure class="chart" data-chart="name"></figure>`, with `charts.html`
included in the page's head. Every value stands at one of the chart's times; None is a gap. Words are translated here,
so that scripts have none of their own.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

import msgspec
from django.utils.translation import gettext as _


class Look(StrEnum):
    """How a series is drawn."""

    BARS = "bars"
    BEHIND = "behind"
    """Wide pale bars behind those of another series."""
    LINE = "line"
    EDGE = "edge"
    """The upper edge of an area; the next series, which has no label, is the lower one."""
    HIDDEN = "hidden"
    """The lower edge of an area."""


class Step(StrEnum):
    """What a time of the chart stands for: a moment, or an interval that starts there."""

    MOMENT = "moment"
    HOUR = "hour"
    DAY = "day"
    MONTH = "month"
    YEAR = "year"


@dataclass(frozen=True, slots=True, kw_only=True)
class Series:
    """Values in a unit, one for each time. Series of one unit share an axis; a chart has room for two.

    `colour` is the name of a token of the stylesheet; the area under an edge takes its `-wash`. Bars are hatched where
    `marked` is true, which means what the chart's `marked_word` says.
    """

    label: str
    unit: str
    values: Sequence[float | None]
    look: Look = Look.LINE
    colour: str = "power"
    decimals: int = 1
    marked: Sequence[bool] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Chart:
    """Series over time. `label` is its name, also without the page around it; above it stands `title`, if there is one.

    `ends` are the ends of intervals; moments have none.

    `bands` are spans of time that are shaded behind the series, such as when a compressor ran, and `band_label` says
    what they are.
    """

    label: str
    title: str = ""
    step: Step
    start: datetime
    end: datetime
    times: Sequence[datetime]
    ends: Sequence[datetime] = ()
    series: Sequence[Series]
    bands: Sequence[tuple[datetime, datetime]] = ()
    band_label: str = ""
    band_colour: str = "power-wash"
    marked_word: str = ""

    def as_json(self) -> dict[str, Any]:
        """Return what `json_script` takes, with moments as seconds since 1970."""
        return {
            **msgspec.to_builtins(self, builtin_types=(datetime,)),
            "words": _words(),
            "start": self.start.timestamp(),
            "end": self.end.timestamp(),
            "times": [moment.timestamp() for moment in self.times],
            "ends": [moment.timestamp() for moment in self.ends],
            "bands": [(since.timestamp(), until.timestamp()) for since, until in self.bands],
        }


def _words() -> dict[str, str]:
    """Return what the chart's own controls say, in the language of the request."""
    return {
        "help": _("Arrow keys move along the chart, plus and minus zoom, Escape shows all of it again."),
        "zoom_in": _("Zoom in"),
        "zoom_out": _("Zoom out"),
        "reset": _("Show all"),
        "no_value": _("no value"),
    }
