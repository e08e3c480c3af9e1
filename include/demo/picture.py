"""The warning list of a release as a picture for people: a word and a shape stand beside every colour."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import matplotlib as mpl
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import FancyBboxPatch

from include.documents.chinese_font import chinese_font
from include.pipeline.warning_list import WarningList

MOST_UNITS = 25
"""A longer list is cut; the picture says by how many units."""

_WIDTH, _MARGIN = 920.0, 32.0
_TOP, _HEAD, _FOOT, _LINE, _PADDING = 84.0, 34.0, 82.0, 18.0, 10.0
"""Heights in points: title, column heads, foot, one line of a row, and the space above and below a row."""
_COLUMNS = {"unit": 32.0, "score": 262.0, "change": 346.0, "rank": 414.0, "colour": 442.0, "reasons": 532.0}
"""Where a column stands: its left edge, or its right edge for figures. In points."""
_FIGURES = ("score", "change", "rank")
_REASONS_WIDTH = _WIDTH - _MARGIN - _COLUMNS["reasons"]
_SIZE, _SMALL = 11.5, 9.5
_INK, _GREY, _RULE, _PAPER = "#1f2933", "#616e7c", "#d9dee3", "#ffffff"
_DPI = 120
_CHIP_WIDTH = 78.0


@dataclass(frozen=True)
class _Chip:
    shape: str
    zh: str
    en: str
    fill: str
    ink: str


_CHIPS = {
    "red": _Chip("▲", "红", "red", "#fbe3e1", "#a3190f"),
    "yellow": _Chip("◆", "黄", "yellow", "#fdf1cf", "#7a5200"),
    "green": _Chip("●", "绿", "green", "#e0f2e6", "#17633a"),
    "": _Chip("○", "未评", "not rated", "#eceff2", "#52606d"),
}
_HEADERS = {
    "unit": "单位 unit",
    "score": "得分 score",
    "change": "变化 change",
    "rank": "名次 rank",
    "colour": "颜色 colour",
    "reasons": "主要原因与失分 leading reasons, points lost",
}
_STATUS = {"provisional": "暂定 provisional", "final": "定稿 final"}


@dataclass(frozen=True)
class _Row:
    """What is written for one unit."""

    name: str
    code: str
    colour: str
    figures: tuple[str, str, str]
    reasons: tuple[str, ...]
    lost: tuple[str, ...]

    @property
    def height(self) -> float:
        return max(2, len(self.reasons) + len(self.lost)) * _LINE + 2 * _PADDING


def draw_warning_list(found: WarningList, path: Path) -> None:
    """Draw the units that are red or yellow, the worst first, at most `MOST_UNITS` of them.

    Args:
        found: the list of a release.
        path: the file to write; its ending, `.png` or `.svg`, says which kind. The same list gives the same bytes.

    Raises:
        ValueError: another ending.
    """
    if path.suffix not in (".png", ".svg"):
        raise ValueError(f"[{path.name}] 应以 .png 或 .svg 结尾。 [{path.name}] should end in .png or .svg.")
    warned = found.units[found.units["colour"].isin(["red", "yellow"])]
    rows = [_row(unit) for unit in warned.head(MOST_UNITS).to_dict("records")]
    height = _TOP + _HEAD + sum(row.height for row in rows) + (0 if rows else 3 * _LINE) + _FOOT
    # Type set as outlines needs no font where the picture is looked at; the salt keeps ids the same.
    with mpl.rc_context({"svg.fonttype": "path", "svg.hashsalt": "mingjing"}):
        figure = Figure(figsize=(_WIDTH / 72, height / 72), facecolor=_PAPER)
        axes = figure.add_axes((0, 0, 1, 1))
        axes.set(xlim=(0, _WIDTH), ylim=(height, 0))
        axes.axis("off")
        _draw_head(axes, found)
        y = _TOP + _HEAD
        for row in rows:
            _draw_row(axes, row, y)
            y += row.height
        if not rows:
            _write(
                axes,
                _MARGIN,
                y + 1.5 * _LINE,
                "没有红色或黄色的单位。 No unit is red or yellow.",
                color=_GREY,
            )
            y += 3 * _LINE
        _draw_foot(axes, found, y, left_out=len(warned) - len(rows))
        metadata = {"Date": None} if path.suffix == ".svg" else {"Software": None}
        path.parent.mkdir(parents=True, exist_ok=True)
        figure.savefig(path, dpi=_DPI, metadata=metadata)


def _row(unit: dict[Any, Any]) -> _Row:
    rank = "—" if pd.isna(unit["rank"]) else f"{int(unit['rank'])} / {unit['peers']}"
    lost = f"失分 lost：{unit['lost']}" if unit["lost"] else ""
    return _Row(
        unit["name"],
        unit["unit_code"],
        unit["colour"],
        (_figure(unit["published"]), _change(unit["change"]), rank),
        _wrapped(unit["warnings"], _SIZE),
        _wrapped(lost, _SMALL),
    )


def _draw_head(axes: Axes, found: WarningList) -> None:
    release = found.release
    _write(axes, _MARGIN, 38, f"{release.period} 预警名单 Warning list", size=20)
    about = (
        f"地区 area {release.jurisdiction}",
        f"指标体系 framework {release.framework_code} {release.framework_version}",
        f"第 {release.revision} 版 revision {release.revision}",
        _STATUS.get(found.status, found.status),
    )
    _write(axes, _MARGIN, 66, "  ·  ".join(about), size=_SMALL, color=_GREY)
    for column, header in _HEADERS.items():
        side = "right" if column in _FIGURES else "left"
        zh, _, en = header.partition(" ")
        text = header if column == "reasons" else f"{zh}\n{en}"
        _write(axes, _COLUMNS[column], _TOP + _HEAD / 2, text, size=8.5, color=_GREY, ha=side, va="center")
    _rule(axes, _TOP + _HEAD, 1.2, _GREY)


def _draw_row(axes: Axes, row: _Row, top: float) -> None:
    first = top + _PADDING + _LINE / 2
    _write(axes, _COLUMNS["unit"], first, row.name, size=_SIZE + 0.5)
    _write(axes, _COLUMNS["unit"], first + _LINE, row.code, size=_SMALL, color=_GREY)
    for column, text in zip(_FIGURES, row.figures, strict=True):
        size = _SIZE + 2 if column == "score" else _SIZE
        _write(axes, _COLUMNS[column], first, text, size=size, ha="right")
    _draw_chip(axes, _CHIPS[row.colour], _COLUMNS["colour"], first)
    for place, line in enumerate(row.reasons):
        _write(axes, _COLUMNS["reasons"], first + place * _LINE, line)
    below = first + len(row.reasons) * _LINE
    for place, line in enumerate(row.lost):
        _write(axes, _COLUMNS["reasons"], below + place * _LINE, line, size=_SMALL, color=_GREY)
    _rule(axes, top + row.height, 0.6, _RULE)


def _draw_chip(axes: Axes, chip: _Chip, left: float, middle: float, *, count: int | None = None) -> float:
    """Draw shape and word on their colour; return the right edge."""
    text = f"{chip.shape} {chip.zh} {chip.en}" + ("" if count is None else f"  {count}")
    width, height = max(_CHIP_WIDTH, _width(text, _SMALL) + 16), 20.0
    box = FancyBboxPatch(
        (left, middle - height / 2), width, height,
        boxstyle="round,pad=0,rounding_size=4", facecolor=chip.fill, edgecolor=chip.ink, linewidth=0.7,
    )  # fmt: skip
    axes.add_patch(box)
    _write(axes, left + width / 2, middle, text, size=_SMALL, color=chip.ink, ha="center")
    return left + width


def _draw_foot(axes: Axes, found: WarningList, top: float, *, left_out: int) -> None:
    left, middle = _MARGIN, top + 26
    for colour, count in found.counts().items():
        left = 8 + _draw_chip(axes, _CHIPS[colour], left, middle, count=count)
    said = []
    if left_out:
        said.append(f"另有 {left_out} 个单位未画出。 {left_out} more units are not drawn.")
    if missing := found.release.missing_feeds:
        said.append(f"缺报 missing {', '.join(missing)}")
    _write(axes, left + 8, middle, "  ".join(said), size=_SMALL, color=_GREY)
    note = "预警是线索,不是结论。 A warning is a lead, not a finding."
    _write(axes, _MARGIN, top + 54, note, size=_SIZE)


def _rule(axes: Axes, y: float, width: float, colour: str) -> None:
    axes.plot([_MARGIN, _WIDTH - _MARGIN], [y, y], color=colour, linewidth=width, solid_capstyle="butt")


def _write(
    axes: Axes,
    x: float,
    y: float,
    text: str,
    *,
    size: float = _SIZE,
    color: str = _INK,
    ha: str = "left",
    va: str = "baseline",
) -> None:
    """Write at `y`, the middle of a line; on a common baseline, whatever letters the text holds."""
    below = 0.36 * _SIZE if va == "baseline" else 0.0
    # A name may hold a dollar sign, which would start a formula.
    axes.text(
        x, y + below, text, fontproperties=chinese_font(size), color=color, ha=ha, va=va, linespacing=1.15,
        parse_math=False,
    )  # fmt: skip


def _figure(value: float) -> str:
    return "—" if pd.isna(value) else f"{value:.2f}"


def _change(value: float) -> str:
    if pd.isna(value):
        return "—"
    arrow = "↑" if value > 0 else "↓" if value < 0 else "→"
    return f"{arrow} {abs(value):.2f}"


def _width(text: str, size: float) -> float:
    """Roughly how wide a text is set, in points: a Chinese character is as wide as it is high."""
    wide = sum(unicodedata.east_asian_width(letter) in "WFA" for letter in text)
    return size * (wide + 0.5 * (len(text) - wide))


def _wrapped(text: str, size: float) -> tuple[str, ...]:
    """Break a listing after `、` into lines that fit the last column; one item too long is broken inside."""
    lines = [""]
    for part in text.replace("、", "、\0").split("\0"):
        if lines[-1] and _width(lines[-1] + part, size) > _REASONS_WIDTH:
            lines.append("")
        for letter in part:
            if _width(lines[-1] + letter, size) > _REASONS_WIDTH:
                lines.append("")
            lines[-1] += letter
    return tuple(line for line in lines if line)
