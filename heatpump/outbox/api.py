"""The API of commands: what has become of them."""

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.exceptions import NotFound
from rest_framework.request import Request
from rest_framework.response import Response

from heatpump.outbox import selectors
from heatpump.outbox.models import Command, Reason, Status
from homelab_site.api.schema import answers
from homelab_site.api.views import ReadView

NO_COMMAND = "There is no such command."


class CommandSerializer(serializers.Serializer[Any]):
    """What a pump was asked to be set to, and what has become of it."""

    id = serializers.IntegerField()
    aggregate_type = serializers.ChoiceField(["heatpump_setting"])
    aggregate_id = serializers.CharField(help_text="The pump's device id.")
    event_type = serializers.ChoiceField(["setting_update"])
    payload = serializers.DictField(child=serializers.IntegerField(), help_text="The settings that were asked for.")
    status = serializers.ChoiceField(Status.values)
    created_at = serializers.DateTimeField()
    published_at = serializers.DateTimeField(
        allow_null=True, help_text="When the broker last took a register of it; null before that."
    )
    confirmed_at = serializers.DateTimeField(
        allow_null=True, help_text="When the pump had echoed all of it; null before that."
    )
    error_message = serializers.CharField(allow_null=True, help_text="Why it failed; null if it did not.")
    reason = serializers.ChoiceField(Reason.values, allow_null=True, help_text="The same, as a word.")
    retry_count = serializers.IntegerField()
    max_retries = serializers.IntegerField()
    requested_by = serializers.CharField()


class CommandsSerializer(serializers.Serializer[Any]):
    """The newest commands of a pump, newest first."""

    def get_fields(self) -> dict[str, Any]:
        # Declared here, because a serializer has an attribute `data` of its own.
        return {"data": CommandSerializer(many=True)}


class DeviceOutboxView(ReadView):
    """The newest ten commands of a pump, newest first; none for a pump that is not known."""

    required_scope = "read:settings"

    @extend_schema(operation_id="heatpump_outbox", responses=answers(CommandsSerializer, parameters=False))
    def get(self, request: Request, device_id: str) -> Response:
        return Response({"data": [_body(command) for command in selectors.commands_of_device(device_id)]})


class CommandView(ReadView):
    """One command."""

    required_scope = "read:settings"

    @extend_schema(
        operation_id="heatpump_command",
        responses=answers(CommandSerializer, parameters=False, missing=NO_COMMAND),
    )
    def get(self, request: Request, id: int) -> Response:
        command = selectors.command_by_id(id)
        if command is None:
            raise NotFound(NO_COMMAND)
        return Response(_body(command))


def _body(command: Command) -> dict[str, object]:
    return {
        "id": command.pk,
        "aggregate_type": "heatpump_setting",
        "aggregate_id": command.pump.device_id,
        "event_type": "setting_update",
        "payload": command.payload,
        "status": command.status,
        "created_at": command.created_at,
        "published_at": command.published_at,
        "confirmed_at": command.confirmed_at,
        "error_message": command.error_message or None,
        "reason": command.reason or None,
        "retry_count": command.retry_count,
        "max_retries": command.max_retries,
        "requested_by": command.requested_by,
    }
