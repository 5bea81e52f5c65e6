"""Every path of the API."""

from django.urls import path

import energy.api as energy
import heatpump.api as heatpump
import heatpump.outbox.api as outbox
import heatpump.settings.api as settings
import homelab_site.access.api as access
import telemetry.rooms.api as rooms
from homelab_site.api import views

urlpatterns = [
    path("schema", views.SchemaView.as_view(), name="schema"),
    path("docs", views.DocsView.as_view(), name="docs"),
    path("v1/user/info", access.UserInfoView.as_view()),
    path("v1/energy/latest", energy.LatestView.as_view()),
    path("v1/energy/hourly-total", energy.HourlyTotalView.as_view()),
    path("v1/energy/history", energy.HistoryView.as_view()),
    path("v1/energy/daily-summary", energy.DailySummaryView.as_view()),
    path("v1/energy/monthly-summary", energy.MonthlySummaryView.as_view()),
    path("v1/energy/yearly-summary", energy.YearlySummaryView.as_view()),
    path("v1/heatpump/latest", heatpump.LatestView.as_view()),
    path("v1/heatpump/daily-summary", heatpump.DailySummaryView.as_view()),
    path("v1/heatpump/settings", settings.AllSettingsView.as_view()),
    path("v1/heatpump/settings/outbox/<int:id>", outbox.CommandView.as_view()),
    path("v1/heatpump/settings/<str:device_id>", settings.SettingsView.as_view()),
    path("v1/heatpump/settings/<str:device_id>/outbox", outbox.DeviceOutboxView.as_view()),
    path("v1/temperature/latest", rooms.LatestView.as_view()),
    path("v1/temperature/all-latest", rooms.AllLatestView.as_view()),
    path("v1/temperature/history", rooms.HistoryView.as_view()),
]
