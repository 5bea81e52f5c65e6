"""The switches of the frame, and the icon that browsers ask for where a page names none."""

from django.http import HttpRequest, HttpResponse, HttpResponseBadRequest, HttpResponseRedirect
from django.templatetags.static import static
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_POST, require_safe

from homelab_site.frame.themes import Theme, remember_theme


@require_POST
def choose_theme(request: HttpRequest) -> HttpResponse:
    """Remember the theme in this browser and go back to the page."""
    word = request.POST.get("theme")
    if word not in list(Theme):
        return HttpResponseBadRequest(f"theme: allowed are {', '.join(Theme)}", content_type="text/plain")
    response = HttpResponseRedirect(_page(request))
    remember_theme(response, Theme(word))
    return response


@require_safe
def favicon(request: HttpRequest) -> HttpResponse:
    return HttpResponseRedirect(static("homelab/icon.svg"))


def _page(request: HttpRequest) -> str:
    """Return the page that the switch was on, and never one of another site."""
    page = request.POST.get("next", "")
    ours = url_has_allowed_host_and_scheme(page, {request.get_host()}, require_https=request.is_secure())
    return page if ours else "/"
