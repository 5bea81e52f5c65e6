"""Ways in which what a device sent can be wrong: in its members, in its JSON, and in its bytes."""

import base64
import gzip
import json
from collections.abc import Callable, Iterator, Sequence
from copy import deepcopy
from random import Random
from typing import Any

Json = dict[str, Any]

ODD_VALUES: Sequence[object] = (
    *(None, True, False, "", "0", "NaN", "-Infinity", "1e999", "21,5", "0x1F", "on", [], {}, [[]], {"": None}),
    *(-0.0, 1e308, -1e308, 5e-324, 0.1 + 0.2, 2**31, -(2**31) - 1, 2**63, -(2**63) - 1, 10**400, 65_536, -40_000),
    *(
        "x" * 201,
        "x" * 5_000,
        "a\0b",
        "\ud800",
        "\u202e\u0301",
        "'; DROP TABLE energy_consumption; --",
        "{1,NULL}",
        "\\",
    ),
)
ODD_TIMES: Sequence[object] = (
    *("1970-01-01T00:00:12Z", "9999-12-31T23:59:59Z", "0001-01-01T00:00:00Z", "2026-02-30T00:00:00Z", "now", "20:15"),
    *("2026-11-24T20:15:00+23:59", "2026-11-24T20:15:60Z", "2026-11-24 20:15:00", "2019-12-31T23:59:59Z"),
    *(0, -1, 1e18, 253_402_300_800, 1_795_551_300_000, "1795551300", 1_795_551_300.5),
)
LARGEST = 1e300
TIME_NAMES = frozenset({"timestamp", "time", "ts", "unixtime"})
ODD_NUMBERS = (b"NaN", b"Infinity", b"-Infinity", b"0123", b"0x10", b".5", b"1.", b"+1", b"1e999999", b"1_000", b"--1")
GARBAGE = (
    b"\xff",
    b"\xc0\xaf",
    b"\xed\xa0\x80",
    b"\0",
    b"\xef\xbb\xbf",
    b",",
    b"}",
    b"{",
    b'"',
    b"\\",
    b"\\u00",
    b"//x\n",
)


def places(message: Json) -> Iterator[tuple[Json, str]]:
    """Every member at any depth, as the object it is in and its name."""
    for name, value in message.items():
        yield message, name
        if isinstance(value, dict):
            yield from places(value)


def _any_place(random: Random, message: Json) -> tuple[Json, str]:
    return random.choice(list(places(message)) or [(message, "")])


def leave_out(random: Random, message: Json) -> None:
    parent, name = _any_place(random, message)
    parent.pop(name, None)


def put_odd_value(random: Random, message: Json) -> None:
    parent, name = _any_place(random, message)
    parent[name] = deepcopy(random.choice(ODD_VALUES))


def put_odd_time(random: Random, message: Json) -> None:
    for parent, name in list(places(message)):
        if name in TIME_NAMES:
            parent[name] = random.choice(ODD_TIMES)


def take_other_unit(random: Random, message: Json) -> None:
    factor = random.choice((1_000, 0.001, 3.6e6, 1.8, -1, 1e12))
    for parent, name in list(places(message)):
        value = parent[name]
        if isinstance(value, int | float) and abs(value) < LARGEST and name not in TIME_NAMES:
            parent[name] = value * factor


def rename(random: Random, message: Json) -> None:
    parent, name = _any_place(random, message)
    parent[random.choice((name.upper(), name + " ", "\ufeff" + name, ""))] = parent.pop(name, 1)


def nest(random: Random, message: Json) -> None:
    """Put a member as deep as some parsers go, or deeper than any does."""
    parent, name = _any_place(random, message)
    deep: object = parent.get(name)
    for level in range(random.choice((5, 31, 32, 33, 200))):
        deep = [deep] if level % 2 else {"n": deep}
    parent[name] = deep


def crowd(random: Random, message: Json) -> None:
    """Add many members, some of them registers of a pump that exist or do not."""
    message.update({random.choice(("d", "r", "x", "D")) + str(n): n for n in range(random.randrange(300))})


def truncate(random: Random, payload: bytes) -> bytes:
    return payload[: random.randrange(len(payload) + 1)]


def repeat_key(random: Random, payload: bytes) -> bytes:
    value = json.dumps(random.choice(ODD_VALUES)).encode()
    key = random.choice((b"timestamp", b"saveeyeDeviceSerialNumber", b"params", b"src", b"d50", b"Client_Name"))
    return payload[:1] + b'"' + key + b'": ' + value + b"," + payload[1:]


def put_odd_number(random: Random, payload: bytes) -> bytes:
    """Write a number as JSON does not allow it."""
    start = payload.find(b": ", random.randrange(len(payload) + 1)) + 2
    return payload[:start] + random.choice(ODD_NUMBERS) + payload[start:]


def put_garbage(random: Random, payload: bytes) -> bytes:
    at = random.randrange(len(payload) + 1)
    return payload[:at] + random.choice(GARBAGE) + payload[at + random.randrange(3) :]


def flip_bit(random: Random, payload: bytes) -> bytes:
    at = random.randrange(len(payload))
    return payload[:at] + bytes([payload[at] ^ 1 << random.randrange(8)]) + payload[at + 1 :]


def encode_otherwise(random: Random, payload: bytes) -> bytes:
    return random.choice(
        (
            payload.decode(errors="replace").encode("utf-16"),
            gzip.compress(payload),
            base64.b64encode(payload),
            json.dumps(payload.decode(errors="replace")).encode(),
            b"[" + payload + b"]",
            payload + payload,
            payload.replace(b'"', b"'"),
            b"[" * 20_000,
            b'{"a":' * 3_000 + b"1" + b"}" * 3_000,
        )
    )


def forget(random: Random, payload: bytes) -> bytes:
    """Send noise instead, or nothing at all."""
    return random.randbytes(random.choice((0, 1, 2, 40, 2_000)))


OF_MEMBERS: Sequence[Callable[[Random, Json], None]] = (
    *(leave_out, put_odd_value, put_odd_value, put_odd_time, take_other_unit, rename, nest, crowd),
)
OF_BYTES: Sequence[Callable[[Random, bytes], bytes]] = (
    *(truncate, repeat_key, put_odd_number, put_garbage, flip_bit, encode_otherwise, forget),
)


def mutated(random: Random, message: Json) -> bytes:
    """Make one to three things wrong with a message, which is changed on the way."""
    if random.random() < 0.5:
        for _ in range(random.randrange(1, 4)):
            random.choice(OF_MEMBERS)(random, message)
        return json.dumps(message).encode()
    payload = json.dumps(message).encode()
    for _ in range(random.randrange(1, 3)):
        payload = random.choice(OF_BYTES)(random, payload or b" ")
    return payload
