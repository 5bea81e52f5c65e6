"""Query parameters: validated like a body, and described by the same declaration.

A path has one Query with the parameters that it knows. Others are ignored; a malformed known one is an error that
names it.
"""

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.utils import timezone
from rest_framework import serializers
from rest_framework.request import Request

from homelab_site.moments import read_moment


class MomentField(serializers.DateTimeField):
    """A moment as in RFC 3339, always with its time zone."""

    default_error_messages = {  # noqa: RUF012 - as in REST framework's own fields
        "moment": "Give a date and time with its time zone, such as 2026-11-01T00:00:00Z (write a + as %2B)."
    }

    def to_internal_value(self, value: Any) -> datetime:
        try:
            return read_moment(value)
        except ValueError:
            self.fail("moment")


class WholeNumberField(serializers.IntegerField):
    """Digits, and nothing that Python would also take for a number."""

    def to_internal_value(self, data: Any) -> int:
        if not re.fullmatch(r"-?[0-9]{1,18}", data):
            self.fail("invalid")
        return super().to_internal_value(data)


class TextField(serializers.CharField):
    """Any text but an empty one, exactly as it is."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(trim_whitespace=False, **kwargs)


class Query(serializers.Serializer[Any]):
    """The parameters that a path knows."""

    @classmethod
    def of(cls, request: Request) -> dict[str, Any]:
        """Return the parameters by name, absent optional ones with their default; raises ValidationError."""
        query = cls(data=request.query_params.dict())
        counts = {name: len(values) for name, values in request.query_params.lists() if name in query.fields}
        if repeated := {name: ["Give it only once."] for name, count in counts.items() if count > 1}:
            raise serializers.ValidationError(repeated, code="repeated")
        query.is_valid(raise_exception=True)
        return dict(query.validated_data)


class RangeQuery(Query):
    """A range of time that includes its start and not its end: `from` and `to`, and to selectors `start` and `end`."""

    def get_fields(self) -> dict[str, Any]:
        # Declared here, because `from` cannot be the name of an attribute.
        return {
            "from": MomentField(
                source="start", help_text="Start of the range, RFC 3339; what starts at it is included."
            ),
            "to": MomentField(
                source="end",
                required=False,
                help_text="End of the range, RFC 3339; what starts at it is not included. Absent: now.",
            ),
            **super().get_fields(),
        }

    def validate(self, attrs: Mapping[str, Any]) -> dict[str, Any]:
        query = {"end": timezone.now(), **attrs}
        if query["start"] > query["end"]:
            end = "`to`" if "end" in attrs else "now, which `to` is if it is absent"
            raise serializers.ValidationError({"from": [f"It must not be after {end}."]}, code="range")
        return query


class MeterQuery(Query):
    """The meters that count."""

    device_serial = TextField(
        default=None, help_text="Serial number of one meter. Absent: all meters, each on its own and then summed."
    )


class MeterRangeQuery(MeterQuery, RangeQuery):
    """A range of time of some meters."""
