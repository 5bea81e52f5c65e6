"""How many messages of which kind were published, and how many of them the broker has."""

from collections import Counter
from dataclasses import dataclass, field

from bridge.simulator.message import Kind, Message, Stream

Entry = tuple[Stream, Kind]


@dataclass(slots=True)
class Books:
    """Counts for each stream and kind of message; what is published and not acknowledged may or may not arrive."""

    published: Counter[Entry] = field(default_factory=Counter)
    acknowledged: Counter[Entry] = field(default_factory=Counter)

    def rows(self, stream: Stream) -> int:
        """Return how many rows the acknowledged messages of a stream become, if each is delivered once."""
        return self.acknowledged[stream, Kind.READING] + self.acknowledged[stream, Kind.CLOCKLESS]

    def publish(self, message: Message) -> None:
        self.published[message.stream, message.kind] += 1

    def acknowledge(self, message: Message) -> None:
        self.acknowledged[message.stream, message.kind] += 1

    def summary(self) -> str:
        """Return a line for each stream and kind."""
        lines = [
            f"{stream} {kind}: {self.published[stream, kind]} published, {self.acknowledged[stream, kind]} acknowledged"
            for stream, kind in sorted(self.published)
        ]
        return "\n".join(lines) or "nothing was published"
