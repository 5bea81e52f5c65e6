"""A frame for clients, encoded once for all who get it, and those that wait for one client."""

from collections import deque

from autobahn.websocket.protocol import PreparedMessage

from telemetry.live.metrics import DROPPED
from telemetry.live.protocol import ServerMessage, encoded

WAITING_FRAMES = 1_000
"""How many wait for a client at most. They are the same objects for all clients, so memory is flat."""

Frame = PreparedMessage
"""`payload` is its text, `payloadHybi` all of its bytes: a server's frames are not masked (RFC 6455, section 5.3)."""


def frame(message: ServerMessage) -> Frame:
    return PreparedMessage(encoded(message), isBinary=False, applyMask=False, doNotCompress=True)


class WaitingFrames(deque[Frame]):
    """A queue of which the oldest gives way."""

    def __init__(self) -> None:
        super().__init__(maxlen=WAITING_FRAMES)

    def append(self, prepared: Frame) -> None:
        if len(self) == self.maxlen:
            DROPPED.inc()
        super().append(prepared)
