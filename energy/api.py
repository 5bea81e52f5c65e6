"""The API of the meter: each path checks its parameters, calls a selector and answers with what that gives."""

from datetime import UTC, timedelta
from typing import Any

from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.exceptions import NotFound
from rest_framework.request import Request
from rest_framework.response import Response

from energy import selectors
from homelab_site.api.parameters import MeterQuery, MeterRangeQuery
from homelab_site.api.schema import answers, range_answers
from homelab_site.api.views import RangeView, ReadView


class ReadingSerializer(serializers.Serializer[Any]):
    """One reading of one meter."""

    ts = serializers.DateTimeField(help_text="When the meter was read.")
    device_serial = serializers.CharField(help_text="Serial number of the meter.")
    consumption_total_w = serializers.IntegerField(
        allow_null=True, help_text="The meter's counter in Wh; the name is older than the meaning."
    )
    consumption_total_actual_w = serializers.IntegerField(allow_null=True, help_text="Power drawn, W.")
    consumption_l1_actual_w = serializers.IntegerField(allow_null=True, help_text="Power drawn on phase 1, W.")
    consumption_l2_actual_w = serializers.IntegerField(allow_null=True, help_text="Power drawn on phase 2, W.")
    consumption_l3_actual_w = serializers.IntegerField(allow_null=True, help_text="Power drawn on phase 3, W.")
    production_actual_w = serializers.IntegerField(allow_null=True, help_text="Power produced, W.")


class HourTotalSerializer(serializers.Serializer[Any]):
    """What has been used in the clock hour that is under way."""

    total_kwh = serializers.FloatField(help_text="Energy used so far, kWh.")
    hour_start = serializers.DateTimeField()
    current_time = serializers.DateTimeField()


class Measured(serializers.Serializer[Any]):
    """How well an interval was measured."""

    measurement_count = serializers.IntegerField(min_value=0, help_text="Readings in the interval.")
    coverage = serializers.FloatField(
        min_value=0, max_value=1, help_text="Share of the interval between readings at most 5 minutes apart."
    )


class HourSerializer(Measured):
    """A clock hour, or a quarter of one. Averages are weighted by time."""

    hour_start = serializers.DateTimeField()
    hour_end = serializers.DateTimeField()
    total_energy_kwh = serializers.FloatField(help_text="Energy used, kWh; that of a gap is spread evenly over it.")
    avg_power_l1_kw = serializers.FloatField(allow_null=True, help_text="Average power of phase 1, kW.")
    avg_power_l2_kw = serializers.FloatField(allow_null=True, help_text="Average power of phase 2, kW.")
    avg_power_l3_kw = serializers.FloatField(allow_null=True, help_text="Average power of phase 3, kW.")
    avg_power_total_kw = serializers.FloatField(allow_null=True, help_text="Average power, kW.")
    max_power_total_kw = serializers.FloatField(allow_null=True, help_text="Highest power, kW.")


class Period(Measured):
    """A day, month or year of the house's time zone."""

    energy_consumption_kwh = serializers.FloatField(help_text="Energy used, kWh.")


class DaySerializer(Period):
    """A day of the house's time zone."""

    day_start = serializers.DateTimeField()
    day_end = serializers.DateTimeField()


class MonthSerializer(Period):
    """A month of the house's time zone."""

    month_start = serializers.DateTimeField()
    month_end = serializers.DateTimeField()


class YearSerializer(Period):
    """A year of the house's time zone."""

    year_start = serializers.DateTimeField()
    year_end = serializers.DateTimeField()


class HistoryQuery(MeterRangeQuery):
    """A range of time in hours or quarters of an hour."""

    resolution = serializers.ChoiceField(
        ["hour", "quarter"], default="hour", help_text="Length of the intervals: an hour, or a quarter of one."
    )


class LatestView(ReadView):
    """The newest reading."""

    required_scope = "read:energy"

    @extend_schema(
        operation_id="energy_latest",
        parameters=[MeterQuery],
        responses=answers(ReadingSerializer, missing="There is no reading."),
    )
    def get(self, request: Request) -> Response:
        reading = selectors.reading_latest(**MeterQuery.of(request))
        if reading is None:
            raise NotFound("There is no reading.")
        return Response(reading)


class HourlyTotalView(ReadView):
    """The energy used in this clock hour so far; 0 if nothing yet."""

    required_scope = "read:energy"

    @extend_schema(operation_id="energy_hourly_total", parameters=[MeterQuery], responses=answers(HourTotalSerializer))
    def get(self, request: Request) -> Response:
        now = timezone.now().astimezone(UTC)
        start = now.replace(minute=0, second=0, microsecond=0)
        used = selectors.energy_used(start=start, end=start + timedelta(hours=1), **MeterQuery.of(request))
        return Response({"total_kwh": used, "hour_start": start, "current_time": now})


class HistoryView(RangeView):
    """Energy and power of each hour of a range, or of each quarter of an hour."""

    required_scope = "read:energy"
    row = selectors.Hour
    file_name = "energy-history"

    @extend_schema(
        operation_id="energy_history",
        parameters=[HistoryQuery],
        responses=range_answers(HourSerializer(many=True)),
    )
    def get(self, request: Request) -> Response:
        query = HistoryQuery.of(request)
        intervals = selectors.quarters if query.pop("resolution") == "quarter" else selectors.hours
        return self.answer(intervals(**query))


class DailySummaryView(RangeView):
    """Energy of each day of a range; the days are the house's."""

    required_scope = "read:energy"
    row = selectors.Day
    file_name = "energy-days"

    @extend_schema(
        operation_id="energy_daily_summary",
        parameters=[MeterRangeQuery],
        responses=range_answers(DaySerializer(many=True)),
    )
    def get(self, request: Request) -> Response:
        return self.answer(selectors.days(**MeterRangeQuery.of(request)))


class MonthlySummaryView(RangeView):
    """Energy of each month of a range; the months are the house's."""

    required_scope = "read:energy"
    row = selectors.Month
    file_name = "energy-months"

    @extend_schema(
        operation_id="energy_monthly_summary",
        parameters=[MeterRangeQuery],
        responses=range_answers(MonthSerializer(many=True)),
    )
    def get(self, request: Request) -> Response:
        return self.answer(selectors.months(**MeterRangeQuery.of(request)))


class YearlySummaryView(RangeView):
    """Energy of each year of a range; the years are the house's."""

    required_scope = "read:energy"
    row = selectors.Year
    file_name = "energy-years"

    @extend_schema(
        operation_id="energy_yearly_summary",
        parameters=[MeterRangeQuery],
        responses=range_answers(YearSerializer(many=True)),
    )
    def get(self, request: Request) -> Response:
        return self.answer(selectors.years(**MeterRangeQuery.of(request)))
