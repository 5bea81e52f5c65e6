"""Nothing of the API can write to the telemetry database: not the ORM, not the session, not the role."""

from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import UTC, datetime

import psycopg2
import pytest
from django.conf import settings
from django.db import connections
from psycopg2.errors import InsufficientPrivilege, ReadOnlySqlTransaction

from energy.models import EnergyConsumption
from telemetry.router import ALIAS, TelemetryIsReadOnlyError
from telemetry.schema.runner import Connection
from tests.api_fixture import execute

pytestmark = pytest.mark.django_db(databases=["default", "telemetry"])

WRITE = "INSERT INTO energy_consumption (time, device_serial) VALUES (now(), 'one')"


@pytest.fixture(autouse=True)
def _nothing_is_written(readings: Connection) -> Iterator[None]:
    yield
    assert execute(readings, "SELECT count(*) FROM energy_consumption") == [(0,)]


@pytest.mark.parametrize(
    "write",
    [
        lambda: EnergyConsumption.objects.create(device_serial="one", time=datetime.now(UTC)),
        lambda: EnergyConsumption(device_serial="one", time=datetime.now(UTC)).save(using=ALIAS),
        lambda: run(WRITE),
    ],
)
def test_django_refuses(write: Callable[[], object]) -> None:
    with pytest.raises(TelemetryIsReadOnlyError):
        write()


def test_the_session_refuses_whatever_its_role_may() -> None:
    options = connections[ALIAS].get_connection_params()["options"]
    owner = psycopg2.connect(settings.TELEMETRY_OWNER_URL, options=options)
    with closing(owner), pytest.raises(ReadOnlySqlTransaction):
        execute(owner, WRITE)


def test_the_role_refuses_in_a_session_that_may_write() -> None:
    with closing(psycopg2.connect(settings.TELEMETRY_DATABASE_URL)) as connection:
        assert execute(connection, "SHOW default_transaction_read_only") == [("off",)]
        with pytest.raises(InsufficientPrivilege):
            execute(connection, WRITE)


def run(statement: str) -> None:
    with connections[ALIAS].cursor() as cursor:
        cursor.execute(statement)
