"""The services of the one-machine stack for a run of its own, and Django with the variables that lead to them."""

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stdout
from dataclasses import dataclass
from pathlib import Path

import django

from homelab_site.stack.services import Kafka, Mqtt, Postgres, Service, Valkey

TOKEN = "bench"  # noqa: S105 - of a server that lives for a minute


@dataclass(frozen=True, slots=True)
class Services:
    """What runs, and the directory that it runs in, which is removed afterwards."""

    directory: Path
    postgres: Postgres
    kafka: Kafka
    mqtt: Mqtt
    valkey: Valkey

    @property
    def all(self) -> tuple[Service, ...]:
        return self.postgres, self.kafka, self.mqtt, self.valkey


@contextmanager
def running_services() -> Iterator[Services]:
    """Start all services, set up Django in this process, and make the tables and the topics."""
    with tempfile.TemporaryDirectory(prefix="homelab-bench-", ignore_cleanup_errors=True) as name:
        directory = Path(name)
        services = Services(
            directory,
            *(kind(directory / kind.name) for kind in (Postgres, Kafka, Mqtt, Valkey)),  # type: ignore[arg-type]
        )
        try:
            for service in services.all:
                service.start()
                os.environ.update(service.environment())
            _set_up_django(directory)
            prepare()
            yield services
        finally:
            for service in reversed(services.all):
                service.stop()


def prepare() -> None:
    """Make what is missing of tables and topics."""
    from django.core.management import call_command  # noqa: PLC0415 - only after django.setup()

    with Path(os.devnull).open("w") as nowhere, redirect_stdout(nowhere):
        call_command("prepare_stack", stdout=nowhere)


def _set_up_django(directory: Path) -> None:
    (directory / "static").mkdir()
    os.environ.update(
        DJANGO_SETTINGS_MODULE="homelab_site.settings",
        HOMELAB_DATA_DIR=str(directory),
        STATIC_ROOT=str(directory / "static"),
        WORKER_RUN_DIR=str(directory / "run"),
        HTTPS="false",
        SECRET_KEY="bench",  # noqa: S106
        API_DEVELOPMENT_TOKEN=TOKEN,
        OIDC_ISSUERS="[]",
        LOCAL_LOGIN="true",
        LOG_LEVEL="ERROR",
    )
    django.setup()
