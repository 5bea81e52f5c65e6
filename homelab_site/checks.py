"""System checks: a wrong or missing setting is found before the first message at night."""

from collections.abc import Sequence
from contextlib import suppress
from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, Warning, register
from django.core.exceptions import ImproperlyConfigured

SERVICES = {
    "DATABASE_URL": "postgresql://USER@HOST/homelab",
    "TELEMETRY_DATABASE_URL": "postgresql://USER@HOST/telemetry",
    "KAFKA_BROKERS": "HOST:9092",
    "MQTT_URL": "mqtt://USER:PASSWORD@HOST:1883",
    "REDIS_URL": "redis://HOST:6379/0",
}


def missing_services() -> list[str]:
    """Return the variables of services that neither the environment nor a running stack names."""
    return [name for name in SERVICES if not getattr(settings, name)]


@register(Tags.database)
def services_are_named(databases: Sequence[str] | None = None, **kwargs: Any) -> Sequence[CheckMessage]:
    """Part of `migrate` and of `check --database default`; a check without a database needs no services."""
    if not databases:
        return []
    return [
        Error(
            f"{name} is not set, and no one-machine stack runs in {settings.DATA_DIR}.",
            hint=f"Start one with `make run`, or set {name}, for example to {SERVICES[name]}.",
            id="homelab.E001",
        )
        for name in missing_services()
    ]


@register(Tags.security, deploy=True)
def secret_key_is_set(**kwargs: Any) -> Sequence[CheckMessage]:
    with suppress(ImproperlyConfigured):  # what Django raises for an empty one
        _ = settings.SECRET_KEY
        return []
    return [
        Error(
            "SECRET_KEY is not set.",
            hint="Set SECRET_KEY, or SECRET_KEY_FILE to the path of a file that holds it.",
            id="homelab.E002",
        )
    ]


@register(Tags.security)
def somebody_can_log_in(**kwargs: Any) -> Sequence[CheckMessage]:
    if settings.OIDC_RP_CLIENT_ID and not settings.OIDC_LOGIN:
        return [
            Error(
                "OIDC_RP_CLIENT_ID is set, but OIDC_RP_CLIENT_SECRET or OIDC_ISSUERS is not.",
                hint="Set all three; people log in at the first issuer.",
                id="homelab.E003",
            )
        ]
    if settings.OIDC_LOGIN or settings.LOCAL_LOGIN:
        return []
    return [
        Warning(
            "Nobody can log in.",
            hint="Set OIDC_RP_CLIENT_ID, OIDC_RP_CLIENT_SECRET and OIDC_ISSUERS, or LOCAL_LOGIN to true.",
            id="homelab.W002",
        )
    ]


@register(Tags.security)
def sink_and_owner_are_apart(**kwargs: Any) -> Sequence[CheckMessage]:
    if not settings.TELEMETRY_SINK_URL or settings.TELEMETRY_SINK_URL != settings.TELEMETRY_OWNER_URL:
        return []
    if settings.TELEMETRY_SINK_URL == settings.TELEMETRY_DATABASE_URL:
        return []
    return [
        Warning(
            "The sink uses the login that owns the telemetry database.",
            hint="Give TELEMETRY_SINK_DATABASE_URL a login that is only in the role telemetry_sink.",
            id="homelab.W001",
        )
    ]
