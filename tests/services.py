"""Starts PostgreSQL, Kafka, MQTT and Valkey for the whole run, before the settings are read.

The run has a data directory and a database server of its own, so it touches no stack that runs beside it.
"""

import atexit
import os
import tempfile
from collections.abc import Generator
from pathlib import Path

import pytest

from homelab_site.stack.services import Kafka, Mqtt, Postgres, Service, Valkey

_directory = tempfile.TemporaryDirectory(prefix="homelab-tests-", ignore_cleanup_errors=True)
_services: list[Service] = []


@pytest.hookimpl(wrapper=True)
def pytest_load_initial_conftests() -> Generator[None, object, object]:
    root = Path(_directory.name)
    for name in ("DATABASE_URL", "TELEMETRY_DATABASE_URL", "KAFKA_BROKERS", "MQTT_URL", "REDIS_URL"):
        os.environ.pop(name, None)
    for kind in (Postgres, Kafka, Mqtt, Valkey):
        service = kind(root / kind.name)
        _services.append(service)
        service.start()
        os.environ.update(service.environment())
    (root / "static").mkdir()
    os.environ.update(HOMELAB_DATA_DIR=str(root), STATIC_ROOT=str(root / "static"), HTTPS="false")
    os.environ.update(OIDC_ISSUERS="[]", LOCAL_LOGIN="true")
    os.environ.update(SECRET_KEY="a-key-that-is-long-enough-and-of-no-use-outside-of-the-tests")
    return (yield)


@atexit.register
def stop_services() -> None:
    """Also after a run that ended before it began, as by an import error in a conftest."""
    for service in reversed(_services):
        service.stop()
    _directory.cleanup()


@pytest.fixture(scope="session")
def postgres() -> Postgres:
    """The database server that all tests share; a test that kills one starts its own."""
    return next(service for service in _services if isinstance(service, Postgres))
