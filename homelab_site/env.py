"""Strict readers of environment variables.

A variable that is set to something unusable stops the process with a sentence that says what is allowed. Every
variable NAME can also be given as NAME_FILE, the path of a file that holds the value: that is how a secret is
mounted into a container.
"""

import re
from collections.abc import Callable
from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path
from typing import TypeVar
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import msgspec
from django.core.exceptions import ImproperlyConfigured
from environs import EnvError, FileAwareEnv

T = TypeVar("T")
BROKER = re.compile(r"(?:[^\s:/@\[\]]+|\[[0-9A-Fa-f:.]+\])(?::(?P<port>[0-9]+))?")

_environment = FileAwareEnv(strip_whitespace=True)


def _read(name: str, default: T, allowed: str, parse: Callable[[str], T]) -> T:
    try:
        value = _environment.str(name, None)
    except (EnvError, ValueError, OSError) as error:
        raise ImproperlyConfigured(f"{name}: {error}") from error
    if value is None or value == "":
        return default
    try:
        return parse(value)
    except ValueError as error:
        raise ImproperlyConfigured(f"{name} is {value!r}; allowed: {allowed}") from error


def text(name: str, default: str = "") -> str:
    """Any text. An empty variable counts as one that is not set, here and in every other reader."""
    return _read(name, default, "any text", str)


def secret(name: str) -> str:
    """A secret; empty where it is not set, since a secret has no default."""
    return text(name)


def boolean(name: str, *, default: bool) -> bool:
    """`true` or `false`, `1` or `0`, `yes` or `no`, `on` or `off`, in either case."""
    words = {"true": True, "1": True, "yes": True, "on": True, "false": False, "0": False, "no": False, "off": False}

    def parse(value: str) -> bool:
        if value.lower() not in words:
            raise ValueError(value)
        return words[value.lower()]

    return _read(name, default, ", ".join(words), parse)


def integer(name: str, default: int, *, minimum: int, maximum: int) -> int:
    """A whole number between two bounds, both included."""

    def parse(value: str) -> int:
        number = int(value)
        if not minimum <= number <= maximum:
            raise ValueError(value)
        return number

    return _read(name, default, f"a whole number from {minimum} to {maximum}", parse)


def fraction(name: str, default: float) -> float:
    """A number from 0 to 1."""

    def parse(value: str) -> float:
        number = float(value)
        if not 0 <= number <= 1:
            raise ValueError(value)
        return number

    return _read(name, default, "a number from 0 to 1", parse)


def choice(name: str, default: str, *, allowed: tuple[str, ...]) -> str:
    """One of some words."""

    def parse(value: str) -> str:
        if value not in allowed:
            raise ValueError(value)
        return value

    return _read(name, default, ", ".join(allowed), parse)


def words(name: str, default: tuple[str, ...] = ()) -> tuple[str, ...]:
    """Words with commas between them."""
    return _read(name, default, "words with commas between", _split)


def pairs(name: str) -> dict[str, str]:
    """`key=value` pairs with commas between them; empty where it is not set."""

    def parse(value: str) -> dict[str, str]:
        found = dict(pair.split("=", 1) for pair in _split(value))
        if not all(key.strip() and meaning.strip() for key, meaning in found.items()):
            raise ValueError(value)
        return {key.strip(): meaning.strip() for key, meaning in found.items()}

    return _read(name, {}, "key=value pairs with commas between", parse)


def url(name: str, *, schemes: tuple[str, ...], default: str = "") -> str:
    """A URL of one of some schemes. The message about a wrong one leaves it out, since it can hold a password."""
    starts = tuple(f"{scheme}://" for scheme in schemes)

    def parse(value: str) -> str:
        if not (value.startswith(starts) and _has_readable_address(value)):
            raise ImproperlyConfigured(
                f"{name} has the wrong form; allowed: a URL that starts with {' or '.join(starts)}, "
                "with signs such as / # @ in its password written as %2F %23 %40"
            )
        return value

    return _read(name, default, "", parse)


def checked(name: str, check: Callable[[str], object]) -> str:
    """Text that a check raises no ValueError about; what that says must not repeat the text, which can be secret."""

    def parse(value: str) -> str:
        try:
            check(value)
        except ValueError as error:
            reason = str(error)
        else:
            return value
        raise ImproperlyConfigured(f"{name} has the wrong form: {reason}")

    return _read(name, "", "", parse)


def brokers(name: str) -> tuple[str, ...]:
    """Addresses of Kafka brokers with commas between them; none where it is not set."""

    def parse(value: str) -> tuple[str, ...]:
        found = _split(value)
        for address in found:
            match = BROKER.fullmatch(address)
            if match is None or not 1 <= int(match["port"] or 9092) <= 65_535:
                raise ValueError(value)
        return found

    return _read(name, (), "HOST:PORT, such as kafka.example:9092 or [::1]:9092, with commas between", parse)


def topic_levels(name: str, default: tuple[str, ...]) -> tuple[str, ...]:
    """Names with commas between them, at least one, each of which can be a level of an MQTT topic."""

    def parse(value: str) -> tuple[str, ...]:
        found = _split(value)
        if not found or any(sign in level for level in found for sign in "/+#"):
            raise ValueError(value)
        return found

    return _read(name, default, "names without / + or #, with commas between", parse)


def networks(name: str) -> tuple[IPv4Network | IPv6Network, ...]:
    """Networks or addresses with commas between them; none where it is not set."""

    def parse(value: str) -> tuple[IPv4Network | IPv6Network, ...]:
        return tuple(ip_network(word) for word in _split(value))

    return _read(name, (), "networks such as 10.42.0.0/16 or 10.0.0.7, with commas between", parse)


def json(name: str, of: type[T], default: T) -> T:
    """JSON of one type. The message about something else leaves it out, since it can hold a secret."""

    def parse(value: str) -> T:
        try:
            return msgspec.json.decode(value, type=of)
        except msgspec.MsgspecError as error:
            reason = str(error)
        raise ImproperlyConfigured(f"{name} has the wrong form: {reason}")

    return _read(name, default, "", parse)


def time_zone(name: str, default: str) -> ZoneInfo:
    """A time zone of the IANA database."""

    def parse(value: str) -> ZoneInfo:
        try:
            return ZoneInfo(value)
        except (ZoneInfoNotFoundError, OSError) as error:  # a directory of zones is no zone
            raise ValueError(value) from error

    return _read(name, ZoneInfo(default), "a time zone such as Europe/Stockholm", parse)


def path(name: str, default: Path) -> Path:
    """A path; a relative one counts from the working directory."""

    def parse(value: str) -> Path:
        try:
            return Path(value).expanduser().resolve()
        except RuntimeError as error:  # a home directory of nobody, or links that lead in a circle
            raise ValueError(value) from error

    return _read(name, default.resolve(), "a path", parse)


def _has_readable_address(value: str) -> bool:
    try:
        _ = urlsplit(value).port
    except ValueError:
        return False
    return True


def _split(value: str) -> tuple[str, ...]:
    return tuple(word.strip() for word in value.split(",") if word.strip())
