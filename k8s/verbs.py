"""The verbs and resources that are allowed at all: the last look at an argument list, whoever wrote the card."""

from collections.abc import Mapping, Sequence
from functools import lru_cache
from pathlib import Path

import msgspec
import yaml

from k8s.refusal import RefusedError

VERBS = Path(__file__).with_name("verbs.yaml")
PROGRAMS = ("kubectl", "flux", "gh")


@lru_cache(maxsize=1)
def load_verbs() -> Mapping[str, Mapping[str, frozenset[str]]]:
    """Return for each program its verbs (of one to three words), and for each verb the resources it may touch."""
    return msgspec.convert(
        yaml.load(VERBS.read_bytes(), Loader=yaml.CSafeLoader),
        type=dict[str, dict[str, frozenset[str]]],
    )


def check_verb(argv: Sequence[str]) -> None:
    """Raise RefusedError unless the program, its verb and the resource that follows it are on the list."""
    program, *words = argv
    for verb, resources in load_verbs().get(program, {}).items():
        length = len(verb.split())
        if words[:length] != verb.split():
            continue
        resource = words[length].partition("/")[0] if len(words) > length else ""
        if not resources or resource in resources:
            return
    raise RefusedError(f"{' '.join(argv[:3])}: not among the verbs and resources that are allowed at all.")
