"""Commands for people: what was asked of the pumps, by whom, and what has become of it."""

from collections import Counter
from collections.abc import Callable
from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from heatpump.outbox.models import Command, Write
from heatpump.outbox.services import NotUnderWayError, cancel
from heatpump.settings.services import InvalidChangeError, NotFailedError, ask_again

AT_ONCE = 100


class WriteInline(admin.TabularInline):  # type: ignore[type-arg] # generic in the stubs only
    """The registers that a command sets, each with a state of its own."""

    model = Write
    fields = readonly_fields = (
        *("setting", "previous", "value", "status", "reason", "error_message"),
        *("sent_at", "published_at", "confirmed_at", "retry_count", "echoed"),
    )
    extra = 0
    can_delete = False

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return bool(request.user.has_perm("heatpump.view_command") or request.user.has_perm("heatpump.change_command"))


@admin.register(Command)
class CommandAdmin(admin.ModelAdmin):  # type: ignore[type-arg] # generic in the stubs only
    list_display = ("id", "moment", "pump", "asked", "status", "reason", "requested_by", "retry_count")
    list_filter = ("status", "reason", "pump", "requested_by", "created_at")
    list_select_related = ("pump",)
    search_fields = ("=id", "requested_by", "error_message")
    search_help_text = "Searches for a number, who asked, and in errors."
    show_full_result_count = False
    actions = ("ask_for_selected_again", "cancel_selected")
    inlines = (WriteInline,)
    fields = readonly_fields = (
        *("pump", "asked", "status", "reason", "error_message", "requested_by", "idempotency_key"),
        *("created_at", "published_at", "confirmed_at", "failed_at", "retry_count", "max_retries"),
    )

    @admin.display(description="asked at", ordering="created_at")
    def moment(self, command: Command) -> str:
        return timezone.localtime(command.created_at).isoformat(" ", "seconds")

    @admin.display(description="asked for")
    def asked(self, command: Command) -> str:
        return ", ".join(f"{name} = {value}" for name, value in command.payload.items())

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Command | None = None) -> bool:
        return False

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        # There is nothing to save: a command is changed by the actions of the list.
        unsaved = {"show_save": False, "show_save_and_continue": False}
        return super().change_view(request, object_id, form_url, {**(extra_context or {}), **unsaved})

    @admin.action(description="Ask again for what failed", permissions=["change"])
    def ask_for_selected_again(self, request: HttpRequest, queryset: QuerySet[Command]) -> None:
        by = request.user.get_username()

        def ask(command: Command) -> None:
            again = ask_again(command, requested_by=by)
            self.log_change(request, command, f"Asked again, as command {again.pk}.")

        self._each(request, queryset, ask, "asked for again")

    @admin.action(description="Cancel", permissions=["change"])
    def cancel_selected(self, request: HttpRequest, queryset: QuerySet[Command]) -> None:
        by = request.user.get_username()

        def give_up(command: Command) -> None:
            cancel(command, cancelled_by=by, now=timezone.now())
            self.log_change(request, command, "Cancelled.")

        self._each(request, queryset, give_up, "cancelled")

    def _each(
        self, request: HttpRequest, queryset: QuerySet[Command], do: Callable[[Command], None], done: str
    ) -> None:
        """Do something with each command, oldest first, and say how that went."""
        if queryset.count() > AT_ONCE:
            self.message_user(request, f"Choose at most {AT_ONCE} commands at a time.", messages.ERROR)
            return
        outcomes = Counter(_outcome(command, do) for command in queryset.order_by("pk"))
        if count := outcomes.pop("", 0):
            self.message_user(request, f"{count} {done}.", messages.SUCCESS)
        for problem in outcomes:
            self.message_user(request, problem, messages.ERROR)


def _outcome(command: Command, do: Callable[[Command], None]) -> str:
    """Do something with a command; return what is wrong, empty if nothing is."""
    try:
        do(command)
    except (NotUnderWayError, NotFailedError) as error:
        return str(error)
    except InvalidChangeError as error:
        return f"Command {command.pk} cannot be asked for again. {error}"
    return ""
