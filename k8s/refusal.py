"""Why something is not done, in words that say what to do instead."""

from collections.abc import Iterable
from difflib import get_close_matches


class RefusedError(Exception):
    """A request that is well-formed and still not carried out; nothing has run."""

    def __init__(self, reason: str, suggestion: str | None = None) -> None:
        super().__init__(reason)
        self.reason = reason
        self.suggestion = suggestion


def nearest(name: str, known: Iterable[str]) -> str:
    """Return a clause that offers the known names most like this one, or all of them if none is."""
    names = sorted(known)
    likely = get_close_matches(name, names, n=3, cutoff=0.5)
    if likely:
        return f"did you mean {' or '.join(likely)}?"
    return f"known: {', '.join(names)}" if names else "none is known"
