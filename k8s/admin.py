"""Operations for people: a list to filter, and a page for each with its plan and outcome. Nothing can be changed."""

from django.contrib import admin
from django.urls import URLPattern
from django.utils import timezone
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from homelab_site.admin import ReadOnlyAdmin
from k8s.models import Operation

REQUESTED = ("intent", "namespace", "target")


@admin.register(Operation)
class OperationAdmin(ReadOnlyAdmin):
    list_display = ("moment", "who", *REQUESTED, "status", "dry_run", "code", "duration")
    list_display_links = ("moment", "target")
    list_filter = ("status", "intent", "namespace", "dry_run", "who", "time")
    search_fields = ("operation_id__exact", "target", "command")
    search_help_text = "Searches in target and command, and finds a whole operation id."
    ordering = ("-time",)
    show_full_result_count = False
    fieldsets = (
        (None, {"fields": ("operation_id", "moment", "who")}),
        (
            "Plan",
            {
                "fields": (
                    "summary",
                    "intent",
                    "namespace",
                    "target",
                    "shown_command",
                    "risk",
                    "dry_run",
                    "shown_checks",
                )
            },
        ),
        (
            "Outcome",
            {"fields": ("status", "shown_reasons", "code", "duration", "stdout_digest", "stderr_digest")},
        ),
    )

    @admin.display(description="time", ordering="time")
    def moment(self, operation: Operation) -> str:
        return timezone.localtime(operation.time).isoformat(sep=" ", timespec="milliseconds")

    @admin.display(description="command")
    def shown_command(self, operation: Operation) -> SafeString:
        return format_html('<pre style="white-space: pre-wrap">{}</pre>', operation.command.replace(" && ", " &&\n"))

    @admin.display(description="checks afterwards")
    def shown_checks(self, operation: Operation) -> SafeString:
        return format_html_join("", "{}<br>", ((check,) for check in operation.checks))

    @admin.display(description="what was said")
    def shown_reasons(self, operation: Operation) -> SafeString:
        return format_html_join("", "{}<br>", ((reason,) for reason in operation.reasons))

    def get_urls(self) -> list[URLPattern]:
        """Return the pages of a list and of its rows; those for adding and deleting answer that nobody may."""
        return admin.ModelAdmin.get_urls(self)
