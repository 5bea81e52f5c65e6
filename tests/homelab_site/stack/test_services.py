from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import psycopg2
import pytest

from homelab_site.stack.child import StackError, free_port, listens
from homelab_site.stack.services import Kafka, Mqtt, PortService, Postgres, Valkey
from tests.killed import start_again
from tests.waiting import eventually


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    return tmp_path / "service"


@pytest.fixture
def postgres_of_its_own(directory: Path) -> Iterator[Postgres]:
    server = Postgres(directory)
    yield server
    server.stop()


@pytest.mark.parametrize("kind", [Kafka, Mqtt, Valkey])
def test_a_service_comes_back_at_the_same_port_after_it_was_killed(directory: Path, kind: type[PortService]) -> None:
    service = kind(directory)
    service.start()
    environment = service.environment()
    service.kill()
    assert not listens(service.port)
    service.start()
    assert listens(service.port)
    assert service.environment() == environment
    service.stop()
    eventually(lambda: not listens(service.port))


def test_no_two_servers_are_given_the_same_port() -> None:
    ports = [free_port() for _ in range(1_000)]
    assert len(set(ports)) == len(ports)


@pytest.mark.parametrize("kind", [Kafka, Mqtt, Valkey, Postgres])
def test_a_service_that_never_started_can_be_stopped_and_killed(
    directory: Path, kind: type[PortService] | type[Postgres]
) -> None:
    service = kind(directory)
    service.kill()
    service.stop()
    assert not directory.exists()


def test_a_directory_that_is_not_postgresql_s_is_left_alone(postgres_of_its_own: Postgres) -> None:
    postgres_of_its_own.data.mkdir(parents=True)
    (postgres_of_its_own.data / "holiday.jpg").touch()
    with pytest.raises(StackError, match=r"is neither empty nor a PostgreSQL data directory; move it away\.$"):
        postgres_of_its_own.start()
    assert [path.name for path in postgres_of_its_own.data.iterdir()] == ["holiday.jpg"]


def test_a_damaged_data_directory_is_refused_with_postgresql_s_own_words(postgres_of_its_own: Postgres) -> None:
    postgres_of_its_own.data.mkdir(parents=True, mode=0o700)
    (postgres_of_its_own.data / "PG_VERSION").write_text("18\n")
    with pytest.raises(StackError, match=r"(?s)^PostgreSQL ended at its start:\n.*postgresql\.conf"):
        postgres_of_its_own.start()


def test_a_first_start_that_was_killed_is_begun_again(postgres_of_its_own: Postgres) -> None:
    half = postgres_of_its_own.directory / "postgresql.new"
    half.mkdir(parents=True)
    (half / "PG_VERSION").write_text("18\n")
    postgres_of_its_own.start()
    with closing(psycopg2.connect(postgres_of_its_own.url("telemetry", "homelab_reader"))) as connection:
        assert connection.server_version >= 180_000
    assert not half.exists()


def test_a_path_too_long_for_a_socket_has_its_socket_elsewhere_and_private(tmp_path: Path) -> None:
    server = Postgres(tmp_path / ("long" * 30))
    server.start()
    psycopg2.connect(server.url("homelab")).close()
    socket_dir = server._socket_dir
    assert socket_dir.stat().st_mode & 0o077 == 0
    environment = server.environment()
    server.kill()
    start_again(server)
    assert server.environment() == environment
    server.stop()
    assert not socket_dir.exists()
