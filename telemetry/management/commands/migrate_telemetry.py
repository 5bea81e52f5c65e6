from argparse import ArgumentParser
from collections.abc import Iterator
from contextlib import closing, contextmanager
from typing import Any

import psycopg2
from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from homelab_site.requirements import require_services
from telemetry.schema.files import MigrationError
from telemetry.schema.runner import apply_migrations, pending_migrations

CONNECT_SECONDS = 10


class Command(BaseCommand):
    help = "Apply the SQL migrations to the telemetry database, and tell it the house's settings, as its owner."
    requires_system_checks = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--plan", action="store_true", help="show what would be applied, and apply nothing")

    def handle(self, *args: Any, **options: Any) -> None:
        with self._connection() as connection:
            if options["plan"]:
                self._plan(connection)
            else:
                self._apply(connection)

    def _plan(self, connection: psycopg2.extensions.connection) -> None:
        connection.set_session(readonly=True, autocommit=True)
        pending = pending_migrations(connection, settings.TELEMETRY_MIGRATIONS_DIR)
        for migration in pending:
            self._say(f"would apply {migration.label}")
        if not pending:
            self._say("would apply nothing")

    def _apply(self, connection: psycopg2.extensions.connection) -> None:
        pending = apply_migrations(
            connection,
            settings.TELEMETRY_MIGRATIONS_DIR,
            waiting=lambda: self._say("waiting for another migrate_telemetry to end"),
            applied=lambda migration: self._say(f"applied {migration.label}"),
        )
        if not pending:
            self._say("applied nothing")
        with connection.cursor() as cursor:
            cursor.execute("SELECT set_house(%s, %s)", [settings.HOUSE_TIME_ZONE.key, settings.METER_MAX_KW])

    @contextmanager
    def _connection(self) -> Iterator[psycopg2.extensions.connection]:
        """Give a connection of the owner; trouble on it is a CommandError."""
        if not settings.TELEMETRY_OWNER_URL:
            require_services("TELEMETRY_DATABASE_URL")
        try:
            with closing(
                psycopg2.connect(
                    settings.TELEMETRY_OWNER_URL, connect_timeout=CONNECT_SECONDS, application_name="homelab-migrate"
                )
            ) as connection:
                yield connection
        except MigrationError as error:
            raise CommandError(str(error)) from error
        except psycopg2.Error as error:
            raise CommandError(f"The telemetry database cannot be used: {' '.join(str(error).split())}") from error

    def _say(self, what: str) -> None:
        self.stdout.write(what)
        self.stdout.flush()
