"""A bare Django site to measure the read API by: `daphne bench.bare_site:application`.

No middleware and no framework on top, but the kept connections of ours: a view runs the statements that an endpoint of
ours asked, as they were, and encodes their rows as JSON. They are in the file that BENCH_STATEMENTS names, as a list of
lists.
"""

import json
import os
from pathlib import Path

import msgspec
from django.conf import settings

from homelab_site import settings as site

settings.configure(ROOT_URLCONF=__name__, ALLOWED_HOSTS=["*"], DATABASES=site.DATABASES)

from django.core.asgi import get_asgi_application  # noqa: E402 - needs the settings
from django.db import connections  # noqa: E402
from django.http import HttpRequest, HttpResponse  # noqa: E402
from django.urls import path  # noqa: E402

from homelab_site.pooled_postgres.pool import POOL  # noqa: E402

STATEMENTS: list[list[str]] = json.loads(Path(os.environ["BENCH_STATEMENTS"]).read_text())


def answer(request: HttpRequest, number: int) -> HttpResponse:
    answers = []
    with connections["telemetry"].cursor() as cursor:
        for statement in STATEMENTS[number]:
            cursor.execute(statement)
            answers.append(cursor.fetchall())
    return HttpResponse(msgspec.json.encode(answers), content_type="application/json")


urlpatterns = [path("<int:number>", answer)]
application = get_asgi_application()
POOL.open()
