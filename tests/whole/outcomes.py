"""How commands that people asked for have ended."""

import time
from collections.abc import Iterable
from datetime import timedelta

from django.db.models import Min
from django.utils import timezone

from heatpump.outbox.models import UNDER_WAY, Command
from heatpump.outbox.services import ECHO_WITHIN, retry_or_fail_overdue
from heatpump.settings.models import HeatPump
from tests.whole.house_of_kills import NODES, Accepted

PATIENCE = timedelta(seconds=5)


def have_all_ended() -> bool:
    """Tell whether no command is under way; what no reading has confirmed within `PATIENCE` is published again.

    So the clock of retries runs ahead here, but not ahead of the readings, which a slow machine is late to look at.
    """
    looked_at = HeatPump.objects.filter(device_id__in=NODES).aggregate(oldest=Min("heard_at"))["oldest"]
    retry_or_fail_overdue(min(looked_at, timezone.now()) + ECHO_WITHIN - PATIENCE)
    time.sleep(0.1)
    return not Command.objects.filter(status__in=UNDER_WAY).exists()


def newest_of_each_setting(accepted: Iterable[Accepted]) -> dict[tuple[str, str], Accepted]:
    return {(one.node, one.name): one for one in accepted}
