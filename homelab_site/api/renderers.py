"""How answers are written: JSON, and CSV where an answer is rows."""

from collections.abc import Mapping
from typing import Any

import msgspec
from rest_framework.renderers import BaseRenderer

from homelab_site.api.encoding import csv_lines, json_text


class JsonRenderer(BaseRenderer):
    """JSON of dataclasses, and of what else msgspec knows; a NaN would come out as null."""

    media_type = "application/json"
    format = "json"
    charset = None

    def render(
        self, data: Any, accepted_media_type: str | None = None, renderer_context: Mapping[str, Any] | None = None
    ) -> bytes:
        content = json_text(data)
        # The page on which a person browses the API asks for it.
        indent = (renderer_context or {}).get("indent")
        return msgspec.json.format(content, indent=indent) if indent else content


class CsvRenderer(BaseRenderer):
    """CSV to be saved as a file. The view's `row` is the type of the rows."""

    media_type = "text/csv"
    format = "csv"

    def render(
        self, data: Any, accepted_media_type: str | None = None, renderer_context: Mapping[str, Any] | None = None
    ) -> str:
        assert renderer_context
        view = renderer_context["view"]
        renderer_context["response"]["Content-Disposition"] = f'attachment; filename="{view.file_name}.csv"'
        return "".join(csv_lines(view.row, data))
