"""Admin lists of rows that people look at and only the system writes."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any, cast

from django.contrib import admin
from django.core.paginator import Paginator
from django.db.models import Model, QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern
from django.utils import timezone
from django.utils.functional import cached_property

NEWEST_ROWS = 10_000

admin.site.site_header = admin.site.site_title = "Homelab"


class ReadOnlyAdmin(admin.ModelAdmin):  # type: ignore[type-arg] # generic in the stubs only
    """A list, and nothing else: a row shows all that it has, so there is no page of a single one."""

    actions = None
    list_display_links: tuple[str, ...] | None = None

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def get_urls(self) -> list[URLPattern]:
        return [url for url in super().get_urls() if url.name and url.name.endswith("_changelist")]


class NewestPaginator(Paginator):  # type: ignore[type-arg] # generic in the stubs only
    """Pages through the newest rows only, since counting or skipping millions would read them all."""

    @cached_property
    def count(self) -> int:
        return cast(QuerySet[Any], self.object_list)[:NEWEST_ROWS].count()


class AgeFilter(admin.SimpleListFilter):
    """Leaves out newer rows, so that the older ones come within reach."""

    title = "age"
    parameter_name = "older_than"
    ages: Mapping[str, timedelta] = {
        "1 hour": timedelta(hours=1),
        "1 day": timedelta(days=1),
        "7 days": timedelta(days=7),
        "30 days": timedelta(days=30),
        "60 days": timedelta(days=60),
    }

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(age, f"More than {age}") for age in self.ages]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        age = self.ages.get(self.value() or "")
        return queryset if age is None else queryset.filter(time__lt=timezone.now() - age)


class ReadingAdmin(ReadOnlyAdmin):
    """Readings, newest first, however many millions there are. A model of readings has a column `time`.

    A subclass names in `search_fields` exact lookups that an index with the time serves.
    """

    ordering = ("-time",)
    sortable_by = ()
    list_filter = (AgeFilter,)
    show_facets = admin.ShowFacets.NEVER
    list_per_page = 100
    paginator = NewestPaginator
    show_full_result_count = False

    def get_list_display(self, request: HttpRequest) -> list[Any]:
        columns = [field.name for field in self.model._meta.fields if field.name not in ("pk", "time")]
        return ["moment", *columns]

    @admin.display(description="time")
    def moment(self, reading: Any) -> str:
        return timezone.localtime(reading.time).isoformat(sep=" ", timespec="seconds")

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        reach = f"The newest {NEWEST_ROWS:,} at most; the age filter shows older ones."
        return super().changelist_view(request, {**(extra_context or {}), "subtitle": reach})


def register_readings(model: type[Model], admin_class: type[ReadingAdmin]) -> None:
    """Register a model whose key is (device, time).

    `admin.site.register` refuses composite keys, because it has pages that are found by a single one
    (https://docs.djangoproject.com/en/5.2/topics/composite-primary-key/). A ReadingAdmin has no such page.
    """
    admin.site._registry[model] = admin_class(model, admin.site)
