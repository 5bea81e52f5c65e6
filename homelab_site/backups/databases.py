"""The databases that are backed up, by the names that people give them here."""

from pathlib import Path

from django.conf import settings
from django.db.migrations.loader import MigrationLoader

from homelab_site.backups.errors import BackupError
from telemetry.schema.files import read_migrations

# Each with the setting of its owner's URL, and the variable that sets that.
_URLS = {
    "telemetry": ("TELEMETRY_OWNER_URL", "TELEMETRY_OWNER_DATABASE_URL"),
    "homelab": ("DATABASE_URL", "DATABASE_URL"),
    "authentik": ("AUTHENTIK_DATABASE_URL", "AUTHENTIK_DATABASE_URL"),
}
NAMES = tuple(_URLS)


def url_of(name: str) -> str:
    """Return the URL of a database, for its owner; raises BackupError where it is not set."""
    setting, variable = _URLS[name]
    url: str = getattr(settings, setting)
    if not url:
        raise BackupError(f"{variable} is not set; set it to the URL of the database {name}, with its owner's login.")
    return url


def known_migrations(name: str) -> set[str] | None:
    """Return the labels of the migrations that this build can have applied; None for a database of somebody else's."""
    if name == "telemetry":
        return {migration.label for migration in read_migrations(Path(settings.TELEMETRY_MIGRATIONS_DIR))}
    if name == "homelab":
        loader = MigrationLoader(None)
        replaced = {label for found in loader.disk_migrations.values() for label in found.replaces}
        return {f"{app}.{label}" for app, label in {*loader.disk_migrations, *replaced}}
    return None
