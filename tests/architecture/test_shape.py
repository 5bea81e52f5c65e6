"""What code looks like from far: one subject in a module, and functions that fit into a head."""

import ast
from collections.abc import Iterator
from pathlib import Path
from statistics import median

from tests.architecture.repository import PACKAGES, ROOT, modules

LINES_OF_A_MODULE = 400
LINES_OF_A_FUNCTION = 40
MEDIAN_LINES_OF_A_FUNCTION = 10
EVERYTHING = (*PACKAGES, "bench", "tests")


def lengths(syntax: ast.Module) -> Iterator[tuple[str, int]]:
    """Yield each function's name and its number of lines, signature and docstring included."""
    for node in ast.walk(syntax):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.end_lineno:
            yield node.name, node.end_lineno - node.lineno + 1


def complaints(root: Path, *packages: str) -> Iterator[str]:
    all_lengths = []
    for path, syntax, lines in modules(root, *packages):
        if lines > LINES_OF_A_MODULE:
            yield f"{path} has {lines} lines; split it by subject"
        for name, length in lengths(syntax):
            all_lengths.append(length)
            if length > LINES_OF_A_FUNCTION:
                yield f"{path}: {name} has {length} lines"
    if median(all_lengths) > MEDIAN_LINES_OF_A_FUNCTION:
        yield f"half of the functions have over {MEDIAN_LINES_OF_A_FUNCTION} lines"


def test_modules_and_functions_are_short() -> None:
    assert list(complaints(ROOT, *EVERYTHING)) == []


def test_long_ones_are_found_out(tmp_path: Path) -> None:
    (tmp_path / "app").mkdir()
    (tmp_path / "app/long.py").write_text("def short():\n" + "    x = 1\n" * 9 + "\n" * 391)
    (tmp_path / "app/longer.py").write_text("async def long():\n" + "    x = 1\n" * 40)
    assert list(complaints(tmp_path, "app")) == [
        "app/long.py has 401 lines; split it by subject",
        "app/longer.py: long has 41 lines",
        "half of the functions have over 10 lines",
    ]
