"""The API of the heat pumps' settings: reading them, and asking for a change."""

import json
import re
from collections import Counter
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Final, cast

from django.utils.http import parse_etags, quote_etag
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.exceptions import APIException, NotFound, ParseError, ValidationError
from rest_framework.parsers import JSONParser
from rest_framework.request import Request
from rest_framework.response import Response

from bridge.devices.thermiq_registers import SETTINGS
from heatpump.outbox.models import Status
from heatpump.settings import selectors, services
from heatpump.settings.selectors import PumpSettings
from homelab_site.api.schema import answers
from homelab_site.api.views import ReadView

NO_PUMP: Final = "There is no such heat pump."
KEY: Final = re.compile(r"[!-~]{1,255}")
"""An idempotency key: visible ASCII."""


class SettingsSerializer(serializers.Serializer[Any]):
    """Settings of one pump: of each what is wanted while that is under way, else what the pump confirmed."""

    def get_fields(self) -> dict[str, Any]:
        described = {
            setting.name: serializers.IntegerField(allow_null=True, help_text=setting.unit) for setting in SETTINGS
        }
        return {
            "device_id": serializers.CharField(),
            **described,
            "pending": serializers.ListField(
                child=serializers.CharField(), help_text="Names of the settings that the pump has not confirmed yet."
            ),
            "updated_at": serializers.DateTimeField(help_text="When one of them last changed."),
        }


class PumpSettingsSerializer(SettingsSerializer):
    """Settings of one pump, and the newest command while one is under way."""

    def get_fields(self) -> dict[str, Any]:
        return {
            **super().get_fields(),
            "outbox_id": serializers.IntegerField(required=False, help_text="The newest command under way, if any."),
            "outbox_status": serializers.ChoiceField(Status.values, required=False),
        }


class AllSettingsSerializer(serializers.Serializer[Any]):
    """Settings of every pump, ordered by its id."""

    settings = SettingsSerializer(many=True)


class ChangeParser(JSONParser):
    """Reads JSON, and leaves a NaN to the check of the settings, which names the one that it is for.

    A member that comes twice is refused: of two values for one setting nobody can tell which was meant.
    """

    def parse(self, stream: Any, media_type: str | None = None, parser_context: Any = None) -> dict[str, object]:
        try:
            body = json.loads(stream.read(), object_pairs_hook=_each_once)
        except RecursionError:
            raise ParseError("The JSON is nested too deeply.") from None
        except ValueError as error:
            raise ParseError(f"The body is no JSON. {error}") from error
        if not isinstance(body, dict):
            raise ParseError("Send a JSON object of settings.")
        return body


def _each_once(members: list[tuple[str, object]]) -> dict[str, object]:
    counts = Counter(name for name, _ in members)
    if repeated := {_shown(name): ["It must not come more than once."] for name, count in counts.items() if count > 1}:
        raise ValidationError(repeated, "repeated")
    return dict(members)


class RefusedError(APIException):
    """A change that is refused as a whole."""

    def __init__(self, status_code: int, code: str, error: Exception) -> None:
        super().__init__(str(error), code)
        self.status_code = status_code


CHANGE: Final = {
    "type": "object",
    "additionalProperties": False,
    "minProperties": 1,
    "description": "The settings to change, at least one; null leaves one as it is.",
    "properties": {
        setting.name: {
            "type": ["integer", "null"],
            "minimum": setting.minimum,
            "maximum": setting.maximum,
            "description": setting.unit,
        }
        for setting in SETTINGS
    },
}
CHANGE_HEADERS: Final = [
    OpenApiParameter(
        "Idempotency-Key",
        {"type": "string", "pattern": f"^{KEY.pattern}$"},
        OpenApiParameter.HEADER,
        description="Any word of the caller's. The same one again gives the same command, and changes nothing.",
    ),
    OpenApiParameter(
        "If-Match",
        OpenApiTypes.STR,
        OpenApiParameter.HEADER,
        description="ETags of the settings that the change is made from.",
    ),
]
CHANGE_ERRORS: Final = {
    400: "A setting is unknown, out of its range or no whole number, or none is asked for; nothing is changed.",
    404: NO_PUMP,
    412: "The settings have changed since they had the ETag of `If-Match`.",
    415: "The body is not JSON.",
    422: "The idempotency key came before, with another change.",
}


class AllSettingsView(ReadView):
    """The settings of every heat pump."""

    required_scope = "read:settings"

    @extend_schema(operation_id="heatpump_settings", responses=answers(AllSettingsSerializer, parameters=False))
    def get(self, request: Request) -> Response:
        return Response({"settings": [_body(settings) for settings in selectors.settings_of_all()]})


class SettingsView(ReadView):
    """The settings of one heat pump."""

    required_scope = "read:settings"
    write_scope = "write:settings"
    http_method_names = (*ReadView.http_method_names, "patch")
    parser_classes = (ChangeParser,)

    @extend_schema(
        operation_id="heatpump_settings_of_one",
        responses=answers(PumpSettingsSerializer, parameters=False, missing=NO_PUMP),
    )
    def get(self, request: Request, device_id: str) -> Response:
        settings = selectors.settings_of_device(device_id)
        if settings is None:
            raise NotFound(NO_PUMP)
        return _answer(settings, _under_way(settings))

    @extend_schema(
        operation_id="heatpump_settings_change",
        description="Ask the pump to change settings. The command says when the pump has confirmed them.",
        request={"application/json": CHANGE},
        parameters=CHANGE_HEADERS,
        responses=answers(PumpSettingsSerializer, status=202, errors=CHANGE_ERRORS),
    )
    def patch(self, request: Request, device_id: str) -> Response:
        with _refusals():
            command = services.change_settings(
                device_id,
                cast(Mapping[str, object], request.data),
                requested_by=_name_of(request.user),
                idempotency_key=_idempotency_key(request),
                if_match=_if_match(request),
            )
        settings = selectors.pump_settings(command.pump)
        return _answer(settings, {"outbox_id": command.pk, "outbox_status": command.status}, status=202)


def _answer(settings: PumpSettings, more: Mapping[str, object], status: int = 200) -> Response:
    response = Response({**_body(settings), **more}, status=status)
    response["ETag"] = quote_etag(settings.version)
    return response


def _body(settings: PumpSettings) -> dict[str, object]:
    return {
        "device_id": settings.device_id,
        **settings.values,
        "pending": settings.pending,
        "updated_at": settings.updated_at,
    }


def _under_way(settings: PumpSettings) -> dict[str, object]:
    command = settings.command
    return {} if command is None else {"outbox_id": command.pk, "outbox_status": command.status}


@contextmanager
def _refusals() -> Iterator[None]:
    """Answer what the service refuses."""
    try:
        yield
    except services.InvalidChangeError as error:
        raise ValidationError({_shown(name): [text] for name, text in error.details.items()}, error.code) from error
    except services.NothingAskedError as error:
        raise RefusedError(400, "nothing_asked", error) from error
    except services.UnknownPumpError as error:
        raise NotFound(NO_PUMP) from error
    except services.SettingsChangedError as error:
        raise RefusedError(412, "settings_changed", error) from error
    except services.KeyUsedError as error:
        raise RefusedError(422, "key_used", error) from error


def _shown(name: str) -> str:
    """Return a member's name as UTF-8 can carry it: JSON can spell half of a surrogate pair."""
    return name.encode("utf-8", "replace").decode()


def _idempotency_key(request: Request) -> str | None:
    key: str | None = request.headers.get("Idempotency-Key")
    if key is not None and not KEY.fullmatch(key):
        raise ValidationError({"Idempotency-Key": ["It must be 1 to 255 visible ASCII characters."]}, code="invalid")
    return key


def _if_match(request: Request) -> Collection[str] | None:
    """Return the versions that `If-Match` names. One is weak if the answer that it came with was compressed."""
    header: str | None = request.headers.get("If-Match")
    if header is None:
        return None
    return [etag.removeprefix("W/").strip('"') for etag in parse_etags(header)]


def _name_of(user: Any) -> str:
    """Return the name of who calls, or the identity that a token has in place of one."""
    return str(user.username or user.pk)
