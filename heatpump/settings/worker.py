"""The settings worker: readings from Kafka to the settings in the house's own database.

Offsets are committed only after the settings are. Readings that come again change nothing. What cannot be read is a
dead letter of the sink's already, so here it is only skipped.
"""

import logging
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Final

import django.db
import msgspec
import psycopg2
from django.utils import timezone
from kafka.errors import KafkaError

from bridge.devices.thermiq_registers import LARGEST, SMALLEST
from bridge.messages import Message, Topic, Value, decode_message, is_sane
from heatpump.settings.echoes import Echo, confirm_from_reading
from heatpump.settings.models import NAMES
from homelab_site.workers.batch import Batch, Record
from homelab_site.workers.group import GroupMember
from homelab_site.workers.metrics import MESSAGES_OUT, MESSAGES_SKIPPED

log = logging.getLogger(__name__)

NAME: Final = "settings"
GROUP: Final = "heatpump-settings-api"
MAX_RECORDS: Final = 100
AT_ONCE: Final = 0.0
LONGEST_ID: Final = 255
NOT_IN_AN_ID: Final = frozenset("/+#")
"""What a level of an MQTT topic cannot hold: a command could not be published to such a pump."""


class SettingsWorker:
    """A member of the consumer group `heatpump-settings-api`."""

    name = NAME
    trouble: tuple[type[Exception], ...] = (psycopg2.Error, django.db.Error, KafkaError, OSError)

    def __init__(self, member: GroupMember) -> None:
        self._member = member

    def step(self) -> bool:
        """Take records, bring the settings up to date with them, and commit."""
        return self._member.work(self._flush, self.trouble)

    def close(self) -> None:
        """Leave the group; what was taken and not committed is read again at the next start."""
        self._member.close()

    def _flush(self) -> None:
        for record in self._member.records:
            _take(record)
        self._member.commit()


def _take(record: Record) -> None:
    echo = echo_of(record.value or b"")
    if echo is None:
        MESSAGES_SKIPPED.labels(NAME, "shows no settings").inc()
        return
    try:
        confirm_from_reading(echo, timezone.now())
    except (django.db.DataError, django.db.IntegrityError) as error:
        MESSAGES_SKIPPED.labels(NAME, "refused").inc()
        log.warning("settings: the database refuses offset %d of %s: %s", record.offset, record.topic, error)
    else:
        MESSAGES_OUT.labels(NAME, "settings").inc()


def echo_of(value: bytes) -> Echo | None:
    """Read what a message on the bus shows of a pump's settings; None if it cannot be read, or shows nothing."""
    try:
        message = decode_message(value)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
    values = _values(message.fields)
    if not values or not _can_be_written_to(message) or not _has_sane_times(message):
        return None
    return Echo(device_id=message.device_id, ts=message.ts, received_at=message.received_at, values=values)


def _values(fields: Mapping[str, Value]) -> dict[str, int | None]:
    """Return the settings among a message's fields that hold what a register can."""
    found: dict[str, int | None] = {}
    for name in NAMES:
        value = fields.get(name)
        if isinstance(value, float) and value.is_integer():
            value = int(value)
        if isinstance(value, int) and not isinstance(value, bool) and SMALLEST <= value <= LARGEST:
            found[name] = value
    return found


def _can_be_written_to(message: Message) -> bool:
    """Tell whether a device's id can be that of a heat pump's node."""
    device_id = message.device_id
    return 0 < len(device_id) <= LONGEST_ID and NOT_IN_AN_ID.isdisjoint(device_id) and device_id.isprintable()


def _has_sane_times(message: Message) -> bool:
    """Tell whether to believe a message's times; after one from the future, no other would count."""
    return is_sane(message.received_at, datetime.now(UTC)) and is_sane(message.ts, message.received_at)


def make_worker() -> SettingsWorker:
    """Build the settings worker of this house."""
    return SettingsWorker(GroupMember(NAME, GROUP, [Topic.HEATPUMP.value], Batch(MAX_RECORDS, AT_ONCE)))
