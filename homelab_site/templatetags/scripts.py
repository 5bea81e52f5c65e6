"""Scripts of a page: the module that it runs, and before it all that this imports.

A browser learns what a module imports when it has it, so a chain of imports costs a round trip for each of its links.
Named in the page, all of them are asked for at once.
"""

import posixpath
import re
from functools import cache
from pathlib import Path

from django import template
from django.contrib.staticfiles import finders
from django.templatetags.static import static
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

register = template.Library()

IMPORT = re.compile(r"""^import\s(?:[^"']*\sfrom\s)?["'](\.[^"']+)["']""", re.MULTILINE)


@register.simple_tag
def module(name: str) -> SafeString:
    """Return the elements that load a module, which is named as `{% static %}` names it."""
    addresses = ((static(one),) for one in imported(name))
    preloads = format_html_join("\n", '<link rel="modulepreload" href="{}">', addresses)
    return format_html('{}\n<script type="module" src="{}"></script>', preloads, static(name))


@cache
def imported(name: str) -> tuple[str, ...]:
    """Return the names of all modules that a module needs, but for itself."""
    found: dict[str, None] = {}
    waiting = [name]
    while waiting:
        one = waiting.pop()
        folder = posixpath.dirname(one)
        news = [posixpath.normpath(posixpath.join(folder, path)) for path in IMPORT.findall(_source(one))]
        waiting.extend(new for new in news if new not in found)
        found.update(dict.fromkeys(news))
    return tuple(found)


def _source(name: str) -> str:
    path = finders.find(name)
    if not isinstance(path, str):
        raise FileNotFoundError(name)
    return Path(path).read_text("utf-8")
