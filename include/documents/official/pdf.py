"""PDF where LibreOffice is present; never required. Its text is compared, not its bytes."""

from __future__ import annotations

import re
import shutil
import subprocess  # ruff: ignore[suspicious-subprocess-import]  LibreOffice, with fixed arguments
import tempfile
from pathlib import Path

TIMEOUT_SECONDS = 120
_INSTEAD = {
    "方正小标宋简体": ("方正小标宋_GBK", "Source Han Serif SC", "Noto Serif CJK SC", "FandolSong", "SimSun"),
    "仿宋_GB2312": ("仿宋", "FangSong", "FandolFang", "Source Han Serif SC", "Noto Serif CJK SC"),
    "楷体_GB2312": ("楷体", "KaiTi", "FandolKai", "Source Han Serif SC", "Noto Serif CJK SC"),
    "黑体": ("SimHei", "FandolHei", "Source Han Sans SC", "Noto Sans CJK SC"),
    "Times New Roman": (
        "Liberation Serif",
        "Tinos",
        "Nimbus Roman",
        "Source Han Serif SC",
        "Noto Serif CJK SC",
    ),
    "宋体": ("SimSun", "FandolSong", "Source Han Serif SC", "Noto Serif CJK SC"),
}
"""Fonts that official documents name → what may stand for them, the best first."""
_PROFILE = """<?xml version="1.0" encoding="UTF-8"?>
<oor:items xmlns:oor="http://openoffice.org/2001/registry">
<item oor:path="/org.openoffice.Office.Common/Font/Substitution"><prop oor:name="Replacement" oor:op="fuse">
<value>true</value></prop></item>{pairs}
</oor:items>
"""
_PAIR = """
<item oor:path="/org.openoffice.Office.Common/Font/Substitution/FontPairs"><node oor:name="_{place}" oor:op="replace">
<prop oor:name="Always" oor:op="fuse"><value>true</value></prop>
<prop oor:name="OnScreenOnly" oor:op="fuse"><value>false</value></prop>
<prop oor:name="ReplaceFont" oor:op="fuse"><value>{font}</value></prop>
<prop oor:name="SubstituteFont" oor:op="fuse"><value>{instead}</value></prop></node></item>"""


def to_pdf(document: bytes, *, suffix: str = ".docx") -> bytes | None:
    """The document as PDF; None where there is no LibreOffice, or it fails or takes too long.

    Args:
        document: a .docx or .xlsx.
        suffix: which.
    """
    office = shutil.which("soffice") or shutil.which("libreoffice")
    if office is None:
        return None
    with tempfile.TemporaryDirectory(prefix="mingjing-pdf-") as folder:
        source = Path(folder) / f"document{suffix}"
        source.write_bytes(document)
        user = Path(folder) / "profile" / "user"
        user.mkdir(parents=True)
        (user / "registrymodifications.xcu").write_text(_profile(), encoding="utf-8")
        # A profile of its own: two runs at once would refuse each other, and the user's own settings stay out.
        command = [office, "--headless", "--norestore", f"-env:UserInstallation=file://{folder}/profile"]
        command += ["--convert-to", "pdf", "--outdir", folder, str(source)]
        try:
            subprocess.run(
                command, timeout=TIMEOUT_SECONDS, check=True, capture_output=True, stdin=subprocess.DEVNULL
            )
        except (subprocess.SubprocessError, OSError):
            return None
        made = source.with_suffix(".pdf")
        return made.read_bytes() if made.is_file() else None


def _profile() -> str:
    """Settings that give LibreOffice a font of the right kind for every one that is not installed."""
    installed = _installed()
    chosen = {
        font: next((one for one in instead if one in installed), "")
        for font, instead in _INSTEAD.items()
        if font not in installed
    }
    pairs = "".join(
        _PAIR.format(place=place, font=font, instead=instead)
        for place, (font, instead) in enumerate(chosen.items())
        if instead
    )
    return _PROFILE.format(pairs=pairs)


def _installed() -> set[str]:
    lister = shutil.which("fc-list")
    if lister is None:
        return set()
    try:
        found = subprocess.run([lister, ":", "family"], capture_output=True, timeout=30, check=True)
    except (subprocess.SubprocessError, OSError):
        return set()
    return {name.strip() for name in re.split(r"[,\n]", found.stdout.decode("utf-8", "replace"))}
