"""What became of messages: which rows the good ones are, and what must become a dead letter."""

from collections import Counter
from datetime import UTC, datetime

from paho.mqtt.client import topic_matches_sub

from bridge.devices import DEVICES, translate
from bridge.devices.device import House
from bridge.messages import Bad
from bridge.worker import MAX_PAYLOAD_BYTES
from tests.pipeline import Pipeline
from tests.whole.bad_input.messages import METER, NODES, PUMP, SENSOR, Message, Row

HOUSE = House(thermiq_nodes=NODES)
QUERIES = {
    "energy_consumption": f"SELECT time, active_energy_total FROM energy_consumption WHERE device_serial = '{METER}'",
    "heatpump_status": f"SELECT time, runtime_hotwater FROM heatpump_status WHERE device_id = '{PUMP}'",
    "temperature_sensors": f"SELECT time, ram_free FROM temperature_sensors WHERE device_id = '{SENSOR}'",
}
DEVICES_OF = {"energy_consumption": METER, "heatpump_status": PUMP, "temperature_sensors": SENSOR}


def stored(pipeline: Pipeline) -> Counter[Row]:
    """Return the rows of the good devices, as often as they are there."""
    return Counter(
        Row(table, DEVICES_OF[table], time, number)
        for table, query in QUERIES.items()
        for time, number in pipeline.rows(query)
    )


def is_stored(pipeline: Pipeline, row: Row) -> bool:
    return (row.time, row.number) in pipeline.rows(f"{QUERIES[row.table]} AND time = %s", row.time)


def is_bad(message: Message) -> bool:
    """Tell whether the bridge has to make a dead letter of a message."""
    if not any(topic_matches_sub(topic, message.topic) for device in DEVICES for topic in device.subscriptions(HOUSE)):
        return False  # nobody hears it
    if len(message.payload) > MAX_PAYLOAD_BYTES:
        return True
    return isinstance(translate(message.topic, message.payload, datetime.now(UTC), HOUSE), Bad)
