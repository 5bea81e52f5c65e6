"""A payload as people read and edit it."""

import msgspec

BYTES_IN_A_LINE = 16


def as_text(payload: bytes) -> str | None:
    """Return the text of a payload that a browser can show and give back; None for any other bytes.

    Line ends become LF, because a browser gives each as CR LF, whatever it was.
    """
    try:
        text = payload.decode()
    except UnicodeDecodeError:
        return None
    return None if "\0" in text else with_lf(text)


def with_lf(text: str) -> str:
    return text.replace("\r\n", "\n").replace("\r", "\n")


def for_people(payload: bytes) -> str:
    """Return indented JSON where the payload is JSON, else its text, else a hex dump.

    Indenting changes nothing but the space between the tokens: a number or a repeated member stays as it came.
    """
    text = as_text(payload)
    if text is None:
        return hex_dump(payload)
    try:
        return msgspec.json.format(text, indent=2)
    except (msgspec.DecodeError, RecursionError):
        return text


def hex_dump(payload: bytes) -> str:
    """Return lines of offset, bytes in hexadecimal, and what of them is printable ASCII."""
    starts = range(0, len(payload), BYTES_IN_A_LINE)
    return "\n".join(_line(start, payload[start : start + BYTES_IN_A_LINE]) for start in starts)


def _line(start: int, part: bytes) -> str:
    printable = "".join(chr(byte) if 0x20 <= byte < 0x7F else "." for byte in part)
    return f"{start:08x}  {part.hex(' '):<47}  {printable}"
