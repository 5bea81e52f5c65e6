"""What an account says: a few lines for people, and everything that is not as it has to be."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

SHOWN = 10


@dataclass(slots=True)
class Account:
    """One part of the account."""

    title: str
    facts: list[str] = field(default_factory=list)
    differences: list[str] = field(default_factory=list)

    def differ(self, what: str, cases: Iterable[object]) -> None:
        """Note cases of one difference, if there are any."""
        found = [str(case) for case in cases]
        if found:
            more = f" and {len(found) - SHOWN} more" if len(found) > SHOWN else ""
            self.differences.append(f"{len(found)} {what}: {'; '.join(found[:SHOWN])}{more}")

    def text(self) -> str:
        lines = [f"{self.title}: {'; '.join(self.facts)}"]
        return "\n".join([*lines, *(f"    DIFFERS  {difference}" for difference in self.differences)])


def differences(accounts: Sequence[Account]) -> list[str]:
    return [difference for account in accounts for difference in account.differences]
