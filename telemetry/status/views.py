"""The status page."""

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.gzip import gzip_page
from django.views.decorators.http import require_safe

from telemetry.status.selectors import pipeline_status
from telemetry.status.words import report


@never_cache
@gzip_page
@require_safe
@login_required
def status(request: HttpRequest) -> HttpResponse:
    """Show the state of the pipeline; a script in the page asks for it again every few seconds."""
    return render(request, "telemetry/status.html", {"report": report(pipeline_status())})
