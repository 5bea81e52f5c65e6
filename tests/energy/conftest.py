import pytest
from psycopg2.extensions import connection as Connection  # noqa: N812 - a class, whatever psycopg2 calls it

from tests.timescale_fixture import timescale, timescale_url  # noqa: F401 - fixtures


@pytest.fixture(params=["telemetry", "timescale"], ids=["plain", "timescale"])
def database(request: pytest.FixtureRequest) -> Connection:
    """An owner's connection to plain PostgreSQL, then to TimescaleDB; both in the time zone of the default house."""
    connection: Connection = request.getfixturevalue(request.param)
    return connection
