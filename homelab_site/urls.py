"""Every path of the site."""

from django.contrib import admin
from django.urls import include, path
from django.views.i18n import set_language

from energy.pages import views as energy
from heatpump.pages import views as heatpump
from homelab_site.access import views as access
from homelab_site.frame import views as frame
from homelab_site.health import views as health
from homelab_site.overview import views as overview
from telemetry.rooms.pages import views as rooms
from telemetry.status import views as status

urlpatterns = [
    path("", overview.overview, name="home"),
    path("heatpump/", heatpump.heatpump, name="heatpump"),
    path("energy/", energy.energy, name="energy"),
    path("energy/energy.csv", energy.energy_csv, name="energy-csv"),
    path("rooms/", rooms.rooms, name="rooms"),
    path("status/", status.status, name="status"),
    path("health", health.health, name="health"),
    path("health/live", health.live, name="health-live"),
    path("health/ready", health.ready, name="health-ready"),
    path("metrics", health.metrics, name="metrics"),
    path("login/", access.LoginPage.as_view(), name="login"),
    path("login/oidc/", access.BeginLogin.as_view(), name="oidc_authentication_init"),
    path("login/oidc/callback/", access.FinishLogin.as_view(), name="oidc_authentication_callback"),
    path("logout/", access.LogoutPage.as_view(), name="logout"),
    path("language/", set_language, name="set_language"),
    path("theme/", frame.choose_theme, name="choose_theme"),
    path("favicon.ico", frame.favicon, name="favicon"),
    path("admin/login/", access.admin_login),
    path("admin/logout/", access.LogoutPage.as_view()),
    path("admin/", admin.site.urls),
    path("api/", include("homelab_site.api.urls")),
]

handler400 = "homelab_site.api.errors.bad_request"
handler403 = "homelab_site.api.errors.permission_denied"
handler404 = "homelab_site.api.errors.page_not_found"
handler500 = "homelab_site.api.errors.server_error"
