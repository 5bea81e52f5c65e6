from django.apps import AppConfig
from django.db.backends.signals import connection_created


class TelemetryConfig(AppConfig):
    name = "telemetry"
    verbose_name = "Telemetry"

    def ready(self) -> None:
        from telemetry.router import guard_connection  # noqa: PLC0415 - apps are loaded before it is

        connection_created.connect(guard_connection, dispatch_uid="telemetry.guard_connection")
