"""What OpenAPI says of every path: who may ask, and which errors can come."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Final

from drf_spectacular.extensions import OpenApiAuthenticationExtension
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiResponse
from rest_framework import serializers

from homelab_site.access.authentication import TokenAuthentication

ANY_PATH = {
    401: "No token or session, or one that is not valid.",
    403: "The token or session may not do this.",
    405: "The path has no such method.",
    406: "None of the content types of `Accept` is served.",
    429: "Too many requests; `Retry-After` says how many seconds to wait.",
    500: "The server has failed.",
    503: "The database cannot be asked at the moment.",
}
NO_MORE: Final[Mapping[int, str]] = MappingProxyType({})


class ErrorSerializer(serializers.Serializer[Any]):
    """Every error has this shape."""

    error = serializers.CharField(help_text="A sentence that says what is wrong.")
    message = serializers.CharField(help_text="The same sentence.")
    code = serializers.CharField(help_text="A word for programs.")
    details = serializers.DictField(
        child=serializers.ListField(child=serializers.CharField()),
        allow_null=True,
        help_text="What is wrong with each parameter or member, by its name; null where the error is not about one.",
    )


class BearerScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call] # registers itself
    target_class = TokenAuthentication
    name = "token"

    def get_security_definition(self, auto_schema: Any) -> dict[str, str]:
        return {"type": "http", "scheme": "bearer"}


def answers(
    of: object, *, status: int = 200, parameters: bool = True, missing: str = "", errors: Mapping[int, str] = NO_MORE
) -> dict[Any, Any]:
    """Return the responses of a path that answers with `of`.

    `missing` says when it is 404, and `parameters` whether it knows any that can be malformed; `errors` are what else
    can come, in the path's own words.
    """
    described = _described(parameters=parameters, missing=missing, more=errors)
    return {(code, "application/json"): response for code, response in {status: of, **described}.items()}


def _described(*, parameters: bool, missing: str, more: Mapping[int, str]) -> dict[int, OpenApiResponse]:
    errors = dict(ANY_PATH)
    if parameters:
        errors[400] = "A parameter is malformed or missing; the error names it."
    if missing:
        errors[404] = missing
    errors.update(more)
    return {code: OpenApiResponse(ErrorSerializer, description=why) for code, why in sorted(errors.items())}


def range_answers(of: object) -> dict[Any, Any]:
    """Return the responses of a path that answers with rows, in CSV too."""
    csv = OpenApiResponse(OpenApiTypes.STR, description="A header of the members' names, and a line for each row.")
    return {**answers(of), (200, "text/csv"): csv}
