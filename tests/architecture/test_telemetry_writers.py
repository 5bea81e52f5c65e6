"""The sink alone writes readings: nobody else has a login that may, or a statement that would.

That PostgreSQL refuses the others is tested in tests/telemetry/schema/test_roles.py, and that nobody else imports the
code that stores in tests/architecture/test_imports.py.
"""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from tests.architecture.repository import PACKAGES, ROOT, modules

LOGINS = {
    "TELEMETRY_SINK_URL": {
        "homelab_site/settings.py",
        "homelab_site/checks.py",  # compares it with the others
        "homelab_site/secrecy.py",  # keeps it out of logs
        "telemetry/sink/worker.py",
        "telemetry/tasks.py",  # calls the database's own functions, which store rollups and let old readings go
    },
    "TELEMETRY_OWNER_URL": {
        "homelab_site/settings.py",
        "homelab_site/checks.py",
        "homelab_site/secrecy.py",
        "homelab_site/backups/databases.py",
        "telemetry/management/commands/migrate_telemetry.py",
    },
}
READINGS = "energy_consumption|heatpump_status|temperature_sensors"
WRITES = re.compile(rf"\b(INTO|UPDATE|DELETE\s+FROM|COPY|TRUNCATE(\s+TABLE)?)\s+\"?({READINGS})\b", re.IGNORECASE)


def words(syntax: ast.Module) -> Iterator[str]:
    """Yield every attribute's and variable's name, and every string."""
    for node in ast.walk(syntax):
        if isinstance(node, ast.Attribute):
            yield node.attr
        elif isinstance(node, ast.Name):
            yield node.id
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.value


def mentions(root: Path) -> set[tuple[str, str]]:
    """Return the paths of modules that name a login or write readings, each with the word that does."""
    return {
        (path, word)
        for path, syntax, _ in modules(root, *PACKAGES)
        for word in words(syntax)
        if word in LOGINS or WRITES.search(word)
    }


def allowed(path: str, word: str) -> bool:
    return path in LOGINS[word] if word in LOGINS else path.startswith("telemetry/sink/")


def test_only_the_sink_has_the_login_and_the_statement_and_every_exception_is_needed() -> None:
    found = mentions(ROOT)
    assert {(path, word) for path, word in found if not allowed(path, word)} == set()
    assert {(path, login) for login, paths in LOGINS.items() for path in paths} <= found


def test_another_writer_is_found_out(tmp_path: Path) -> None:
    statement = "insert into energy_consumption values (1)"
    (tmp_path / "energy").mkdir()
    (tmp_path / "energy/api.py").write_text(
        f"connect(settings.TELEMETRY_SINK_URL)\nexecute('{statement}')\nexecute('SELECT 1 FROM energy_consumption')\n"
    )
    found = mentions(tmp_path)
    assert found == {("energy/api.py", "TELEMETRY_SINK_URL"), ("energy/api.py", statement)}
    assert not any(allowed(path, word) for path, word in found)
