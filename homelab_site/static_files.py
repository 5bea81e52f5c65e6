"""Where static files are kept: compressed, and under names that change with what is in them.

So browsers keep such a file for a year and never ask whether it has changed. `collectstatic` makes both.
"""

from django.core.management import call_command
from whitenoise.storage import CompressedManifestStaticFilesStorage  # type: ignore[import-untyped] # the library has no types

LIBRARIES = ("admin", "rest_framework", "drf_spectacular_sidecar")


class StaticFiles(CompressedManifestStaticFilesStorage):  # type: ignore[misc] # the library has no types
    """Scripts import one another by these names too. What was not collected keeps its name, and is served as it is."""

    support_js_module_import_aggregation = True

    def stored_name(self, name: str) -> str:
        collected: str = self.hashed_files.get(self.hash_key(self.clean_name(name)), name)
        return collected


def collect_our_own() -> None:
    """Collect anew what our own pages are made of.

    To compress the files of libraries takes ten seconds more; uncollected, they are served as they are.
    """
    call_command("collectstatic", interactive=False, clear=True, verbosity=0, ignore_patterns=list(LIBRARIES))
