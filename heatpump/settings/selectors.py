"""Reading what pumps are set to."""

import hashlib
from dataclasses import dataclass
from datetime import datetime

from heatpump.outbox.models import UNDER_WAY, Command
from heatpump.settings.models import HeatPump
from heatpump.settings.pumps import settings_of
from homelab_site.api.encoding import json_text


@dataclass(frozen=True, slots=True)
class PumpSettings:
    """The settings of one pump, and the newest command that is under way.

    A value is what is wanted while that is under way, else what the pump confirmed; None where neither is known.
    """

    device_id: str
    values: dict[str, int | None]
    pending: list[str]
    updated_at: datetime
    command: Command | None

    @property
    def version(self) -> str:
        """A text that is another one after anything here has changed."""
        under_way = self.command and (self.command.pk, self.command.status)
        shown = json_text([self.device_id, self.values, self.pending, self.updated_at, under_way])
        return hashlib.sha256(shown).hexdigest()[:32]


def pump_settings(pump: HeatPump) -> PumpSettings:
    settings = settings_of(pump)
    return PumpSettings(
        device_id=pump.device_id,
        values={name: setting.value for name, setting in settings.items()},
        pending=[name for name, setting in settings.items() if setting.wanted is not None],
        updated_at=pump.updated_at,
        command=pump.commands.filter(status__in=UNDER_WAY).first(),
    )


def settings_of_device(device_id: str) -> PumpSettings | None:
    pump = HeatPump.objects.filter(device_id=device_id).first()
    return None if pump is None else pump_settings(pump)


def settings_of_all() -> list[PumpSettings]:
    """Return the settings of every pump, ordered by its id."""
    return [pump_settings(pump) for pump in HeatPump.objects.all()]
