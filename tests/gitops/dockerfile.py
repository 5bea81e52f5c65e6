"""The project's Dockerfile and .dockerignore, as far as tests read them."""

import json
import re
import shutil
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
INSTRUCTION = re.compile(r"^(?P<name>[A-Z]+) (?P<value>(?:.*\\\n)*.*)$", re.MULTILINE)


def instructions() -> list[tuple[str, str]]:
    """Return the instructions in their order, each as name and value on one line."""
    text = (ROOT / "Dockerfile").read_text()
    return [(found["name"], re.sub(r"\s*\\\n\s*", " ", found["value"])) for found in INSTRUCTION.finditer(text)]


def value_of(name: str) -> str:
    """Return the value of the last instruction of a name."""
    return [value for instruction, value in instructions() if instruction == name][-1]


def environment() -> dict[str, str]:
    """Return what the last stage's ENV lines set, as far as they are plain."""
    text = " ".join(value for name, value in instructions() if name == "ENV")
    return {key: value for key, value in re.findall(r"(\w+)=(\S+)", text) if "$" not in value}


def command() -> list[str]:
    """Return the command line of the web process, which is in the exec form; raises ValueError for another."""
    argv: list[str] = json.loads(value_of("CMD"))
    return argv


def copy_context(target: Path) -> None:
    """Copy what .dockerignore lets in."""
    for line in (ROOT / ".dockerignore").read_text().splitlines():
        for source in ROOT.glob(line[1:]) if line.startswith("!") else ():
            place = target / source.relative_to(ROOT)
            place.parent.mkdir(parents=True, exist_ok=True)
            if source.is_dir():
                shutil.copytree(source, place, ignore=shutil.ignore_patterns("__pycache__"))
            else:
                shutil.copy(source, place)
