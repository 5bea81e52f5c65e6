"""What must hold for any device's reading before it goes on."""

from bridge.messages import Bad, Reading, Reason

LONGEST_TEXT = 200
"""Characters of an id or tag: far more than any device uses, far less than an index entry may have."""


def storable(reading: Reading) -> Reading | Bad:
    """Return the reading, or why no table could hold it.

    PostgreSQL's text cannot hold the character NUL (https://www.postgresql.org/docs/current/datatype-character.html).
    """
    if not reading.device_id:
        return Bad(Reason.INVALID, "the device's id is missing or empty")
    for text in (reading.device_id, *reading.tags.values()):
        if "\0" in text:
            return Bad(Reason.INVALID, "the device's id or a tag contains the character NUL")
        if len(text) > LONGEST_TEXT:
            return Bad(Reason.INVALID, f"the device's id or a tag is longer than {LONGEST_TEXT} characters")
    if all(value is None for value in reading.fields.values()):
        return Bad(Reason.INVALID, "none of the values that are stored is in the message, or none can be read")
    return reading
