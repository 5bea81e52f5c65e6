"""`manage.py check --deploy` as it would be run where the site is deployed."""

import json
import os
import subprocess
from pathlib import Path

import pytest

from homelab_site.stack import parts

PRODUCTION = {
    "SECRET_KEY": "a-secret-key-of-production-that-is-long-enough-and-has-many-signs-0123456789",
    "HTTPS": "true",
    "ALLOWED_HOSTS": "house.example",
    "TRUSTED_PROXIES": "10.42.0.0/16",
    "OIDC_ISSUERS": json.dumps([{"issuer": "https://auth.example/o/homelab/", "audience": ["homelab"]}]),
    "OIDC_RP_CLIENT_ID": "homelab",
    "OIDC_RP_CLIENT_SECRET": "a-secret-of-the-client",
    "LOCAL_LOGIN": "false",
}


def check(**environment: str) -> subprocess.CompletedProcess[str]:
    argv = parts.manage("check", "--deploy", "--fail-level", "WARNING", "--database", "default")
    env = {**os.environ, **PRODUCTION, **environment}
    return subprocess.run(argv, env=env, capture_output=True, text=True, check=False, timeout=120)


def test_nothing_is_wrong_in_production() -> None:
    found = check()
    assert (found.returncode, found.stdout.splitlines()[-1:]) == (
        0,
        ["System check identified no issues (1 silenced)."],
    ), found.stderr


def test_what_is_wrong_is_found() -> None:
    found = check(HTTPS="false", DJANGO_DEBUG="true")
    assert found.returncode == 1
    for name in ("security.W012", "security.W016", "security.W018"):
        assert name in found.stderr


@pytest.mark.parametrize(
    "environment",
    [
        {"DATABASE_URL": "postgresql://house:pass-of-the-database@host:port/homelab"},
        {"DATABASE_URL": "mysql://house:pass-of-the-database@host/homelab"},
        {"TELEMETRY_DATABASE_URL": "postgresql://house:pass-of-the-database@[host/telemetry"},
        {"MQTT_URL": "mqtt://house:pass-of-the-database@host:port"},
        {"REDIS_URL": "http://:pass-of-the-database@host"},
        {"OIDC_ISSUERS": '[{"issuer": "pass-of-the-database"}]'},
    ],
)
def test_a_wrong_setting_does_not_show_its_secret(environment: dict[str, str]) -> None:
    found = check(**environment)
    assert found.returncode == 1
    assert next(iter(environment)) in found.stderr
    assert "pass-of-the-database" not in found.stdout + found.stderr


def test_a_database_that_cannot_be_asked_does_not_show_its_password(tmp_path: Path) -> None:
    url = "postgresql://house:pass-of-the-database@127.0.0.1:1/homelab"
    argv = parts.manage("migrate")
    env = {**os.environ, **PRODUCTION, "DATABASE_URL": url, "HOMELAB_DATA_DIR": str(tmp_path)}
    found = subprocess.run(argv, env=env, capture_output=True, text=True, check=False, timeout=120)
    assert found.returncode != 0
    assert "127.0.0.1" in found.stderr
    assert "pass-of-the-database" not in found.stdout + found.stderr
