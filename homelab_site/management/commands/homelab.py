import signal
from argparse import ArgumentParser
from contextlib import suppress
from threading import Event
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from homelab_site.stack import secrets
from homelab_site.stack.child import StackError
from homelab_site.stack.secrets import ADMIN, VIEWER
from homelab_site.stack.supervisor import StartCancelledError, Supervisor, already_running


class Command(BaseCommand):
    help = (
        "Run the whole house on this machine: PostgreSQL, Kafka, MQTT, Valkey and an identity provider (each unless "
        "its variable names a real one), the web server, the workers, Celery and simulated devices. Ctrl-C "
        "stops everything. --data-dir DIR, for this and every other command, says where its data is (default: var in "
        "the project)."
    )
    requires_system_checks = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--port", type=int, default=8000, help="port of the web server (default 8000)")
        parser.add_argument("--no-simulator", action="store_true", help="run without simulated devices")

    def handle(self, *args: Any, **options: Any) -> None:
        if not 1 <= options["port"] <= 65_535:
            raise CommandError(f"--port is {options['port']}; allowed: a whole number from 1 to 65535")
        if settings.RUNNING_STACK:
            raise CommandError(already_running(settings.DATA_DIR))
        stop = Event()
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            signal.signal(number, lambda *_: stop.set())
        supervisor = Supervisor(
            settings.DATA_DIR, options["port"], simulator=not options["no_simulator"], say=self._say, stop=stop
        )
        try:
            supervisor.start()
            self._say_ready(supervisor)
            supervisor.watch()
        except StartCancelledError:
            self._say("stopped before it was ready")
        except (StackError, OSError) as error:
            raise CommandError(str(error)) from error
        finally:
            supervisor.stop()

    def _say_ready(self, supervisor: Supervisor) -> None:
        self._say(f"ready {supervisor.url}")
        password = secrets.login_password(supervisor.data_dir)
        self._say(f"log in as {secrets.LOGIN_NAME} with the password {password} (unless you have changed it)")
        if supervisor.identity:
            admin, viewer = (secrets.person_password(supervisor.identity.directory, name) for name in (ADMIN, VIEWER))
            self._say(f"or through the identity provider as {ADMIN} with the password {admin},")
            self._say(f"or, to look only, as {VIEWER} with the password {viewer}")

    def _say(self, what: str) -> None:
        with suppress(OSError):  # a terminal that was closed must not keep the stack from stopping
            self.stdout.write(what)
            self.stdout.flush()
