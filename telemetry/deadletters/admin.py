"""Dead letters for people: look at them, correct them, send them again."""

from collections import Counter
from collections.abc import Iterable
from typing import Any, cast

from django import forms
from django.contrib import admin, messages
from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.text import Truncator

from telemetry.deadletters.models import DeadLetter
from telemetry.deadletters.payload import as_text, for_people, with_lf
from telemetry.deadletters.services import correct, send_again

AT_ONCE = 1_000
SHORT = 80


class SentAgainFilter(admin.SimpleListFilter):
    title = "sent again"
    parameter_name = "sent_again"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("yes", "Yes"), ("no", "No")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[DeadLetter]) -> QuerySet[DeadLetter]:
        if self.value() not in {"yes", "no"}:
            return queryset
        return queryset.filter(sent_again_at__isnull=self.value() == "no")


class PayloadField(forms.CharField):
    def to_python(self, value: Any) -> str:
        return with_lf(super().to_python(value) or "")


class DeadLetterForm(forms.ModelForm):  # type: ignore[type-arg] # generic in the stubs only
    """The part of a letter that a person may change: the text of its payload, where it is text."""

    text = PayloadField(
        label="Payload to send",
        required=False,
        strip=False,
        widget=forms.Textarea(attrs={"rows": 16, "cols": 100, "spellcheck": "false"}),
        help_text="A correction is sent in place of the payload, which stays as it came.",
    )

    class Meta:
        model = DeadLetter
        fields = ()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        text = as_text(self.instance.content)
        if text is None:
            del self.fields["text"]
        else:
            self.fields["text"].initial = text


@admin.register(DeadLetter)
class DeadLetterAdmin(admin.ModelAdmin):  # type: ignore[type-arg] # generic in the stubs only
    form = DeadLetterForm
    list_display = ("moment", "reason", "source", "short_origin", "short_detail", "is_sent_again")
    list_filter = ("reason", "source", SentAgainFilter, "failed_at")
    search_fields = ("origin", "detail")
    search_help_text = "Searches in origin and detail."
    show_full_result_count = False
    actions = ("send_selected_again",)
    readonly_fields = (
        *("reason", "detail", "source", "origin", "partition", "offset", "key"),
        *("moment", "recorded_at", "sent_again_at", "sent_again_by", "shown_payload"),
    )

    @admin.display(description="failed at", ordering="failed_at")
    def moment(self, letter: DeadLetter) -> str:
        return timezone.localtime(letter.failed_at).isoformat(sep=" ", timespec="milliseconds")

    @admin.display(description="origin")
    def short_origin(self, letter: DeadLetter) -> str:
        return Truncator(letter.origin).chars(SHORT)

    @admin.display(description="detail")
    def short_detail(self, letter: DeadLetter) -> str:
        return Truncator(letter.detail).chars(SHORT)

    @admin.display(description="sent again", boolean=True)
    def is_sent_again(self, letter: DeadLetter) -> bool:
        return letter.sent_again_at is not None

    @admin.display(description="payload as it came")
    def shown_payload(self, letter: DeadLetter) -> SafeString:
        return format_html('<pre style="white-space: pre-wrap">{}</pre>', for_people(bytes(letter.payload)))

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: DeadLetter | None = None) -> bool:
        return request.user.is_superuser

    def get_fields(self, request: HttpRequest, obj: DeadLetter | None = None) -> list[Any]:
        editable = obj is not None and self.has_change_permission(request, obj) and as_text(obj.content) is not None
        return [*self.readonly_fields, *(["text"] if editable else [])]

    def save_model(self, request: HttpRequest, obj: DeadLetter, form: DeadLetterForm, change: bool) -> None:
        if "text" in form.changed_data:
            correct(obj, form.cleaned_data["text"])

    def response_change(self, request: HttpRequest, obj: DeadLetter) -> HttpResponse:
        if "_send_again" not in request.POST:
            return super().response_change(request, obj)
        # Kafka may take its time, and a transaction is open here.
        transaction.on_commit(lambda: self._send_again(request, [obj]))
        return HttpResponseRedirect(request.path)

    @admin.action(description="Send again", permissions=["change"])
    def send_selected_again(self, request: HttpRequest, queryset: QuerySet[DeadLetter]) -> None:
        if queryset.count() > AT_ONCE:
            self.message_user(request, f"Choose at most {AT_ONCE} letters at a time.", messages.ERROR)
            return
        self._send_again(request, queryset)

    def _send_again(self, request: HttpRequest, letters: Iterable[DeadLetter]) -> None:
        results = send_again(letters, cast(User, request.user))
        problems = Counter(result.problem for result in results if result.problem)
        if sent := len(results) - problems.total():
            self.message_user(request, f"{sent} sent.", messages.SUCCESS)
        for problem, count in problems.most_common():
            self.message_user(request, f"{count} not sent: {problem}.", messages.ERROR)
