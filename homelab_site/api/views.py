"""What all paths of the API that read have in common, and the pages that describe it."""

from collections.abc import Sequence
from dataclasses import fields
from typing import Any, ClassVar

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.middleware.http import ConditionalGetMiddleware
from django.utils.cache import get_conditional_response, patch_cache_control, set_response_etag
from django.utils.decorators import decorator_from_middleware, method_decorator
from django.views.decorators.gzip import gzip_page
from drf_spectacular.renderers import OpenApiJsonRenderer2, OpenApiYamlRenderer
from drf_spectacular.views import SpectacularAPIView, SpectacularSwaggerSplitView
from rest_framework.exceptions import MethodNotAllowed, ValidationError
from rest_framework.renderers import BrowsableAPIRenderer
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from homelab_site.api.renderers import CsvRenderer, JsonRenderer
from homelab_site.moments import moment_text
from telemetry.selection import Selection

MAX_ROWS = 20_000


class ConditionalMiddleware(ConditionalGetMiddleware):
    """Answers HEAD with the ETag of GET, which Django does not: here the answer is still whole."""

    def process_response(self, request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
        if request.method != "HEAD" or not isinstance(response, HttpResponse):
            return super().process_response(request, response)
        if not response.has_header("ETag"):
            set_response_etag(response)
        return get_conditional_response(request, etag=response.get("ETag"), response=response) or response


@method_decorator([gzip_page, decorator_from_middleware(ConditionalMiddleware)], name="dispatch")
class ReadView(APIView):
    """A path that reads. Any other method is 405, whoever asks.

    An answer carries an ETag and is to be checked before it is used again: even an hour of months ago changes when a
    late reading comes in.
    """

    required_scope: ClassVar[str | None]
    """What the caller's token must allow; None if any valid token will do."""

    http_method_names: Sequence[str] = ("get", "head", "options")

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        if request.method not in self.allowed_methods:
            raise MethodNotAllowed(str(request.method))
        super().initial(request, *args, **kwargs)

    def finalize_response(self, request: Request, response: Response, *args: Any, **kwargs: Any) -> Response:
        final = super().finalize_response(request, response, *args, **kwargs)
        patch_cache_control(final, private=True, no_cache=True)
        return final


class RangeView(ReadView):
    """A path that answers with rows of a range of time, oldest first, as JSON or CSV."""

    renderer_classes = (JsonRenderer, CsvRenderer, BrowsableAPIRenderer)
    row: ClassVar[type[Any]]
    """A dataclass whose first field is a row's start."""
    file_name: ClassVar[str]

    def answer(self, selection: Selection[Any]) -> Response:
        """Answer with all rows; raises ValidationError if they are too many."""
        rows = selection.rows(limit=MAX_ROWS + 1)
        if len(rows) > MAX_ROWS:
            would_do = moment_text(getattr(rows[MAX_ROWS], fields(self.row)[0].name))
            raise too_many_rows("to", f"at most {would_do}")
        return Response(rows)


def too_many_rows(parameter: str, would_do: str) -> ValidationError:
    """Return the error of a range with too many rows, which says what its parameter may be instead."""
    sentence = f"The range has more than {MAX_ROWS:,} rows; {would_do} would do."
    return ValidationError({parameter: [sentence]}, code="too_many_rows")


class SchemaView(ReadView, SpectacularAPIView):
    """What this API is, in OpenAPI 3."""

    required_scope = None
    renderer_classes = [OpenApiJsonRenderer2, OpenApiYamlRenderer]  # noqa: RUF012 - as in its base


class DocsView(ReadView, SpectacularSwaggerSplitView):
    """A page to read about the API and to try it. Its script comes apart, since no page may have one inline."""

    required_scope = None
    template_name = "api/docs.html"
