"""Scoring is pure: it imports nothing that knows a clock, a database or Airflow."""

from __future__ import annotations

import ast
from pathlib import Path

ROOM = Path(__file__).parents[2] / "include" / "scoring"
LIBRARIES = {"numpy", "pandas", "scipy", "pydantic", "pydantic_core", "yaml", "SALib"}
STANDARD = {
    "itertools",
    "math",
    "__future__",
    "collections",
    "dataclasses",
    "enum",
    "functools",
    "hashlib",
    "json",
    "pathlib",
    "re",
    "typing",
}


def imported(file):
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield node.module or ""


def at_the_top(file):
    """Names imported by the module itself, not inside a function."""
    for node in ast.parse(file.read_text(encoding="utf-8")).body:
        if isinstance(node, ast.ImportFrom):
            yield node.module or ""
        elif isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)


def test_salib_is_imported_inside_the_function_that_needs_it_and_nowhere_else():
    inside = {file.name for file in ROOM.glob("*.py") for name in imported(file) if name.startswith("SALib")}
    top = {file.name for file in ROOM.glob("*.py") for name in at_the_top(file) if name.startswith("SALib")}
    assert (inside, top) == ({"sensitivity.py"}, set())


def test_scoring_imports_only_what_the_design_allows():
    files = sorted(ROOM.glob("*.py"))
    assert len(files) > 20
    for file in files:
        for name in imported(file):
            allowed = name.startswith("include.scoring") or name.split(".")[0] in LIBRARIES | STANDARD
            assert allowed, f"{file.name} imports {name}"
