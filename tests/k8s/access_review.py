"""Reads the access review of `kubectl auth can-i`, which comes as protobuf (k8s.io/api/authorization/v1)."""

MAGIC = 4


def reviewed(body: bytes) -> dict[str, str]:
    """Return namespace, verb and resource that a SelfSubjectAccessReview asks about.

    The body is an envelope of four bytes and a runtime.Unknown, whose second field is the review.
    """
    review = _fields(_fields(body[MAGIC:])[2])
    attributes = _fields(_fields(review[2])[1])
    numbers = {"namespace": 1, "verb": 2, "resource": 5}
    return {name: attributes.get(number, b"").decode() for name, number in numbers.items()}


def _fields(message: bytes) -> dict[int, bytes]:
    """Return the length-delimited fields of a message, by number."""
    found, position = {}, 0
    while position < len(message):
        tag, position = _number(message, position)
        length, position = _number(message, position)
        if tag & 7 == 2:
            found[tag >> 3] = message[position : position + length]
            position += length
    return found


def _number(message: bytes, position: int) -> tuple[int, int]:
    number = shift = 0
    while True:
        byte = message[position]
        number |= (byte & 0x7F) << shift
        position, shift = position + 1, shift + 7
        if not byte & 0x80:
            return number, position
