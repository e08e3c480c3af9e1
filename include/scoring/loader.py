"""Read YAML as people mean it: `on` is a word, `2026-01-01` is text, and a key written twice is a mistake."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import yaml

from include.scoring.errors import FrameworkError, Mistake

_Base: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class _Loader(_Base):  # type: ignore[misc]
    """YAML 1.2 scalars (YAML 1.1 reads `on:` as true), without dates, refusing repeated keys."""

    yaml_implicit_resolvers: dict[str, Any] = {}  # ruff: ignore[mutable-class-default]  the base class declares it so


for _tag, _pattern, _first in (
    ("bool", r"true|True|TRUE|false|False|FALSE", "tTfF"),
    ("int", r"[-+]?[0-9]+", "-+0123456789"),
    (
        "float",
        r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?|[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)",
        "-+0123456789.",
    ),
    ("null", r"~|null|Null|NULL|", ["~", "n", "N", ""]),
    ("merge", r"<<", "<"),
):
    _Loader.add_implicit_resolver(f"tag:yaml.org,2002:{_tag}", re.compile(f"^(?:{_pattern})$"), list(_first))


def _mapping(loader: Any, node: Any) -> dict[str, Any]:
    seen: set[Any] = set()
    for key_node, _ in node.value:
        key = loader.construct_object(key_node, deep=True)
        if isinstance(key, (list, dict)):
            raise yaml.constructor.ConstructorError(None, None, "a key must be text", key_node.start_mark)
        if key in seen and key_node.value != "<<":
            raise yaml.constructor.ConstructorError(
                None, None, f"the key [{key}] is written twice", key_node.start_mark
            )
        seen.add(key)
    loader.flatten_mapping(node)
    return {
        loader.construct_object(key, deep=True): loader.construct_object(value, deep=True)
        for key, value in node.value
    }


_Loader.add_constructor("tag:yaml.org,2002:map", _mapping)


def read_yaml(path: Path) -> Any:
    """Return the data of one YAML file in UTF-8; raise FrameworkError with line and column otherwise."""
    try:
        return parse_yaml(path.read_text(encoding="utf-8-sig"), name=path.name)
    except (FileNotFoundError, IsADirectoryError):
        raise FrameworkError((_mistake(path.name, "-", "no such file", "存在的文件", "a file"),)) from None
    except UnicodeDecodeError as error:
        found = f"byte {error.start} is not UTF-8"
        raise FrameworkError((_mistake(path.name, "-", found, " UTF-8 文本", "UTF-8 text"),)) from error


def parse_yaml(text: str, *, name: str) -> Any:
    """Return the data of YAML `text`, one document or none; `name` stands for the file in errors."""
    documents = parse_documents(text, name=name)
    if len(documents) > 1:
        found, allowed = f"{len(documents)} documents", ("一份 YAML 文档", "one YAML document")
        raise FrameworkError((_mistake(name, "-", found, *allowed),))
    return documents[0] if documents else None


def parse_documents(text: str, *, name: str) -> list[Any]:
    """Return the data of every document of YAML `text`; `name` stands for the file in errors."""
    try:
        return list(yaml.load_all(text, Loader=_Loader))
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        where = f"line {mark.line + 1}, column {mark.column + 1}" if mark else "-"
        found = str(getattr(error, "problem", None) or error).splitlines()[0]
        allowed = ("合法且键不重复的 YAML", "valid YAML whose keys are not repeated")
        raise FrameworkError((_mistake(name, where, found, *allowed),)) from error


def _mistake(file: str, path: str, found: str, zh: str, en: str) -> Mistake:
    return Mistake(file=file, path=path, found=found, allowed_zh=zh, allowed_en=en)
