"""A payload's bytes as the JSON object that every device of the house sends."""

from collections.abc import Iterable
from typing import Any

import msgspec

from bridge.messages import Bad, Reason

MAX_DEPTH = 32
"""Deeper than any device nests; shallow enough that whoever reads the message later can, from any stack."""


def decode_object(payload: bytes) -> dict[str, Any] | Bad:
    """Decode strict JSON in strict UTF-8; anything but an object that can be encoded again is bad."""
    try:
        decoded = msgspec.json.decode(payload)
    except msgspec.ValidationError as error:
        return Bad(Reason.INVALID, str(error))
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        return Bad(Reason.NOT_JSON, str(error))
    except RecursionError:
        return Bad(Reason.INVALID, "nested too deeply")
    if not isinstance(decoded, dict):
        return Bad(Reason.NOT_AN_OBJECT, f"the JSON value is no object but {_kind(decoded)}")
    # What is nested has brackets: counting them is quick, and enough for nearly every message.
    if payload.count(b"{") + payload.count(b"[") > MAX_DEPTH and _is_deep(decoded):
        return Bad(Reason.INVALID, "nested too deeply")
    return decoded


def _kind(decoded: object) -> str:
    kinds = {list: "an array", str: "a string", bool: "a boolean", type(None): "null"}
    return kinds.get(type(decoded), "a number")


def _is_deep(decoded: object) -> bool:
    level = [decoded]
    for _ in range(MAX_DEPTH):
        level = [child for parent in level for child in _children(parent)]
        if not level:
            return False
    return True


def _children(value: object) -> Iterable[object]:
    if isinstance(value, dict):
        return value.values()
    return value if isinstance(value, list) else ()
