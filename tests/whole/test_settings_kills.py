"""Whatever is killed while commands are made, each ends, none is lost, and the pumps hold what was asked for last.

`make chaos-settings` runs a hundred rounds.
"""

import os
import random
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from django.db import connection
from django.db.models import F

from heatpump.outbox.models import Command, Publication, Reason, Status
from heatpump.settings.models import Setting
from homelab_site.stack.services import Postgres
from tests.away import databases_at
from tests.homelab_site.access.issuer import HouseIssuer
from tests.waiting import eventually
from tests.whole.house_of_kills import NODES, VALUES, VICTIMS, House, Program
from tests.whole.outcomes import have_all_ended, newest_of_each_setting

ROUNDS = int(os.environ.get("KILL_ROUNDS", "5"))


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory, django_db_blocker: pytest.FixtureRequest) -> Iterator[House]:
    """A house with a database server of its own, which the tests ask too, and whose pumps are known."""
    issuer = HouseIssuer()
    with TemporaryDirectory(prefix="homelab-tests-", ignore_cleanup_errors=True) as directory:
        postgres = Postgres(Path(directory))
        postgres.start()
        made = House(tmp_path_factory.mktemp("house"), postgres, issuer)
        with databases_at(postgres.url("homelab"), "default"), django_db_blocker.unblock():  # type: ignore[attr-defined] # pytest-django does not export its type
            connection.close()
            try:
                made.start()
                known = Setting.objects.exclude(confirmed=None)
                eventually(lambda: known.count() == len(NODES) * len(VALUES), 60)
                yield made
            finally:
                made.stop()
                connection.close()
        postgres.stop()
    issuer.stop()


def let_a_day_pass() -> None:
    """Let no setting run into the limit of writes a day."""
    Publication.objects.update(sent_at=F("sent_at") - timedelta(days=1))


@pytest.mark.parametrize("seed", range(ROUNDS))
def test_commands_survive_kills(house: House, seed: int) -> None:
    chance = random.Random(seed)
    programs = [Program(house, node, seed * len(NODES) + number) for number, node in enumerate(NODES)]
    before = Command.objects.count()
    for program in programs:
        program.start()
    # Five rounds in turn kill each once; what else is killed is left to chance.
    for victim in (VICTIMS[seed % len(VICTIMS)], *chance.sample(VICTIMS, chance.randint(0, 1))):
        time.sleep(chance.uniform(0, 0.8))
        house.kill(victim, chance.uniform(0, 0.5))
    for program in programs:
        program.finish()
    connection.close()
    accepted = [one for program in programs for one in program.accepted]
    eventually(have_all_ended, 120)

    assert Command.objects.count() - before == len(accepted) == len({one.outbox_id for one in accepted})
    commands = Command.objects.in_bulk([one.outbox_id for one in accepted])
    assert {command.status for command in commands.values()} <= {Status.CONFIRMED, Status.FAILED}
    assert {one.reason for one in commands.values() if one.status == Status.FAILED} <= {Reason.SUPERSEDED}
    for (node, name), newest in newest_of_each_setting(accepted).items():
        assert commands[newest.outbox_id].status == Status.CONFIRMED
        assert house.pumps.pumps[node].settings[name] == newest.value
        setting = Setting.objects.get(pump__device_id=node, name=name)
        assert (setting.confirmed, setting.wanted) == (newest.value, None)
    let_a_day_pass()
