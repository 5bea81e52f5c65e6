"""Hands each reading to a web process's own sockets.

A Channels group with a member for each client would encode, queue and schedule each frame once for each of them.
"""

from collections.abc import Iterable

import msgspec

from bridge.messages import Topic
from telemetry.live.frames import Frame, frame
from telemetry.live.metrics import CAUGHT_UP, FRAMES, REPEATED
from telemetry.live.protocol import STREAM_OF, Data, Stream
from telemetry.live.readings import LiveReading, Marks
from telemetry.live.socket import ClientSocket


class Hub:
    """Knows the subscribers of each stream and the newest reading of each device.

    One event loop does all of it, and no method waits: whoever subscribes gets the newest readings and then all that
    follow.
    """

    def __init__(self) -> None:
        self._subscribers: dict[Stream, set[ClientSocket]] = {stream: set() for stream in Stream}
        self._newest: dict[tuple[Topic, str], LiveReading] = {}
        self._partitions = Marks()
        self._devices = Marks()

    def subscribe(self, socket: ClientSocket, stream: Stream) -> bool:
        """Add a subscriber; tell whether it was none yet."""
        is_new = socket not in self._subscribers[stream]
        self._subscribers[stream].add(socket)
        return is_new

    def unsubscribe(self, socket: ClientSocket, stream: Stream) -> bool:
        """Remove a subscriber; tell whether it was one."""
        was_subscribed = socket in self._subscribers[stream]
        self._subscribers[stream].discard(socket)
        return was_subscribed

    def leave(self, socket: ClientSocket) -> None:
        for subscribers in self._subscribers.values():
            subscribers.discard(socket)

    def send_newest(self, socket: ClientSocket, stream: Stream) -> None:
        """Send the newest reading of each device of a stream."""
        for reading in self._newest.values():
            if STREAM_OF[reading.topic] is stream:
                socket.send(data_frame(reading, snapshot=True))

    def take(self, reading: LiveReading) -> None:
        """Hand on a reading of the stream worker, unless it is a repetition."""
        if self._partitions.is_new(reading.partition_key, reading):
            self._hand_on(reading, snapshot=False)
        else:
            REPEATED.inc()

    def compare(self, newest: Iterable[LiveReading]) -> None:
        """Hand on those of the newest readings that nobody has brought here: a process that starts knows none."""
        for reading in newest:
            if self._devices.is_new(reading.device_key, reading):
                CAUGHT_UP.inc()
                self._hand_on(reading, snapshot=True)

    def _hand_on(self, reading: LiveReading, *, snapshot: bool) -> None:
        if self._partitions.is_new(reading.partition_key, reading):
            self._partitions.move(reading.partition_key, reading)
        self._devices.move(reading.device_key, reading)
        self._newest[reading.device_key] = reading
        stream = STREAM_OF[reading.topic]
        if subscribers := self._subscribers[stream]:
            prepared = data_frame(reading, snapshot=snapshot)
            for socket in subscribers:
                socket.send(prepared)
            FRAMES.labels(stream).inc(len(subscribers))


def data_frame(reading: LiveReading, *, snapshot: bool) -> Frame:
    return frame(Data(STREAM_OF[reading.topic], reading.ts, msgspec.Raw(reading.value), snapshot))
