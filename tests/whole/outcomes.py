"""How commands that people asked for have ended."""

import time
from collections.abc import Iterable
from datetime import timedelta

from django.utils import timezone

from heatpump.outbox.models import UNDER_WAY, Command
from heatpump.outbox.services import ECHO_WITHIN, retry_or_fail_overdue
from tests.whole.house_of_kills import Accepted


def have_all_ended(patience: timedelta = timedelta(seconds=5)) -> bool:
    """Tell whether no command is under way; what has waited for its echo for a while is published again.

    So the clock of retries runs ahead here.
    """
    retry_or_fail_overdue(timezone.now() + ECHO_WITHIN - patience)
    time.sleep(0.1)
    return not Command.objects.filter(status__in=UNDER_WAY).exists()


def newest_of_each_setting(accepted: Iterable[Accepted]) -> dict[tuple[str, str], Accepted]:
    return {(one.node, one.name): one for one in accepted}
