import sys
from datetime import timedelta
from pathlib import Path

import pytest
from django.contrib.sessions.backends.db import SessionStore
from django.contrib.sessions.models import Session
from django.utils import timezone

from homelab_site.celery import app
from homelab_site.stack.child import Child
from homelab_site.stack.parts import PROJECT
from homelab_site.tasks import clear_sessions
from tests.waiting import eventually


def test_every_scheduled_task_exists() -> None:
    app.loader.import_default_modules()
    scheduled = {entry["task"] for entry in app.conf.beat_schedule.values()}
    assert scheduled
    assert scheduled <= set(app.tasks)


@pytest.mark.django_db
def test_sessions_that_have_run_out_are_deleted() -> None:
    for days in (-1, 1):
        session = SessionStore()
        session.create()
        Session.objects.filter(pk=session.session_key).update(expire_date=timezone.now() + timedelta(days=days))
    assert clear_sessions.apply().successful()
    assert Session.objects.get().expire_date > timezone.now()


def test_a_worker_shows_signs_of_life(tmp_path: Path) -> None:
    worker = ("celery", "--app", "homelab_site", "worker", "--pool", "solo", "--queues", "of-nobody")
    variables = {"PYTHONPATH": PROJECT, "WORKER_RUN_DIR": str(tmp_path)}
    child = Child("celery", [sys.executable, "-m", *worker], tmp_path / "log", env=variables)
    child.start()
    try:
        eventually((tmp_path / "celery.alive").exists, 60)
    finally:
        child.kill()


def test_a_worker_hides_secrets_in_its_own_log(tmp_path: Path) -> None:
    secret = "a-secret-of-the-settings"
    worker = ("celery", "--quiet", "--app", "homelab_site", "worker", "--pool", "solo", "--queues", "of-nobody")
    variables = {"PYTHONPATH": PROJECT, "WORKER_RUN_DIR": str(tmp_path), "API_DEVELOPMENT_TOKEN": secret}
    argv = [sys.executable, "-m", *worker, "--loglevel", "INFO", "--hostname", f"{secret}@house"]
    child = Child("celery", argv, tmp_path / "log", env=variables)
    child.start()
    try:
        eventually(lambda: "@house ready" in child.log.read_text(), 60)
    finally:
        child.kill()
    assert secret not in child.log.read_text()
