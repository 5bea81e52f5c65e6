"""Putting a day together."""

from datetime import date, datetime, time, timedelta

from django.conf import settings

from energy.selectors import days
from heatpump.outbox.models import Command
from heatpump.outbox.selectors import UNTOLD
from telemetry.days.models import DaySummary
from telemetry.deadletters.models import DeadLetter
from telemetry.status.streams import STREAMS


def summarise(day: date) -> DaySummary:
    """Store the summary of a day, instead of an earlier one if there is one; raises `django.db.Error`."""
    start, end = _midnight(day), _midnight(day + timedelta(days=1))
    used = days(start=start, end=end, device_serial=None).first()
    commands = Command.objects
    summary, _ = DaySummary.objects.update_or_create(
        day=day,
        defaults={
            **{f"{name}_readings": _readings(name, start, end) for name in STREAMS},
            "energy_kwh": None if used is None else used.energy_consumption_kwh,
            "dead_letters": DeadLetter.objects.filter(recorded_at__gte=start, recorded_at__lt=end).count(),
            "commands_confirmed": commands.filter(confirmed_at__gte=start, confirmed_at__lt=end).count(),
            "commands_failed": commands.filter(failed_at__gte=start, failed_at__lt=end)
            .exclude(reason__in=UNTOLD)
            .count(),
        },
    )
    return summary


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time.min, settings.HOUSE_TIME_ZONE)


def _readings(stream: str, start: datetime, end: datetime) -> int:
    return STREAMS[stream].model._default_manager.filter(time__gte=start, time__lt=end).count()
