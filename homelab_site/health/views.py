"""Probes for whoever runs the site: does it serve, and is what it needs there."""

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from homelab_site.health.checks import DEPENDENCIES, check_all


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
    """Answer 200 if both databases are there, else 503, and in either case what each dependency said."""
    answers = check_all()
    is_ready = all(answers[name].is_there for name, dependency in DEPENDENCIES.items() if dependency.required)
    body = {
        "status": "ready" if is_ready else "not ready",
        "dependencies": {
            name: {
                "state": "up" if answer.is_there else "down",
                "required": DEPENDENCIES[name].required,
                "milliseconds": round(answer.milliseconds, 1),
                "reason": answer.reason,
            }
            for name, answer in answers.items()
        },
    }
    return JsonResponse(body, status=200 if is_ready else 503)
