"""Which models live in the telemetry database, and that the ORM only reads there.

Only the sink and the migrations write to that database, and neither uses the ORM. PostgreSQL would refuse a write
by the reader's role too; the exception here says why before it has to.
"""

from collections.abc import Callable
from typing import Any

from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import Model

ALIAS = "telemetry"
WRITING = frozenset({"INSERT", "UPDATE", "DELETE", "MERGE", "COPY", "TRUNCATE", "CREATE", "ALTER", "DROP"})

Execute = Callable[[str, Any, bool, dict[str, Any]], Any]


class TelemetryIsReadOnlyError(Exception):
    """Something tried to write to the telemetry database through the ORM."""


def is_telemetry(model: type[Model] | Model) -> bool:
    """Tell whether a model is a table of the telemetry database: those are the models that Django does not manage."""
    return not model._meta.managed


class TelemetryRouter:
    """Sends reads of telemetry models to their database, refuses writes, and keeps the two databases apart."""

    def db_for_read(self, model: type[Model], **hints: Any) -> str | None:
        return ALIAS if is_telemetry(model) else None

    def db_for_write(self, model: type[Model], **hints: Any) -> str | None:
        if is_telemetry(model):
            raise TelemetryIsReadOnlyError(f"{model._meta.label} is read-only; only the sink writes readings.")
        return None

    def allow_relation(self, obj1: Model, obj2: Model, **hints: Any) -> bool | None:
        return False if is_telemetry(obj1) != is_telemetry(obj2) else None

    def allow_migrate(self, db: str, app_label: str, model_name: str | None = None, **hints: Any) -> bool | None:
        return False if db == ALIAS else None


def guard_connection(connection: BaseDatabaseWrapper, **kwargs: Any) -> None:
    """Refuse writing statements on the alias: a write that names it with `using` never asks the router."""
    if connection.alias == ALIAS and _refuse_writes not in connection.execute_wrappers:
        connection.execute_wrappers.append(_refuse_writes)


def _refuse_writes(execute: Execute, sql: str, params: Any, many: bool, context: dict[str, Any]) -> Any:
    verb = sql.split(maxsplit=1)[0].upper() if sql.strip() else ""
    if verb in WRITING:
        raise TelemetryIsReadOnlyError(
            f"{verb} on the telemetry database; only the sink and the migrations write to it."
        )
    return execute(sql, params, many, context)
