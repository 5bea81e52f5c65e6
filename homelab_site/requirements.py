"""A clear refusal where a command needs services that nothing names."""

from django.conf import settings
from django.core.management.base import CommandError

from homelab_site.checks import SERVICES, missing_services


def require_services(*names: str) -> None:
    """Raise CommandError unless the environment or a running stack names the services (all, if none is given)."""
    missing = [name for name in missing_services() if name in (names or SERVICES)]
    if missing:
        raise CommandError(
            f"No one-machine stack runs in {settings.DATA_DIR}, and {', '.join(missing)} "
            f"{'is' if len(missing) == 1 else 'are'} not set. Start one with `make run`, or name the services."
        )
