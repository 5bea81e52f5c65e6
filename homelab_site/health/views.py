"""Probes for whoever runs the site: does it serve, is what it needs there, and how much of everything."""

import logging

from django.conf import settings
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe
from prometheus_client import REGISTRY, generate_latest
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4

from homelab_site.backups.metrics import BACKUPS
from homelab_site.health.checks import DEPENDENCIES, check_all
from homelab_site.health.metrics import SIZES
from homelab_site.overview.metrics import HOUSE
from telemetry.status.metrics import PIPELINE

log = logging.getLogger(__name__)


@never_cache
@require_safe
def health(request: HttpRequest) -> HttpResponse:
    """Answer `OK`: the process serves."""
    return HttpResponse("OK", content_type="text/plain")


@never_cache
@require_safe
def live(request: HttpRequest) -> JsonResponse:
    """Answer 200 whatever else is away, since starting the process anew would not bring it back."""
    return JsonResponse({"status": "live", "dependencies": {}})


@never_cache
@require_safe
def ready(request: HttpRequest) -> JsonResponse:
    """Answer 200 if both databases are there, else 503; in either case which build this is, and what each said."""
    answers = check_all()
    away = {name: answer.error for name, answer in answers.items() if answer.error}
    for name, error in away.items():
        # The details are for the log only, since anybody can ask for this page.
        log.warning("%s: %s (%s)", name, error, " ".join(str(error.__cause__).split()))
    is_ready = not any(DEPENDENCIES[name].required for name in away)
    body = {
        "status": "ready" if is_ready else "not ready",
        "version": settings.VERSION,
        "revision": settings.REVISION,
        "dependencies": {
            name: {
                "state": "down" if answer.error else "up",
                "required": DEPENDENCIES[name].required,
                "milliseconds": round(answer.milliseconds, 1),
                "reason": answer.reason,
            }
            for name, answer in answers.items()
        },
    }
    return JsonResponse(body, status=200 if is_ready else 503)


@never_cache
@require_safe
def metrics(request: HttpRequest) -> HttpResponse:
    """Answer in Prometheus' text format: this process, the pipeline and the house as they are now, and backups."""
    content = b"".join(map(generate_latest, (REGISTRY, PIPELINE, HOUSE, SIZES, BACKUPS)))
    return HttpResponse(content, content_type=CONTENT_TYPE_PLAIN_0_0_4)
