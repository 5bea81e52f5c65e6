"""MQTT clients as this house uses them: protocol 3.1.1, one client object per connection."""

from dataclasses import dataclass, field
from urllib.parse import unquote, urlsplit

import paho.mqtt.client as mqtt
from paho.mqtt.enums import CallbackAPIVersion

KEEPALIVE_SECONDS = 30
_PORTS = {"mqtt": 1883, "mqtts": 8883}


@dataclass(frozen=True, slots=True, kw_only=True)
class MqttAddress:
    """Where an MQTT broker listens, and how it is logged in to. `username` is None where the broker asks for none."""

    host: str
    port: int
    username: str | None = None
    password: str | None = field(default=None, repr=False)
    tls: bool = False

    def __str__(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{host}:{self.port}"


def parse_url(url: str) -> MqttAddress:
    """Read `mqtt://[USER:PASSWORD@]HOST[:PORT]`; `mqtts://` is TLS. The port is 1883, or 8883 with TLS, by default.

    Raises ValueError, whose text never repeats the URL since that may hold a password.
    """
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        # Its text would hold what stands in the port's place: the password, if that has an unescaped character.
        raise ValueError("An MQTT URL names a host and a port from 1 to 65535.") from None
    if parts.scheme not in _PORTS:
        raise ValueError("An MQTT URL starts with mqtt:// or mqtts://.")
    if not parts.hostname:
        raise ValueError("An MQTT URL names a host, for example mqtt://USER:PASSWORD@HOST:1883.")
    if parts.path.strip("/") or parts.query or parts.fragment:
        raise ValueError("An MQTT URL ends after the port; write @ : / ? # in a password as %40 %3A %2F %3F %23.")
    if port == 0:
        raise ValueError("An MQTT URL names a port from 1 to 65535.")
    return MqttAddress(
        host=parts.hostname,
        port=port or _PORTS[parts.scheme],
        username=unquote(parts.username) if parts.username else None,
        password=unquote(parts.password) if parts.password else None,
        tls=parts.scheme == "mqtts",
    )


def new_client(client_id: str, *, clean_session: bool, manual_ack: bool = False) -> mqtt.Client:
    """Make a client that is not connected yet.

    It speaks MQTT 3.1.1, the highest version that every broker of the house knows. With `manual_ack` the caller
    acknowledges each message itself. Whoever drives the client reconnects with a new one.
    """
    return mqtt.Client(
        CallbackAPIVersion.VERSION2,
        client_id=client_id,
        clean_session=clean_session,
        protocol=mqtt.MQTTv311,
        reconnect_on_failure=False,
        manual_ack=manual_ack,
    )


def connect(client: mqtt.Client, address: MqttAddress) -> None:
    """Open the connection and ask for a session; the answer comes to `on_connect` from the client's loop.

    Takes 5 s at most, and raises OSError if the broker cannot be reached. Once for each client.
    """
    if address.username is not None:
        client.username_pw_set(address.username, address.password)
    if address.tls:
        client.tls_set()
    client.connect(address.host, address.port, keepalive=KEEPALIVE_SECONDS)
