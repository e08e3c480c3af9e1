"""Reading our own YAML into frozen strict models, with sentences for what is wrong."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypeVar

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from pydantic_core import PydanticCustomError

Model = TypeVar("Model", bound=BaseModel)

_Base: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class Strict(BaseModel):
    """A frozen record that refuses what it does not know."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Words(Strict):
    """A text in both languages of the product."""

    zh: str = Field(min_length=1)
    en: str = ""


class ConfigError(ValueError):
    """A YAML file of ours or of a site is wrong; the message lists every mistake, one a line."""

    def __init__(self, file: Path | str, mistakes: list[str]) -> None:
        self.file = str(file)
        self.mistakes = mistakes
        super().__init__("\n".join(f"[{file}] {mistake}" for mistake in mistakes))


class _Loader(_Base):  # type: ignore[misc]
    """A safe loader that refuses a key written twice, of which YAML would silently keep the last."""


def _mapping(loader: Any, node: Any) -> dict[Any, Any]:
    seen: set[str] = set()
    for key, _ in node.value:
        name = key.value if isinstance(key, yaml.ScalarNode) else ""
        if name in seen:
            raise yaml.constructor.ConstructorError(None, None, f"[{name}] is written twice", key.start_mark)
        seen |= {name} - {"", "<<"}
    loader.flatten_mapping(node)
    return {
        loader.construct_object(key, deep=True): loader.construct_object(value, deep=True)
        for key, value in node.value
    }


_Loader.add_constructor("tag:yaml.org,2002:map", _mapping)


def load_yaml(text: str) -> Any:
    """Plain data from YAML text, as `yaml.safe_load` gives it, by the parser in C where there is one."""
    return yaml.load(text, Loader=_Base)  # ruff: ignore[unsafe-yaml-load]  _Base is a safe one


def read_yaml(path: Path) -> dict[str, Any]:
    """Read one mapping from a YAML file; raise ConfigError where it is missing, broken or no mapping."""
    try:
        found = yaml.load(path.read_text(encoding="utf-8-sig"), Loader=_Loader)  # ruff: ignore[unsafe-yaml-load]  _Loader is a safe one
    except (FileNotFoundError, NotADirectoryError) as error:
        raise ConfigError(path, ["文件不存在。 The file does not exist."]) from error
    except UnicodeDecodeError as error:
        raise ConfigError(
            path, ["不是 UTF-8 文本,请另存为 UTF-8。 Not UTF-8 text: save it as UTF-8."]
        ) from error
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        where = f"{mark.line + 1}:{mark.column + 1}" if mark else "-"
        problem = getattr(error, "problem", None) or str(error)
        raise ConfigError(
            path,
            [
                f"[{where}] 不是合法的 YAML(行:列见方括号):{problem}。 "
                f"Not valid YAML at the line:column in brackets: {problem}."
            ],
        ) from error
    if not isinstance(found, dict):
        raise ConfigError(path, ["顶层应为映射。 The top level must be a mapping."])
    return found


def parse(model: type[Model], found: Mapping[str, Any], *, file: Path | str) -> Model:
    """Build `model` from plain data; raise ConfigError that names path, found and allowed for each mistake."""
    try:
        return model.model_validate(found)
    except ValidationError as error:
        raise ConfigError(file, [_sentence(item) for item in error.errors()]) from error


def mistake(zh: str, en: str) -> PydanticCustomError:
    """For a validator to raise: a whole sentence of its own, said as it stands and without the value found."""
    return PydanticCustomError("sentence", "{said}", {"said": f"{zh} {en}"})


def _sentence(item: Any) -> str:
    path = ".".join(str(part) for part in item["loc"]) or "(top)"
    kind = item["type"]
    if kind == "sentence":
        return f"[{path}] {item['msg']}" if item["loc"] else str(item["msg"])
    if kind == "extra_forbidden":
        return f"[{path}] 不认识这个键,请删除或改正拼写。 Unknown key [{path}]: remove it or correct its spelling."
    if kind == "missing":
        return f"[{path}] 缺少必填项。 [{path}] is required and missing."
    zh, en = _allowed(kind, item)
    shown = _shown(item["input"])
    return f"[{path}] 现值 [{shown}] 不允许:{zh}。 [{path}] found [{shown}]; allowed: {en}."


def _allowed(kind: str, item: Any) -> tuple[str, str]:
    """What is allowed instead, in Chinese and English; pydantic's own English words where we have none."""
    context = item.get("ctx", {})
    own = item["msg"].removeprefix("Value error, ").rstrip("。.")
    if kind == "string_type" and isinstance(item["input"], int | float):
        return f'文字,请加引号写作 "{item["input"]}"', f'text: write it in quotes, "{item["input"]}"'
    words = {
        "string_type": ("文字", "text"),
        "int_type": ("整数", "a whole number"),
        "int_parsing": ("整数", "a whole number"),
        "int_from_float": ("整数", "a whole number"),
        "bool_type": ("true 或 false", "true or false"),
        "bool_parsing": ("true 或 false", "true or false"),
        "tuple_type": ("列表", "a list"),
        "dict_type": ("映射(键: 值)", "a mapping of keys to values"),
        "model_type": ("映射(键: 值)", "a mapping of keys to values"),
        "string_pattern_mismatch": (
            f"符合 {context.get('pattern')} 的文字",
            f"text that matches {context.get('pattern')}",
        ),
        "string_too_short": ("不为空的文字", "a text that is not empty"),
        "too_short": (f"至少 {context.get('min_length')} 项", f"at least {context.get('min_length')}"),
        "greater_than_equal": (f"不小于 {context.get('ge')} 的数", f"a number from {context.get('ge')} up"),
        "less_than_equal": (f"不大于 {context.get('le')} 的数", f"a number up to {context.get('le')}"),
        "literal_error": (str(context.get("expected")), str(context.get("expected"))),
    }
    zh, _, en = own.partition(" | ")
    return words.get(kind, (zh, en or zh))


def _shown(found: Any) -> str:
    if isinstance(found, dict | list | tuple):
        return "映射 mapping" if isinstance(found, dict) else "列表 list"
    return "空 nothing" if found is None or found == "" else str(found)[:80]
