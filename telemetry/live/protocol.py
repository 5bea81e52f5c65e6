"""The frames of `/ws/energy`, in both directions, and the codes that a connection ends with."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from enum import IntEnum, StrEnum

import msgspec

from bridge.messages import Topic

MAX_CLIENT_BYTES = 4096


class Stream(StrEnum):
    """What a client can subscribe to."""

    ENERGY = "energy"
    HEATPUMP = "heatpump"
    TEMPERATURE = "temperature"

    @property
    def scope(self) -> str:
        """The scope that a subscriber needs."""
        return f"read:{self}"


STREAM_OF: Mapping[Topic, Stream] = {
    Topic.ENERGY: Stream.ENERGY,
    Topic.HEATPUMP: Stream.HEATPUMP,
    Topic.TEMPERATURE_INDOOR: Stream.TEMPERATURE,
    Topic.TEMPERATURE_OUTDOOR: Stream.TEMPERATURE,
}
STREAM_SCOPES = frozenset(stream.scope for stream in Stream)


class Code(StrEnum):
    """What was wrong, for programs."""

    AUTH_FAILED = "auth_failed"
    INVALID_MESSAGE = "invalid_message"
    STREAM_NOT_FOUND = "stream_not_found"
    INTERNAL_ERROR = "internal_error"


class Close(IntEnum):
    """Why the server ends a connection, as codes for private use (RFC 6455, section 7.4.2)."""

    NO_TOKEN = 4401
    NOT_ALLOWED = 4403
    TOO_MANY = 4429
    INTERNAL_ERROR = 4500


class RefusedError(Exception):
    """A connection must end. The message is a sentence for the client, which gets it before the close code."""

    def __init__(self, close: Close, sentence: str, code: Code = Code.AUTH_FAILED) -> None:
        super().__init__(sentence)
        self.close = close
        self.code = code


class InvalidMessageError(Exception):
    """A client sent something that is no message of this protocol. The message is a sentence for it."""


class Subscribe(msgspec.Struct, frozen=True, tag="subscribe"):
    streams: list[str]


class Unsubscribe(msgspec.Struct, frozen=True, tag="unsubscribe"):
    streams: list[str]


class Ping(msgspec.Struct, frozen=True, tag="ping"):
    """Asks for a pong."""


class Subscribed(msgspec.Struct, frozen=True, tag="subscribed"):
    streams: list[Stream]


class Unsubscribed(msgspec.Struct, frozen=True, tag="unsubscribed"):
    streams: list[Stream]


class Pong(msgspec.Struct, frozen=True, tag="pong"):
    timestamp: datetime


class Error(msgspec.Struct, frozen=True, tag="error"):
    message: str
    code: Code


class Data(msgspec.Struct, frozen=True, tag="data", omit_defaults=True):
    """A reading. `data` is the message's value as it is on the bus; `timestamp` is when the reading was taken."""

    stream: Stream
    timestamp: datetime
    data: msgspec.Raw
    snapshot: bool = False


ServerMessage = Subscribed | Unsubscribed | Pong | Error | Data

ClientMessage = Subscribe | Unsubscribe | Ping
_decoder: msgspec.json.Decoder[ClientMessage] = msgspec.json.Decoder(ClientMessage)
_encoder = msgspec.json.Encoder()


def read(text: str) -> ClientMessage:
    """Return what a client says; raises InvalidMessageError."""
    try:
        return _decoder.decode(text)
    except (msgspec.MsgspecError, UnicodeError, RecursionError) as error:
        raise InvalidMessageError(f"This is not a message that is known here: {error}.") from error


def encoded(message: ServerMessage) -> bytes:
    """Return the JSON of a frame."""
    return _encoder.encode(message)


def known_streams(names: Iterable[str]) -> tuple[list[Stream], list[str]]:
    """Return the streams among some names, each once, and the names that are no stream's."""
    wanted, known = dict.fromkeys(names), frozenset(Stream)
    return [Stream(name) for name in wanted if name in known], [name for name in wanted if name not in known]
