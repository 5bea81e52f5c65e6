from datetime import timedelta

import pytest
from django.contrib.sessions.backends.db import SessionStore
from django.contrib.sessions.models import Session
from django.utils import timezone

from homelab_site.celery import app
from homelab_site.tasks import clear_sessions


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
