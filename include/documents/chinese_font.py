"""The Chinese font for pictures: the one that the package `mplfonts` carries, so that none has to be installed."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

from matplotlib.font_manager import FontProperties

_FONT = "NotoSansCJKsc-Regular.otf"


def chinese_font(size: float) -> FontProperties:
    """The font at `size` points; ModuleNotFoundError where the package is not installed."""
    # Found without being imported: on import the package changes settings of the user.
    package = find_spec("mplfonts")
    if package is None or package.origin is None:
        raise ModuleNotFoundError("mplfonts")
    return FontProperties(fname=str(Path(package.origin).parent / "fonts" / _FONT), size=size)
