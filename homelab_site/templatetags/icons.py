"""Icons: those of Lucide, in `templates/icons`, which take the colour and size of the text around them."""

from django import template
from django.template.loader import render_to_string
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe

register = template.Library()


@register.simple_tag
def icon(name: str) -> SafeString:
    """Return an icon that only decorates: what it stands for is also there in words."""
    drawing = mark_safe(render_to_string(f"icons/{name}.svg"))  # noqa: S308 - a file of ours
    return format_html('<span class="icon" aria-hidden="true">{}</span>', drawing)
