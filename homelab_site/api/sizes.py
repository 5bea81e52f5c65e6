"""How much a request to the API may bring."""

from collections.abc import Callable

from django.http import HttpRequest, JsonResponse
from django.http.response import HttpResponseBase

from homelab_site.api.errors import error_body, is_api

MAX_BODY_BYTES = 64 * 1024


def refuse_large_bodies(
    get_response: Callable[[HttpRequest], HttpResponseBase],
) -> Callable[[HttpRequest], HttpResponseBase]:
    """Refuse a body that is too large, or that does not say how large it is: that one would count as empty."""

    def middleware(request: HttpRequest) -> HttpResponseBase:
        if is_api(request):
            if int(request.META.get("CONTENT_LENGTH") or 0) > MAX_BODY_BYTES:
                sentence = f"The body has more than {MAX_BODY_BYTES:,} bytes."
                return JsonResponse(error_body(sentence, "too_large"), status=413)
            if "Transfer-Encoding" in request.headers:
                sentence = "The request does not say how long its body is (Content-Length)."
                return JsonResponse(error_body(sentence, "length_required"), status=411)
        return get_response(request)

    return middleware
