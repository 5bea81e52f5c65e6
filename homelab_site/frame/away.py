"""A page that says that a database is away, instead of one that says that the site is broken."""

import logging
from collections.abc import Callable

from django.http import HttpRequest, HttpResponse

from homelab_site.api.errors import AWAY, database_away, is_api

log = logging.getLogger(__name__)


class DatabaseAwayMiddleware:
    """Answers 503 where a page could not ask its database. The API answers by itself."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self._get_response(request)

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        if not isinstance(exception, AWAY) or is_api(request):
            return None
        log.error("a database is away", exc_info=exception)
        return database_away(request)
