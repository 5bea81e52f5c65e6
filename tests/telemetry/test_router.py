from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from django.contrib.auth.models import User
from django.db import InternalError, connections, router
from django.db.models import Model

from energy.models import EnergyConsumption
from heatpump.models import HeatpumpStatus
from telemetry.models import DeadLetter, SchemaMigration, TemperatureReading
from telemetry.router import ALIAS, TelemetryIsReadOnlyError
from telemetry.schema.runner import Connection

pytestmark = pytest.mark.django_db(databases=["default", "telemetry"])

MOMENT = datetime(2026, 11, 1, tzinfo=UTC)
readings = HeatpumpStatus.objects
named = HeatpumpStatus.objects.using(ALIAS)


def reading() -> HeatpumpStatus:
    return HeatpumpStatus(time=MOMENT, device_id="one")


def stored() -> HeatpumpStatus:
    return readings.get(pk=("one", MOMENT))


@pytest.fixture(autouse=True)
def _a_reading(telemetry: Connection) -> None:
    with telemetry.cursor() as cursor:
        cursor.execute("INSERT INTO heatpump_status (time, device_id, alarms) VALUES (%s, 'one', '{a,b}')", [MOMENT])


@pytest.mark.parametrize("model", [EnergyConsumption, HeatpumpStatus, TemperatureReading, SchemaMigration])
def test_readings_are_read_from_the_telemetry_database(model: type[Model]) -> None:
    assert router.db_for_read(model) == ALIAS


def test_a_reading_is_found_by_device_and_time() -> None:
    assert stored().alarms == ["a", "b"]


@pytest.mark.parametrize("model", [User, DeadLetter])
def test_other_models_stay_in_the_house_s_own_database(model: type[Model]) -> None:
    assert router.db_for_read(model) == router.db_for_write(model) == "default"


@pytest.mark.parametrize(
    "write",
    [
        lambda: reading().save(),
        lambda: reading().save(using=ALIAS),
        lambda: stored().save(),
        lambda: stored().delete(),
        lambda: stored().delete(using=ALIAS),
        lambda: readings.create(time=MOMENT, device_id="two"),
        lambda: named.create(time=MOMENT, device_id="two"),
        lambda: readings.bulk_create([reading()]),
        lambda: named.bulk_create([reading()]),
        lambda: readings.update(integral=0),
        lambda: named.update(integral=0),
        lambda: readings.all().delete(),
        lambda: named.all().delete(),
        lambda: User(username="eve").save(using=ALIAS),
        lambda: User.objects.using(ALIAS).create(username="eve"),
        lambda: User.objects.using(ALIAS).update(username="eve"),
    ],
)
def test_a_write_through_the_orm_is_refused(write: Callable[[], object], telemetry: Connection) -> None:
    with pytest.raises(TelemetryIsReadOnlyError, match="only the sink"):
        write()
    with telemetry.cursor() as cursor:
        cursor.execute("SELECT device_id, integral FROM heatpump_status")
        assert cursor.fetchall() == [("one", None)]


def test_what_slips_through_is_refused_by_the_database() -> None:
    with connections[ALIAS].cursor() as cursor, pytest.raises(InternalError, match="read-only transaction"):
        cursor.execute("WITH made AS (INSERT INTO heatpump_status (time, device_id) VALUES (now(), 'two')) SELECT 1")


def test_django_migrates_nothing_in_the_telemetry_database() -> None:
    assert not router.allow_migrate(ALIAS, "auth")
    assert not router.allow_migrate(ALIAS, "telemetry")
    assert router.allow_migrate("default", "telemetry")


def test_no_relation_joins_the_two_databases() -> None:
    assert not router.allow_relation(User(), reading())
    assert router.allow_relation(User(), DeadLetter())
