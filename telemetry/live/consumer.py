"""One WebSocket connection, from its handshake to its end."""

import asyncio
import logging
import time
from collections import deque
from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, suppress
from datetime import UTC, datetime
from typing import Any

import django.db
from channels.consumer import AsyncConsumer
from channels.exceptions import StopConsumer

from telemetry.live.admission import Caller, admit
from telemetry.live.feed import Feed
from telemetry.live.frames import frame
from telemetry.live.hub import Hub
from telemetry.live.metrics import CLIENTS, REFUSED
from telemetry.live.places import Places
from telemetry.live.protocol import (
    Close,
    Code,
    Error,
    InvalidMessageError,
    Ping,
    Pong,
    RefusedError,
    ServerMessage,
    Subscribe,
    Subscribed,
    Unsubscribe,
    Unsubscribed,
    known_streams,
    read,
)
from telemetry.live.socket import socket_of

log = logging.getLogger(__name__)

ADMIT_SECONDS = 10.0
ADMIT_AGAIN_SECONDS = 60.0
FLOOD_MESSAGES = 120
FLOOD_SECONDS = 10.0

hub = Hub()
feed = Feed(hub)
places = Places()
# Asking an issuer or the database blocks. Who connects while all threads do waits, and nobody else.
threads = ThreadPoolExecutor(8, thread_name_prefix="admit")


class LiveConsumer(AsyncConsumer):  # type: ignore[misc] # the library is not typed
    """Accepts, refuses or admits a client, and answers what it says. What it hears comes from the hub.

    A client that is refused is accepted first, since only then it can be told why.
    """

    # A name of no layer: the process is a member of the group once, by its feed.
    channel_layer_alias = "none"

    async def __call__(self, scope: Mapping[str, Any], receive: Any, send: Any) -> None:
        self._said_at: deque[float] = deque(maxlen=FLOOD_MESSAGES)
        self._is_over = False
        with ExitStack() as self._held:
            await super().__call__(scope, receive, send)

    async def websocket_connect(self, event: Mapping[str, Any]) -> None:
        await self.send({"type": "websocket.accept"})
        self._socket = socket_of(self.base_send)
        try:
            self._held.enter_context(places.in_process())
            self._caller = await self._admitted()
            self._held.enter_context(places.of_caller(self._caller.identity))
        except RefusedError as error:
            await self._refuse(error)
            raise StopConsumer from None
        self._held.enter_context(CLIENTS.track_inprogress())
        self._held.callback(hub.leave, self._socket)
        await feed.ready()
        self._held.callback(asyncio.create_task(self._watch()).cancel)

    async def websocket_receive(self, event: Mapping[str, Any]) -> None:
        if self._is_over:
            return
        try:
            self._check_pace()
            self._answer(event.get("text"))
        except InvalidMessageError as error:
            self._say(Error(str(error), Code.INVALID_MESSAGE))
        except RefusedError as error:
            await self._refuse(error)
            raise StopConsumer from None

    async def websocket_disconnect(self, event: Mapping[str, Any]) -> None:
        raise StopConsumer

    async def _admitted(self) -> Caller:
        """Return who this is; raises RefusedError. What the client says meanwhile stays in the network."""
        self._socket.stop_reading()
        try:
            return await self._asked()
        except (django.db.Error, TimeoutError):
            sentence = "Nobody can say at the moment whether you may connect."
            raise RefusedError(Close.INTERNAL_ERROR, sentence, Code.INTERNAL_ERROR) from None
        finally:
            self._socket.go_on_reading()

    async def _asked(self) -> Caller:
        asked = asyncio.get_running_loop().run_in_executor(threads, _admit_in_thread, self.scope)
        return await asyncio.wait_for(asked, ADMIT_SECONDS)

    async def _watch(self) -> None:
        """End the connection when the token expires, or when the caller would not be admitted any more."""
        try:
            while True:
                seconds_left = self._caller.ends_at - time.time()
                await asyncio.sleep(min(seconds_left, ADMIT_AGAIN_SECONDS))
                if seconds_left <= ADMIT_AGAIN_SECONDS:
                    raise RefusedError(Close.NO_TOKEN, "The token has expired.")  # noqa: TRY301
                await self._admit_again()
        except RefusedError as error:
            await self._refuse(error)
        except Exception:
            # Whoever is watched no longer must not stay.
            log.exception("a connection cannot be checked any more")
            await self._refuse(RefusedError(Close.INTERNAL_ERROR, "The server has failed.", Code.INTERNAL_ERROR))

    async def _admit_again(self) -> None:
        with suppress(django.db.Error, TimeoutError):
            caller = await self._asked()
            if not caller.scopes >= self._caller.scopes:
                raise RefusedError(Close.NOT_ALLOWED, "You may read less than when you connected.")

    def _check_pace(self) -> None:
        """Count a message of the client; raises RefusedError if there are too many."""
        now = time.monotonic()
        if len(self._said_at) == FLOOD_MESSAGES and now - self._said_at[0] < FLOOD_SECONDS:
            raise RefusedError(Close.TOO_MANY, "These are too many messages.", Code.INVALID_MESSAGE)
        self._said_at.append(now)

    def _answer(self, text: str | None) -> None:
        """Do what a message asks for; raises InvalidMessageError and RefusedError."""
        if text is None:
            raise InvalidMessageError("Messages are text, not bytes.")
        match read(text):
            case Subscribe(streams=names):
                self._subscribe(names)
            case Unsubscribe(streams=names):
                self._unsubscribe(names)
            case Ping():
                self._say(Pong(datetime.now(UTC)))

    def _subscribe(self, names: Iterable[str]) -> None:
        streams, unknown = known_streams(names)
        for stream in streams:
            if stream.scope not in self._caller.scopes:
                raise RefusedError(Close.NOT_ALLOWED, f"This needs the scope {stream.scope}.")
        added = [stream for stream in streams if hub.subscribe(self._socket, stream)]
        if streams or not unknown:
            self._say(Subscribed(added))
        for stream in added:
            hub.send_newest(self._socket, stream)
        self._name_unknown(unknown)

    def _unsubscribe(self, names: Iterable[str]) -> None:
        streams, unknown = known_streams(names)
        removed = [stream for stream in streams if hub.unsubscribe(self._socket, stream)]
        if streams or not unknown:
            self._say(Unsubscribed(removed))
        self._name_unknown(unknown)

    def _name_unknown(self, names: list[str]) -> None:
        if names:
            self._say(Error(f"There is no stream called {', '.join(names)}.", Code.STREAM_NOT_FOUND))

    def _say(self, message: ServerMessage) -> None:
        self._socket.send(frame(message))

    async def _refuse(self, error: RefusedError) -> None:
        """Say why, and end the connection; nothing else is sent to it from now on."""
        self._is_over = True
        hub.leave(self._socket)
        REFUSED.labels(int(error.close)).inc()
        await self._socket.send_last(frame(Error(str(error), error.code)))
        await self.send({"type": "websocket.close", "code": int(error.close)})


def _admit_in_thread(scope: Mapping[str, Any]) -> Caller:
    try:
        return admit(scope)
    finally:
        django.db.connections.close_all()


class NotFoundConsumer(AsyncConsumer):  # type: ignore[misc] # the library is not typed
    """Refuses the handshake of a path that is no WebSocket's."""

    channel_layer_alias = "none"

    async def websocket_connect(self, event: Mapping[str, Any]) -> None:
        await self.send({"type": "websocket.close"})
        raise StopConsumer
