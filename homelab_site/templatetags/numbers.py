"""Numbers as the reader's language writes them."""

from django import template
from django.utils.formats import number_format

register = template.Library()

UNKNOWN = "\N{EN DASH}"


@register.filter
def decimal(value: float | None, places: int = 1) -> str:
    """Return a number with so many decimals, and a true minus sign; a dash where there is none."""
    if value is None:
        return UNKNOWN
    # Rounded first, or what is a little less than nothing would be shown as minus nothing.
    return number_format(round(value, places) + 0.0, places).replace("-", "\N{MINUS SIGN}")


@register.filter
def kilo(value: float | None) -> str:
    """Return W as kW, or Wh as kWh, with two decimals."""
    return decimal(None if value is None else value / 1000, 2)
