"""Starts PostgreSQL, Kafka, MQTT and Valkey for the whole run, before the settings are read.

The run has a data directory and a database server of its own, so it touches no stack that runs beside it. Where
pytest-xdist shares out the tests, each of its workers is such a run, and the process that shares out has no services.
"""

import atexit
import os
import tempfile
from collections.abc import Generator
from pathlib import Path

import pytest

from homelab_site.stack.services import Kafka, Mqtt, Postgres, Service, Valkey
from tests.alone import alone_in

_directory = tempfile.TemporaryDirectory(prefix="homelab-tests-", ignore_cleanup_errors=True)
_services: list[Service] = []


@pytest.hookimpl(wrapper=True)
def pytest_load_initial_conftests(early_config: pytest.Config) -> Generator[None, object, object]:
    root = Path(_directory.name)
    for name in ("DATABASE_URL", "TELEMETRY_DATABASE_URL", "KAFKA_BROKERS", "MQTT_URL", "REDIS_URL"):
        os.environ.pop(name, None)
    if _runs_tests(early_config):
        _start(root)
    (root / "static").mkdir()
    os.environ.update(HOMELAB_DATA_DIR=str(root), STATIC_ROOT=str(root / "static"), HTTPS="false")
    os.environ.update(OIDC_ISSUERS="[]", LOCAL_LOGIN="true")
    os.environ.update(SECRET_KEY="a-key-that-is-long-enough-and-of-no-use-outside-of-the-tests")
    return (yield)


def _runs_tests(config: pytest.Config) -> bool:
    """Tell whether this process runs tests itself. A worker of pytest-xdist has the options of whoever started it."""
    return not config.known_args_namespace.numprocesses or "PYTEST_XDIST_WORKER" in os.environ


# The first start on a machine makes a system user, and two workers must not both do so.
@alone_in(Path(__file__).parent)
def _start(root: Path) -> None:
    for kind in (Postgres, Kafka, Mqtt, Valkey):
        service = kind(root / kind.name)
        _services.append(service)
        service.start()
        os.environ.update(service.environment())


@atexit.register
def stop_services() -> None:
    """Also after a run that ended before it began, as by an import error in a conftest, or that was interrupted."""
    for service in reversed(_services):
        service.stop()
    _directory.cleanup()


@pytest.fixture(scope="session")
def postgres() -> Postgres:
    """The database server that all tests share; a test that kills one starts its own."""
    return next(service for service in _services if isinstance(service, Postgres))
