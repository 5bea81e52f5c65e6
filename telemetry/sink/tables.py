"""The sink's tables: which topic goes where, and into which columns."""

from collections.abc import Mapping
from dataclasses import dataclass

from bridge.messages import Topic


@dataclass(frozen=True, slots=True, eq=False)
class Table:
    """A table and its columns with their PostgreSQL types.

    `device` is the column of the device's id; `tags` and `fields` are filled from the message's members of the
    same names.
    """

    name: str
    device: str
    tags: Mapping[str, str]
    fields: Mapping[str, str]

    def insert(self) -> str:
        """Return the statement that stores rows given as one array literal for each column.

        The arrays go in as text and are taken apart by the server, which is several times faster than a row of
        values each. A row whose device and time are there already changes nothing.
        """
        columns = {"time": "timestamptz", self.device: "text", **self.tags, **self.fields}
        names = ", ".join(columns)
        # unnest() would flatten arrays in arrays, so a column of arrays travels as text.
        picked = ", ".join(f"{name}::{kind}" if kind.endswith("[]") else name for name, kind in columns.items())
        arrays = ", ".join("%s::text[]" if kind.endswith("[]") else f"%s::{kind}[]" for kind in columns.values())
        return (
            f"INSERT INTO {self.name} ({names}) "  # noqa: S608 - the names are this module's
            f"SELECT {picked} FROM unnest({arrays}) AS rows ({names}) ON CONFLICT DO NOTHING;"
        )


ENERGY = Table(
    name="energy_consumption",
    device="device_serial",
    tags={"meter_type": "text"},
    fields={
        "wifi_rssi": "integer",
        "active_power_total": "integer",
        "active_power_l1": "integer",
        "active_power_l2": "integer",
        "active_power_l3": "integer",
        "active_production_total": "integer",
        "active_energy_total": "bigint",
        "active_energy_production": "bigint",
        "voltage_l1": "double precision",
        "voltage_l2": "double precision",
        "voltage_l3": "double precision",
        "current_l1": "integer",
        "current_l2": "integer",
        "current_l3": "integer",
        "power_factor": "double precision",
    },
)

HEATPUMP = Table(
    name="heatpump_status",
    device="device_id",
    tags={},
    fields={
        "outdoor_temp": "double precision",
        "supplyline_temp": "double precision",
        "returnline_temp": "double precision",
        "hotwater_temp": "double precision",
        "brine_out_temp": "double precision",
        "brine_in_temp": "double precision",
        "indoor_temp": "double precision",
        "flowlinepump_speed": "integer",
        "runtime_compressor": "integer",
        "runtime_hotwater": "integer",
        "runtime_3kw": "integer",
        "runtime_6kw": "integer",
        "brinepump_on": "boolean",
        "compressor_on": "boolean",
        "flowlinepump_on": "boolean",
        "hotwater_production": "boolean",
        "aux_heater_3kw_on": "boolean",
        "aux_heater_6kw_on": "boolean",
        "integral": "integer",
        "alarms": "text[]",
    },
)

TEMPERATURE = Table(
    name="temperature_sensors",
    device="device_id",
    tags={"mac_address": "text", "location": "text"},
    fields={
        "temperature_c": "double precision",
        "temperature_f": "double precision",
        "humidity": "double precision",
        "wifi_rssi": "integer",
        "battery_voltage": "double precision",
        "battery_percent": "integer",
        "external_power": "boolean",
        "uptime": "bigint",
        "ram_free": "bigint",
        "wind_speed_ms": "double precision",
        "pressure_hpa": "double precision",
    },
)

TABLES: Mapping[str, Table] = {
    Topic.ENERGY: ENERGY,
    Topic.HEATPUMP: HEATPUMP,
    Topic.TEMPERATURE_INDOOR: TEMPERATURE,
    Topic.TEMPERATURE_OUTDOOR: TEMPERATURE,
}
