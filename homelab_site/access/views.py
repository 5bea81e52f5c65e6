"""Logging in, through the identity provider or with a local password, and logging out, here and there."""

import logging
from typing import Any
from urllib.parse import urlencode

from django.conf import settings
from django.contrib.auth import logout
from django.contrib.auth.forms import AuthenticationForm
from django.contrib.auth.views import LoginView, LogoutView, redirect_to_login
from django.core.exceptions import PermissionDenied, SuspiciousOperation
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop
from django.views.generic import View
from mozilla_django_oidc.views import OIDCAuthenticationCallbackView, OIDCAuthenticationRequestView

from homelab_site.access.addresses import PerAddress
from homelab_site.access.fetching import RefusedError
from homelab_site.access.middleware import address_of
from homelab_site.access.provider import provider
from homelab_site.access.sessions import drop_held_for_login, hold_again, holding
from homelab_site.health.asking import UnavailableError

log = logging.getLogger(__name__)

AWAY = gettext_noop("The identity provider does not answer. Try again in a minute.")
REFUSED = gettext_noop("The identity provider did not let you in.")
ENDED = gettext_noop("Your login has ended. Log in again to go on.")
OUT_OF_PLACE = gettext_noop("This login was begun in another window, or is finished already. Begin again.")
TOO_MANY = gettext_noop("Too many logins came from your address. Try again in a minute.")
FAILURES: dict[type[Exception], tuple[str, int]] = {
    SuspiciousOperation: (OUT_OF_PLACE, 400),
    RefusedError: (REFUSED, 403),
    UnavailableError: (AWAY, 503),
}
# A login is two steps. The first leaves a session behind, and the second makes us ask the identity provider.
STEPS_A_MINUTE = 120

_steps = PerAddress(STEPS_A_MINUTE)


class LoginPage(LoginView):
    """Offers the ways in that there are. Whoever wants a page is sent on, if the identity provider is the only one."""

    redirect_authenticated_user = True

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if settings.OIDC_LOGIN and not settings.LOCAL_LOGIN and self.get_redirect_url():
            return redirect(f"{reverse('oidc_authentication_init')}?{urlencode({'next': self.get_redirect_url()})}")
        return super().get(request, *args, **kwargs)

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if not settings.LOCAL_LOGIN:
            raise PermissionDenied(_("Nobody logs in with a password here."))
        return super().post(request, *args, **kwargs)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        # A page whose session has ended leads here by itself, and whoever comes back to it should know why.
        why = {"problem": _(ENDED)} if "ended" in self.request.GET else {}
        return {**super().get_context_data(**kwargs), **ways_in(), **why}


class LoginStep(View):
    """A part of the login through the identity provider, which nobody may ask for too often from one address."""

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if not settings.OIDC_LOGIN:
            raise Http404(_("No identity provider is set up."))
        address = address_of(request)
        if seconds := _steps.seconds_to_wait(address):
            response = login_failed(request, TOO_MANY, status=429)
            response.headers["Retry-After"] = str(seconds)
            return response
        _steps.add(address)
        return super().dispatch(request, *args, **kwargs)


class BeginLogin(LoginStep, OIDCAuthenticationRequestView):  # type: ignore[misc] # untyped
    """Sends the browser to the identity provider, with state, nonce and a PKCE challenge."""

    def __init__(self, **kwargs: Any) -> None:
        # The library's would read the endpoint from the settings.
        View.__init__(self, **kwargs)
        self.OIDC_RP_CLIENT_ID = settings.OIDC_RP_CLIENT_ID

    def get(self, request: HttpRequest) -> HttpResponse:
        try:
            self.OIDC_OP_AUTH_ENDPOINT = provider().endpoints(known=False).authorization_endpoint
        except UnavailableError as error:
            log.warning("nobody can log in: %s", error)
            return login_failed(request, AWAY, status=503)
        response: HttpResponse = super().get(request)
        return response


class FinishLogin(LoginStep, OIDCAuthenticationCallbackView):  # type: ignore[misc] # untyped
    """Takes the code that the browser brings back."""

    def get(self, request: HttpRequest) -> HttpResponse:
        if "error" in request.GET:
            # The library would end the session here, which any page of another site could bring about.
            return login_failed(request, REFUSED, status=403)
        try:
            response: HttpResponse = super().get(request)
        except (SuspiciousOperation, UnavailableError) as error:
            log.warning("a login failed: %s", error)
            problem, status = next(answer for kind, answer in FAILURES.items() if isinstance(error, kind))
            return login_failed(request, problem, status=status)
        return response

    def login_success(self) -> HttpResponse:
        brought = drop_held_for_login(self.request.session)
        response: HttpResponse = super().login_success()
        hold_again(self.request.session, brought)
        return response

    def login_failure(self) -> HttpResponse:
        return login_failed(self.request, REFUSED, status=403)


class LogoutPage(LogoutView):
    """Ends the session here, and then at the identity provider if it began there."""

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        elsewhere = _logout_elsewhere(request)
        if elsewhere is None:
            return super().post(request, *args, **kwargs)
        logout(request)
        return HttpResponseRedirect(elsewhere)


def admin_login(request: HttpRequest) -> HttpResponseBase:
    """Let the admin have no login of its own; whoever is logged in, and is here all the same, is not staff."""
    if request.user.is_authenticated and not request.user.is_staff:
        raise PermissionDenied(_("The admin is for staff only."))
    return redirect_to_login(request.GET.get("next") or reverse("admin:index"))


def login_failed(request: HttpRequest, problem: str, *, status: int) -> HttpResponse:
    drop_held_for_login(request.session)
    context = {"form": AuthenticationForm(request), "problem": _(problem), **ways_in()}
    context["next"] = request.session.get("oidc_login_next") or ""
    return render(request, "registration/login.html", context, status=status)


def ways_in() -> dict[str, Any]:
    return {"oidc_login": settings.OIDC_LOGIN, "local_login": settings.LOCAL_LOGIN}


def _logout_elsewhere(request: HttpRequest) -> str | None:
    """Return where the provider ends its own session, if it says so (RP-Initiated Logout 1.0, section 2)."""
    held = holding(request.session)
    if held is None or not settings.OIDC_LOGIN:
        return None
    try:
        endpoint = provider().endpoints(known=False).end_session_endpoint
    except UnavailableError:
        return None
    query = {
        "client_id": settings.OIDC_RP_CLIENT_ID,
        "post_logout_redirect_uri": request.build_absolute_uri(reverse("login")),
        **({"id_token_hint": held.id_token} if held.id_token else {}),
    }
    return f"{endpoint}{'&' if '?' in endpoint else '?'}{urlencode(query)}" if endpoint else None
