from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from prometheus_client import start_http_server

from homelab_site.requirements import require_services
from homelab_site.workers.loop import run_workers
from homelab_site.workers.registry import WORKERS, factory


class Command(BaseCommand):
    help = "Run one or several workers in this process until SIGTERM or Ctrl-C."
    requires_system_checks = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "names", nargs="+", choices=sorted(WORKERS), metavar="NAME", help=", ".join(sorted(WORKERS))
        )

    def handle(self, *args: Any, **options: Any) -> None:
        require_services()
        if settings.WORKER_METRICS_PORT:
            _serve_metrics(settings.WORKER_METRICS_PORT)
        names: list[str] = list(dict.fromkeys(options["names"]))
        status = run_workers([(name, factory(name)) for name in names], settings.WORKER_RUN_DIR)
        if status:
            raise SystemExit(status)


def _serve_metrics(port: int) -> None:
    try:
        start_http_server(port)
    except OSError as error:
        raise CommandError(f"WORKER_METRICS_PORT is {port}, which cannot be used: {error.strerror}") from error
