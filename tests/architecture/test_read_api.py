"""Reading cannot write: no path of the API takes a method that writes, but for the one that asks for a change."""

from typing import Any

from rest_framework.permissions import SAFE_METHODS

from homelab_site.api.views import ReadView
from tests.homelab_site.test_ways_in import API, PATHS

WRITING = {"/api/v1/heatpump/settings/1": {"PATCH"}}
"""It writes a command into the outbox, and no reading: tests/homelab_site/api/test_api_read_only.py."""


def writing_methods(view: Any) -> set[str]:
    """Return the methods that a view would answer and that may change something."""
    return {name.upper() for name in view.http_method_names if hasattr(view, name)} - set(SAFE_METHODS)


def test_only_the_one_path_takes_a_method_that_writes() -> None:
    found = {path: writing_methods(PATHS[path].view_class) for path in API}
    assert {path: methods for path, methods in found.items() if methods} == WRITING


def test_every_other_view_is_one_that_reads() -> None:
    assert all(issubclass(PATHS[path].view_class, ReadView) for path in API)


def test_a_view_that_writes_is_found_out() -> None:
    class Writing(ReadView):
        http_method_names = (*ReadView.http_method_names, "delete")

        def delete(self) -> None: ...

    assert writing_methods(Writing) == {"DELETE"}
    assert writing_methods(ReadView) == set()
