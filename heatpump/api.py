"""The API of the heat pump: each path checks its parameters, calls a selector and answers with what that gives."""

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.exceptions import NotFound
from rest_framework.request import Request
from rest_framework.response import Response

from heatpump import selectors
from homelab_site.api.parameters import Query, RangeQuery, TextField
from homelab_site.api.schema import answers, range_answers
from homelab_site.api.views import RangeView, ReadView


class HeatpumpReadingSerializer(serializers.Serializer[Any]):
    """One reading of one heat pump. Temperatures in degC."""

    ts = serializers.DateTimeField(help_text="When the reading was taken.")
    device_id = serializers.CharField()
    compressor_on = serializers.BooleanField(allow_null=True)
    hotwater_production = serializers.BooleanField(allow_null=True)
    flowlinepump_on = serializers.BooleanField(allow_null=True)
    brinepump_on = serializers.BooleanField(allow_null=True)
    aux_heater_3kw_on = serializers.BooleanField(allow_null=True)
    aux_heater_6kw_on = serializers.BooleanField(allow_null=True)
    outdoor_temp = serializers.FloatField(allow_null=True)
    supplyline_temp = serializers.FloatField(allow_null=True)
    returnline_temp = serializers.FloatField(allow_null=True)
    hotwater_temp = serializers.FloatField(allow_null=True)
    brine_out_temp = serializers.FloatField(allow_null=True)
    brine_in_temp = serializers.FloatField(allow_null=True)
    indoor_temp = serializers.FloatField(allow_null=True)
    integral = serializers.IntegerField(allow_null=True, help_text="degC min.")
    integral_trend = serializers.ChoiceField(
        [trend.value for trend in selectors.Trend],
        allow_null=True,
        help_text=(
            f"Whether it moved by {selectors.MOVED_BY} degC min or more since the oldest reading of the half hour "
            "before; null if there is none."
        ),
    )
    alarms = serializers.ListField(
        child=serializers.CharField(), allow_null=True, help_text="Names of the alarms that are on."
    )


class HeatpumpDaySerializer(serializers.Serializer[Any]):
    """A day of the house's time zone. Run times in h, averages in degC, weighted by time."""

    day = serializers.DateTimeField(help_text="The day's start.")
    daily_runtime_compressor_increase = serializers.FloatField(allow_null=True)
    daily_runtime_hotwater_increase = serializers.FloatField(allow_null=True)
    daily_runtime_3kw_increase = serializers.FloatField(allow_null=True)
    daily_runtime_6kw_increase = serializers.FloatField(allow_null=True)
    avg_outdoor_temp = serializers.FloatField(allow_null=True)
    avg_supplyline_temp = serializers.FloatField(allow_null=True)
    avg_returnline_temp = serializers.FloatField(allow_null=True)
    avg_hotwater_temp = serializers.FloatField(allow_null=True)
    avg_brine_out_temp = serializers.FloatField(allow_null=True)
    avg_brine_in_temp = serializers.FloatField(allow_null=True)


class HeatpumpQuery(Query):
    """The heat pumps that count."""

    device_id = TextField(default=None, help_text="One heat pump. Absent: all of them.")


class HeatpumpRangeQuery(HeatpumpQuery, RangeQuery):
    """A range of time of some heat pumps."""


class LatestView(ReadView):
    """The newest reading."""

    required_scope = "read:heatpump"

    @extend_schema(
        operation_id="heatpump_latest",
        parameters=[HeatpumpQuery],
        responses=answers(HeatpumpReadingSerializer, missing="There is no reading."),
    )
    def get(self, request: Request) -> Response:
        reading = selectors.reading_latest(**HeatpumpQuery.of(request))
        if reading is None:
            raise NotFound("There is no reading.")
        return Response(reading)


class DailySummaryView(RangeView):
    """Run times and average temperatures of each day of a range; the days are the house's."""

    required_scope = "read:heatpump"
    row = selectors.Day
    file_name = "heatpump-days"

    @extend_schema(
        operation_id="heatpump_daily_summary",
        parameters=[HeatpumpRangeQuery],
        responses=range_answers(HeatpumpDaySerializer(many=True)),
    )
    def get(self, request: Request) -> Response:
        return self.answer(selectors.days(**HeatpumpRangeQuery.of(request)))
