"""One shape for every error under `/api`: `error` and `message` are a sentence, `code` a word, `details` per field."""

import logging
import sys
from collections.abc import Mapping, Sequence
from typing import Any

import django.db
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.views import defaults
from rest_framework import status
from rest_framework.exceptions import APIException, ErrorDetail, ValidationError
from rest_framework.renderers import BrowsableAPIRenderer
from rest_framework.response import Response
from rest_framework.views import exception_handler

from homelab_site.api.renderers import JsonRenderer

log = logging.getLogger(__name__)

Details = Mapping[str, Sequence[ErrorDetail]]
AWAY = (django.db.OperationalError, django.db.InterfaceError)


class DatabaseAwayError(APIException):
    """A database cannot be asked now."""

    status_code = status.HTTP_503_SERVICE_UNAVAILABLE
    default_detail = "The database cannot be asked at the moment."
    default_code = "database_away"


def answer_error(exc: Exception, context: dict[str, Any]) -> Response | None:
    """Answer an exception of an API view; None leaves it to `server_error`."""
    if isinstance(exc, AWAY):
        log.error("a database is away", exc_info=exc)
        exc = DatabaseAwayError()
    response = exception_handler(exc, context)
    if response is None:
        return None
    if isinstance(exc, ValidationError):
        response.data = _invalid(response.data)
    else:
        detail = response.data["detail"]
        response.data = error_body(str(detail), detail.code)
    request = context["request"]
    if not isinstance(getattr(request, "accepted_renderer", None), BrowsableAPIRenderer):
        request.accepted_renderer, request.accepted_media_type = JsonRenderer(), JsonRenderer.media_type
    return response


def error_body(sentence: str, code: str, details: Mapping[str, Sequence[str]] | None = None) -> dict[str, Any]:
    return {"error": sentence, "message": sentence, "code": code, "details": details}


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Answer a request that Django itself refuses, such as one for a host that is not ours."""
    if not is_api(request):
        return defaults.bad_request(request, exception)
    return JsonResponse(error_body("The request cannot be understood.", "bad_request"), status=400)


def permission_denied(request: HttpRequest, exception: Exception) -> HttpResponse:
    if not is_api(request):
        return defaults.permission_denied(request, exception)
    return JsonResponse(error_body("You may not do this.", "permission_denied"), status=403)


def page_not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    if not is_api(request):
        try:
            return defaults.page_not_found(request, exception)
        except AWAY:
            # The page shows who is logged in, and nobody can say that now.
            return render(None, "404.html", status=404)
    return JsonResponse(error_body("There is nothing at this path.", "not_found"), status=404)


def server_error(request: HttpRequest) -> HttpResponse:
    """Answer what nobody foresaw, or a database that is away where no view asked it. Django has logged it."""
    if isinstance(sys.exception(), AWAY):
        return database_away(request)
    if not is_api(request):
        return defaults.server_error(request)
    return JsonResponse(error_body("The server has failed at this request.", "server_error"), status=500)


def database_away(request: HttpRequest) -> HttpResponse:
    if not is_api(request):
        return render(None, "503.html", status=503)
    error = DatabaseAwayError()
    return JsonResponse(error_body(str(error.detail), error.default_code), status=error.status_code)


def is_api(request: HttpRequest) -> bool:
    """Tell whether a request is for the API, and not for a page."""
    return request.path == "/api" or request.path.startswith("/api/")


def _invalid(found: Details) -> dict[str, Any]:
    """Put the complaints about fields into one sentence. The code is that of the first complaint."""
    sentence = " ".join(f"{name}: {complaint}" for name, complaints in found.items() for complaint in complaints)
    code = str(next(iter(found.values()))[0].code)
    return error_body(sentence, code, {name: [str(one) for one in those] for name, those in found.items()})
