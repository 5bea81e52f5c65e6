"""A frame for clients, encoded once for all who get it, and those that wait for one client."""

from collections import deque
from dataclasses import dataclass

from autobahn.websocket.protocol import PreparedMessage

from telemetry.live.metrics import DROPPED
from telemetry.live.protocol import ServerMessage, encoded

WAITING_FRAMES = 1_000
"""How many wait for a client at most. They are the same objects for all clients, so memory is flat."""


@dataclass(frozen=True, slots=True)
class Frame:
    """A message, and all of the bytes that it is on the wire: a server masks nothing (RFC 6455, section 5.1)."""

    text: bytes
    wire: bytes


def frame(message: ServerMessage) -> Frame:
    text = encoded(message)
    return Frame(text, PreparedMessage(text, isBinary=False, applyMask=False, doNotCompress=True).payloadHybi)


class WaitingFrames(deque[Frame]):
    """A queue of which the oldest gives way."""

    def __init__(self) -> None:
        super().__init__(maxlen=WAITING_FRAMES)

    def append(self, prepared: Frame) -> None:
        if len(self) == self.maxlen:
            DROPPED.inc()
        super().append(prepared)
