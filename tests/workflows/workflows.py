"""The workflows and actions of a checkout, as far as tests read them."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).resolve().parents[2]


class Loader(yaml.CSafeLoader):
    """Reads `on` as a word, as GitHub does, and not as the truth value that YAML 1.1 takes it for."""


Loader.yaml_implicit_resolvers = {
    letter: [(tag, pattern) for tag, pattern in resolvers if tag != "tag:yaml.org,2002:bool"]
    for letter, resolvers in Loader.yaml_implicit_resolvers.items()
}


@dataclass(frozen=True)
class Workflows:
    """What is in `.github` below a directory. A truth value is the string that stands in the file."""

    root: Path

    @cached_property
    def files(self) -> list[Path]:
        """The workflows and then the actions."""
        github = self.root / ".github"
        return [*sorted(github.glob("workflows/*.yml")), *sorted(github.glob("actions/*/action.yml"))]

    @cached_property
    def workflows(self) -> dict[str, dict[str, Any]]:
        """Each workflow by the name of its file."""
        paths = [path for path in self.files if path.parent.name == "workflows"]
        return {path.name: yaml.load(path.read_text(), Loader) for path in paths}

    def jobs(self) -> Iterator[tuple[str, dict[str, Any]]]:
        """Yield every job, with the name of its workflow and its own."""
        for file, workflow in self.workflows.items():
            for name, job in workflow["jobs"].items():
                yield f"{file}: {name}", job

    def steps(self) -> Iterator[tuple[str, dict[str, Any]]]:
        """Yield every step of every job, and of every action."""
        for name, job in self.jobs():
            for step in job["steps"]:
                yield name, step
        for path in self.files:
            if path.name == "action.yml":
                for step in yaml.load(path.read_text(), Loader)["runs"]["steps"]:
                    yield path.parent.name, step

    def before(self, file: str, job: str) -> set[str]:
        """Return the jobs that have to succeed before one starts."""
        needs = self.workflows[file]["jobs"][job].get("needs", [])
        found = {needs} if isinstance(needs, str) else set(needs)
        return found.union(*(self.before(file, name) for name in found))
