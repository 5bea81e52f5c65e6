"""The account of commands: each has ended, and the pumps hold what was asked for last."""

from collections import Counter
from collections.abc import Mapping, Sequence

from bridge.simulator.heatpump import HeatPump
from heatpump.outbox.models import Command, Reason, Status
from heatpump.settings.models import Setting
from tests.whole.chaos.account import Account
from tests.whole.house_of_kills import Accepted
from tests.whole.outcomes import newest_of_each_setting

EXPECTED_REASONS = frozenset({Reason.SUPERSEDED, Reason.WRITE_LIMIT})


def of_commands(accepted: Sequence[Accepted], pumps: Mapping[str, HeatPump]) -> Account:
    """Compare what the API accepted with the commands, and the pumps' registers with both."""
    account = Account("commands")
    commands = Command.objects.in_bulk()
    _compare_commands(account, accepted, commands)
    for (node, name), newest in newest_of_each_setting(accepted).items():
        setting = Setting.objects.get(pump__device_id=node, name=name)
        held = pumps[node].settings[name]
        if (setting.confirmed, setting.wanted) != (held, None):
            account.differ("setting is shown as it is not", [(node, name, setting.confirmed, setting.wanted, held)])
        command = commands.get(newest.outbox_id)
        if command is not None and command.status == Status.CONFIRMED and held != newest.value:
            account.differ("pump holds something else than the newest command says", [(node, name, held, newest)])
    ends = Counter(f"{command.status} {command.reason}".strip() for command in commands.values())
    account.facts = [f"{len(accepted)} accepted", *(f"{number} {end}" for end, number in sorted(ends.items()))]
    return account


def _compare_commands(account: Account, accepted: Sequence[Accepted], commands: Mapping[int, Command]) -> None:
    ids = {one.outbox_id for one in accepted}
    account.differ("keys were answered with a command of another", [len(accepted)] if len(ids) < len(accepted) else [])
    account.differ("accepted commands do not exist", sorted(ids - commands.keys()))
    account.differ("commands that nobody was told of", sorted(commands.keys() - ids))
    wrong = [one for one in accepted if (c := commands.get(one.outbox_id)) and c.payload != {one.name: one.value}]
    account.differ("commands hold something else than was asked for", wrong)
    unended = [one for one in commands.values() if one.status not in (Status.CONFIRMED, Status.FAILED)]
    account.differ("commands have not ended", (f"{one.pk} {one.status}" for one in unended))
    failed = [one for one in commands.values() if one.status == Status.FAILED and one.reason not in EXPECTED_REASONS]
    account.differ("commands failed", (f"{one.pk} {one.reason} {one.error_message}" for one in failed))
