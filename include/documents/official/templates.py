"""Templates that the office edits: where they are looked for, and what they may contain."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import TemplateSyntaxError, nodes
from jinja2.sandbox import SandboxedEnvironment

from include.config import read_yaml
from include.documents.official.distribution import Kind
from include.documents.official.errors import TemplateError

SHIPPED = Path(__file__).parent.parent / "templates"
FILES: dict[Kind, str] = {
    "warning_notice": "warning_notice.docx",
    "feedback_form": "feedback_form.xlsx",
    "quarter_report": "quarter_report.docx",
    "year_report": "year_report.docx",
    "rectification_notice": "rectification_notice.docx",
    "transfer_sheet": "transfer_sheet.docx",
}

Items = frozenset[str] | None


@dataclass(frozen=True)
class Template:
    """One template as it was found; `content` is its bytes."""

    kind: Kind
    path: str
    content: bytes

    @property
    def digest(self) -> str:
        """SHA-256 of the bytes."""
        return hashlib.sha256(self.content).hexdigest()


@dataclass(frozen=True)
class Placeholders:
    """What a kind's template may use: names, for a list the names of its items; and what it must use."""

    names: Mapping[str, Items]
    required: frozenset[str]


def find_template(kind: Kind, folders: Sequence[Path] = ()) -> Template:
    """The first of `folders` that has the kind's template, else the shipped one.

    Args:
        kind: the kind.
        folders: the site's and the pack's, in order of preference.
    """
    path = next(
        (found for folder in folders if (found := folder / FILES[kind]).is_file()), SHIPPED / FILES[kind]
    )
    return Template(kind, str(path), path.read_bytes())


@cache
def placeholders(kind: Kind) -> Placeholders:
    """What the kind's template may and must use."""
    document = _document()
    # A year's report may use whatever a quarter's may.
    parts = ["common", *(["quarter_report"] if kind == "year_report" else []), kind]
    names: dict[str, Items] = {}
    for part in parts:
        for name, about in document[part]["names"].items():
            names[name] = frozenset(about["items"]) if isinstance(about, dict) else None
    return Placeholders(names, frozenset(document[kind].get("required", ())))


@cache
def _document() -> dict[str, Any]:
    return read_yaml(Path(__file__).with_name("placeholders.yaml"))


def environment() -> SandboxedEnvironment:
    """Where templates run: they compute nothing but what is given to them, and text cannot become markup."""
    return SandboxedEnvironment(autoescape=True)


def check_source(template: Template, sources: Sequence[str]) -> None:
    """Look at every placeholder of a template before anything is filled in.

    Args:
        template: for the sentence.
        sources: its texts with placeholders, as Jinja.

    Raises:
        TemplateError: it is not well formed, uses a name that does not exist, or lacks one that it needs.
    """
    allowed = placeholders(template.kind)
    used: set[str] = set()
    for source in sources:
        try:
            tree = environment().parse(source)
        except TemplateSyntaxError as error:
            raise TemplateError(
                f"模板 [{template.path}] 的占位符写法有误({error.message}):请检查花括号、for 与 endfor 是否成对。",
                f"Template [{template.path}] has a placeholder that cannot be read ({error.message}): "
                "check braces and that every for has its endfor.",
            ) from error
        _walk(tree, {}, template, allowed, used)
    if lacking := sorted(allowed.required - used):
        raise TemplateError(
            f"模板 [{template.path}] 缺少必备的占位符 {lacking}:请补上,例如 {{{{ {lacking[0]} }}}}。",
            f"Template [{template.path}] lacks placeholders that it must have, {lacking}: "
            f"put them back, such as {{{{ {lacking[0]} }}}}.",
        )


def unknown_placeholder(template: Template, name: str, allowed: Sequence[str]) -> TemplateError:
    """The sentence for a name that does not exist."""
    return TemplateError(
        f"模板 [{template.path}] 中没有可用的占位符 [{name}]:请改正拼写,可用的有 {'、'.join(allowed)}。",
        f"Template [{template.path}] uses [{name}], which does not exist: correct it; there are "
        f"{', '.join(allowed)}.",
    )


def _walk(
    node: nodes.Node, scope: dict[str, Items], template: Template, allowed: Placeholders, used: set[str]
) -> None:
    if isinstance(node, nodes.For) and isinstance(node.iter, nodes.Name):
        _walk(node.iter, scope, template, allowed, used)
        items = allowed.names.get(node.iter.name)
        inner = {**scope, node.target.name: items} if isinstance(node.target, nodes.Name) else scope
        for child in (*node.body, *node.else_):
            _walk(child, inner, template, allowed, used)
        return
    if isinstance(node, nodes.Getattr) and isinstance(node.node, nodes.Name) and node.node.name in scope:
        items = scope[node.node.name]
        if items is not None and node.attr not in items:
            raise unknown_placeholder(template, f"{node.node.name}.{node.attr}", sorted(items))
        return
    if isinstance(node, nodes.Name) and node.ctx == "load" and node.name not in {*scope, "loop"}:
        if node.name not in allowed.names:
            raise unknown_placeholder(template, node.name, sorted(allowed.names))
        used.add(node.name)
    for child in node.iter_child_nodes():
        _walk(child, scope, template, allowed, used)
