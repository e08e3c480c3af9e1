"""Charts of documents: never by colour alone, and the same figures give the same bytes."""

from __future__ import annotations

import io
from collections.abc import Sequence

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from include.documents.chinese_font import chinese_font
from include.documents.official.facts import ColourCount, GroupScore, TrendPoint
from include.documents.official.figures import percent, points

WIDTH_MM = 150.0
_DPI = 200
_INK, _GREY, _RULE = "#1f2933", "#616e7c", "#d9dee3"
_FILLS = {
    "green": ("#9fd3b3", "", "● 绿色"),
    "yellow": ("#f4d787", "//", "◆ 黄色"),
    "red": ("#e79b94", "xx", "▲ 红色"),
    "unrated": ("#e4e8ec", "..", "○ 未评"),
}
_LINES = (
    ("#1f4e79", "o", "-"),
    ("#a3190f", "s", "--"),
    ("#17633a", "^", "-."),
    ("#7a5200", "D", ":"),
    ("#52606d", "v", "-"),
)


def rates_chart(groups: Sequence[GroupScore]) -> bytes:
    """Bars of the rates of groups, a tick where the middle one of the peers stands."""
    rated = [group for group in groups if group.rate is not None]
    figure, axes = _figure(13 + 5.6 * max(1, len(rated)))
    for place, group in enumerate(rated):
        rate = group.rate or 0.0
        axes.barh(place, rate * 100, height=0.62, color="#9db8d2", edgecolor="#1f4e79", linewidth=0.7)
        axes.text(
            1.2, place, percent(rate), ha="left", va="center", fontproperties=chinese_font(9), color=_INK
        )
        if group.peer_median is not None:
            middle = group.peer_median * 100
            axes.plot([middle, middle], [place - 0.38, place + 0.38], color=_INK, linewidth=1.8)
            axes.plot(middle, place - 0.42, marker="v", color=_INK, markersize=4, clip_on=False)
    axes.set(xlim=(0, 100), ylim=(len(rated) - 0.45, -0.75))
    axes.set_yticks(range(len(rated)), [group.title for group in rated])
    axes.set_xlabel("得分率（%）　▼ 竖线：同类单位中位", fontproperties=chinese_font(8.5), color=_GREY)
    return _png(figure, axes)


def colours_chart(counts: Sequence[ColourCount]) -> bytes:
    """Stacked bars of the colours of each peer group, each with its pattern and its count."""
    figure, axes = _figure(27 + 10.0 * len(counts))
    for place, count in enumerate(counts):
        left = 0.0
        for colour, (fill, hatch, _) in _FILLS.items():
            units = getattr(count, colour)
            if not units:
                continue
            share = 100 * units / max(1, count.units)
            axes.barh(
                place, share, left=left, height=0.55, color=fill, hatch=hatch, edgecolor="white", linewidth=0
            )
            axes.barh(place, share, left=left, height=0.55, color="none", edgecolor=_GREY, linewidth=0.6)
            if share >= 3:
                axes.text(
                    left + share / 2, place, str(units), ha="center", va="center",
                    fontproperties=chinese_font(9), color=_INK,
                    bbox={"facecolor": "white", "edgecolor": "none", "pad": 1.2, "alpha": 0.85},
                )  # fmt: skip
            left += share
    axes.set(xlim=(0, 100), ylim=(len(counts) - 0.45, -0.55))
    axes.set_yticks(range(len(counts)), [f"{count.peer_group}（{count.units}个）" for count in counts])
    axes.set_xlabel("占比（%），数字为单位数", fontproperties=chinese_font(8.5), color=_GREY)
    handles = [
        axes.barh(-9, 0, color=fill, hatch=hatch, edgecolor=_GREY, linewidth=0.6, label=label)
        for fill, hatch, label in _FILLS.values()
    ]
    axes.legend(
        handles=handles, loc="lower center", bbox_to_anchor=(0.45, 1.0), ncols=4, frameon=False,
        prop=chinese_font(9), handlelength=1.6, columnspacing=1.6,
    )  # fmt: skip
    return _png(figure, axes)


def trend_chart(trend: Sequence[TrendPoint]) -> bytes:
    """Lines of the mean index per peer group, each with a marker and a stroke of its own."""
    periods = sorted({point.period for point in trend})
    groups = list(dict.fromkeys(point.peer_group for point in trend))
    figure, axes = _figure(62)
    for place, group in enumerate(groups):
        colour, marker, stroke = _LINES[place % len(_LINES)]
        own = {point.period: point.mean for point in trend if point.peer_group == group}
        at = [periods.index(period) for period in periods if period in own]
        means = [own[periods[one]] for one in at]
        axes.plot(
            at, means, color=colour, marker=marker, linestyle=stroke, linewidth=1.5, markersize=5, label=group
        )
        for x, mean in zip(at, means, strict=True):
            above = mean >= max(
                (point.mean for point in trend if point.period == periods[x] and point.peer_group != group),
                default=-1.0,
            )
            axes.annotate(
                points(mean), (x, mean), xytext=(0, 6 if above else -13), textcoords="offset points",
                ha="center", fontproperties=chinese_font(8.5), color=colour,
            )  # fmt: skip
    axes.set_xticks(range(len(periods)), periods)
    axes.set_xlim(-0.4, max(0, len(periods) - 1) + 0.4)
    axes.margins(y=0.28)
    axes.set_ylabel("平均指数（分）", fontproperties=chinese_font(8.5), color=_GREY)
    axes.grid(axis="y", color=_RULE, linewidth=0.6)
    axes.legend(
        loc="lower center", bbox_to_anchor=(0.5, 1.0), ncols=len(groups), frameon=False, prop=chinese_font(9)
    )
    return _png(figure, axes)


def _figure(height_mm: float) -> tuple[Figure, Axes]:
    figure = Figure(figsize=(WIDTH_MM / 25.4, height_mm / 25.4), facecolor="white", layout="constrained")
    return figure, figure.add_subplot()


def _png(figure: Figure, axes: Axes) -> bytes:
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)
    for side in ("left", "bottom"):
        axes.spines[side].set_color(_GREY)
    axes.tick_params(colors=_GREY, length=2)
    for label in (*axes.get_xticklabels(), *axes.get_yticklabels()):
        label.set(fontproperties=chinese_font(9), color=_INK)
    written = io.BytesIO()
    with mpl.rc_context({"hatch.linewidth": 0.6, "hatch.color": "#52606d"}):
        figure.savefig(written, format="png", dpi=_DPI, metadata={"Software": None})
    return written.getvalue()
