"""Finding a pump, and holding it so that changes of its settings and commands come one after another."""

from datetime import datetime

from django.db import transaction

from heatpump.outbox.models import Turn
from heatpump.settings.models import NAMES, HeatPump, Setting


@transaction.atomic
def known_pump(device_id: str, heard_at: datetime) -> HeatPump:
    """Return a pump, which is made with all its settings if this is the first that is heard of it."""
    pump, is_new = HeatPump.objects.get_or_create(device_id=device_id, defaults={"updated_at": heard_at})
    if is_new:
        Setting.objects.bulk_create([Setting(pump=pump, name=name) for name in NAMES])
        Turn.objects.create(pump=pump)
    return pump


def hold(pump_id: int) -> HeatPump:
    """Lock a pump's row until the transaction ends. Rows that point to it can still be written."""
    return HeatPump.objects.select_for_update(no_key=True).get(pk=pump_id)


def settings_of(pump: HeatPump) -> dict[str, Setting]:
    """Return a pump's settings by name, in the order of the registers."""
    return {setting.name: setting for setting in Setting.objects.filter(pump=pump).order_by("pk")}
