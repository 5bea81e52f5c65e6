"""A house for all tests of a module, and somebody who has logged in to it."""

from collections.abc import Iterator

import pytest
from django.conf import settings
from django.contrib.auth.models import User
from django.test import Client as Browser

from tests.telemetry.live.house import House


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory, django_db_setup: None) -> Iterator[House]:
    made = House(tmp_path_factory.mktemp("house"))
    try:
        yield made
    finally:
        made.stop()


@pytest.fixture
def cookie(transactional_db: None) -> str:
    """The cookie of somebody who has logged in."""
    browser = Browser()
    browser.force_login(User.objects.create_user("anna"))
    return f"{settings.SESSION_COOKIE_NAME}={browser.cookies[settings.SESSION_COOKIE_NAME].value}"
