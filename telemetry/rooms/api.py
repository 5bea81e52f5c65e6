"""The API of the rooms: each path checks its parameters, calls a selector and answers with what that gives."""

from datetime import timedelta
from typing import Any

from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from homelab_site.api.parameters import Query, TextField, WholeNumberField
from homelab_site.api.schema import answers, range_answers
from homelab_site.api.views import MAX_ROWS, RangeView, ReadView, too_many_rows
from telemetry.rooms import selectors

HOUR = timedelta(hours=1)


class RoomReadingSerializer(serializers.Serializer[Any]):
    """One reading of one sensor."""

    time = serializers.DateTimeField(help_text="When the reading was taken.")
    location = serializers.CharField()
    device_id = serializers.CharField()
    temperature_c = serializers.FloatField(allow_null=True, help_text="degC; null if the reading is only of others.")
    humidity = serializers.FloatField(allow_null=True, help_text="Percent.")
    battery_percent = serializers.IntegerField(allow_null=True)


class SensorReadingSerializer(RoomReadingSerializer):
    """One reading of one sensor, with what it says of the sensor itself."""

    mac_address = serializers.CharField(allow_null=True)
    wifi_rssi = serializers.IntegerField(allow_null=True, help_text="dBm.")
    battery_voltage = serializers.FloatField(allow_null=True, help_text="V.")


class LocationQuery(Query):
    """A room, or another place with a sensor."""

    location = TextField(help_text="Name of the room.")


class HistoryQuery(LocationQuery):
    """A room, and how far back."""

    hours = WholeNumberField(default=24, min_value=1, max_value=168, help_text="How many hours back.")


class LatestView(ReadView):
    """The newest reading of a room; null if there is none."""

    required_scope = "read:temperature"

    @extend_schema(
        operation_id="temperature_latest",
        parameters=[LocationQuery],
        # The component is that of the path below.
        responses=answers({"oneOf": [{"$ref": "#/components/schemas/RoomReading"}, {"type": "null"}]}),
    )
    def get(self, request: Request) -> Response:
        return Response(selectors.reading_latest(**LocationQuery.of(request)))


class AllLatestView(ReadView):
    """The newest reading of each room."""

    required_scope = "read:temperature"

    @extend_schema(
        operation_id="temperature_all_latest",
        responses=answers(RoomReadingSerializer(many=True), parameters=False),
    )
    def get(self, request: Request) -> Response:
        return Response(selectors.readings_latest().rows(limit=MAX_ROWS))


class HistoryView(RangeView):
    """The readings of a room in the last hours."""

    required_scope = "read:temperature"
    row = selectors.SensorReading
    file_name = "temperature-history"

    @extend_schema(
        operation_id="temperature_history",
        parameters=[HistoryQuery],
        responses=range_answers(SensorReadingSerializer(many=True)),
    )
    def get(self, request: Request) -> Response:
        query, now = HistoryQuery.of(request), timezone.now()
        newest_first = selectors.readings_newest_first(
            location=query["location"], start=now - query["hours"] * HOUR
        ).rows(limit=MAX_ROWS + 1)
        if len(newest_first) > MAX_ROWS:
            raise too_many_rows("hours", str((now - newest_first[MAX_ROWS].time) // HOUR))
        return Response(newest_first[::-1])
