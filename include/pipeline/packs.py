"""Finding the framework that is in force: a site's own pack first, then a shipped one; `extends` overrides."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from include.config import ConfigError
from include.quarters import Quarter
from include.scoring import Framework
from include.scoring.loader import read_yaml
from include.scoring.periods import starts
from include.site import FRAMEWORKS, Site

_BY_CODE = ("groups", "indicators", "adjustments", "warnings")


@dataclass(frozen=True)
class Pack:
    """A framework and the files it was made of, the extended one first."""

    framework: Framework
    files: tuple[Path, ...]

    @property
    def own(self) -> bool:
        """Whether the framework is a site's own, not one that ships with the repository."""
        return not self.files[-1].is_relative_to(FRAMEWORKS)


def in_force(versions: Iterable[Sequence[Pack]], quarter: Quarter) -> list[Pack]:
    """Choose of each framework's versions the one that is in force in `quarter`: what took effect last.

    Once a version of the site's own is in force, shipped ones of the same name count no more: a county's weights are
    never replaced by an update of the repository. A framework without a version in force is left out.
    """
    chosen = []
    for packs in versions:
        covering = [pack for pack in packs if pack.framework.covers(str(quarter))]
        if covering:
            chosen.append(max(covering, key=lambda pack: (pack.own, _begun(pack))))
    return chosen


def versions_of(site: Site, name: str) -> list[Pack]:
    """Load every version of a framework, the site's own and the shipped ones; `jiaokou@2026.1` is that one only.

    Raises:
        ConfigError: there is none, two have the same version, or one extends what does not exist.
        include.scoring.FrameworkError: a version is wrong.
    """
    code, _, pinned = name.partition("@")
    packs = [_load(site, path) for path in _files(site, code)]
    _once(site, code, packs)
    found = [pack for pack in packs if pinned in ("", pack.framework.version)]
    if not found:
        known = sorted(
            {f"{path.parent.name}@{_version(path)}" for path in FRAMEWORKS.glob("*/framework*.yaml")}
        )
        known += [f"{pack.framework.framework}@{pack.framework.version}" for pack in packs if pack.own]
        raise ConfigError(
            site.folder / "site.yaml",
            [
                f"[frameworks] 没有指标体系 [{name}],可用:{known}。 "
                f"[frameworks] names [{name}]: no such framework; there are {known}."
            ],
        )
    return found


def shipped_versions(code: str) -> list[Framework]:
    """Every version of a framework that ships with the repository, without a site; none where there is no such one."""
    return [Framework.from_dict(_resolve(None, path, ())[0], file=str(path)) for path in _files(None, code)]


def read_draft(site: Site, path: Path) -> Pack:
    """Load a framework file that is not in force, wherever it lies; it may extend a version that the site knows.

    Raises:
        ConfigError: it extends what does not exist.
        include.scoring.FrameworkError: the framework is wrong.
    """
    document, files = _resolve(site, path, ())
    return Pack(Framework.from_dict(document, file=str(path)), files)


def overlay(
    base: Mapping[str, Any], override: Mapping[str, Any], *, file: Path | str = "framework"
) -> dict[str, Any]:
    """Lay one framework document over another.

    Lists of items with a `code` are merged by code: a known item takes the given keys, `remove: true` drops it, a
    new one is appended. Everything else is replaced. ConfigError names what cannot be merged.
    """
    merged = deepcopy(dict(base))
    for key, value in override.items():
        if key == "extends":
            continue
        if key in _BY_CODE:
            merged[key] = _merged_items(merged.get(key) or [], value, key=key, file=file)
        else:
            merged[key] = deepcopy(value)
    return merged


def _merged_items(base: list[Any], changes: Any, *, key: str, file: Path | str) -> list[Any]:
    items = {item["code"]: item for item in base}
    if not isinstance(changes, list) or not all(isinstance(one, dict) and one.get("code") for one in changes):
        raise ConfigError(
            file,
            [f"[{key}] 应为列表,每项都有 code。 [{key}] must be a list whose every item has a code."],
        )
    for change in changes:
        code = change["code"]
        if "remove" not in change:
            items[code] = {**items.get(code, {}), **deepcopy(change)}
        elif change == {"code": code, "remove": True} and code in items:
            del items[code]
        else:
            raise ConfigError(
                file,
                [
                    f"[{key}.{code}] 无法去掉:只写 code 和 remove: true,且被继承的体系须有该项。 "
                    f"[{key}.{code}] cannot be removed: write code and remove: true only, for an item that the "
                    f"extended framework has."
                ],
            )
    return list(items.values())


def _load(site: Site, path: Path) -> Pack:
    document, files = _resolve(site, path, ())
    pack = Pack(Framework.from_dict(document, file=str(path)), files)
    if (code := pack.framework.framework) != path.parent.name:
        raise ConfigError(
            path,
            [
                f"[framework] 现值 [{code}] 应与目录名 [{path.parent.name}] 一致。 "
                f"[framework] found [{code}]; it must be the name of its folder, [{path.parent.name}]."
            ],
        )
    return pack


def _begun(pack: Pack) -> tuple[int, int]:
    first = pack.framework.effective_from
    return starts(first) if first else (0, 0)


def _files(site: Site | None, code: str) -> list[Path]:
    own = [] if site is None else [site.folder / "packs" / code]
    return [path for folder in (*own, FRAMEWORKS / code) for path in sorted(folder.glob("framework*.yaml"))]


def _once(site: Site, code: str, packs: list[Pack]) -> None:
    versions = [pack.framework.version for pack in packs]
    if twice := sorted({version for version in versions if versions.count(version) > 1}):
        raise ConfigError(
            site.folder / "packs" / code,
            [
                f"[version] {twice} 不止一份文件使用,请给自己的指标体系取新的版本号。 "
                f"[version] {twice} is used by several files: give your own framework a version of its own."
            ],
        )


def _resolve(
    site: Site | None, path: Path, below: tuple[Path, ...]
) -> tuple[dict[str, Any], tuple[Path, ...]]:
    document = read_yaml(path)
    if not isinstance(document, dict) or "extends" not in document:
        return document, (path,)
    if lacking := sorted({"framework", "version", "effective_from"} - set(document)):
        # Inherited, they would pass one county's figures off as another framework's.
        raise ConfigError(
            path,
            [f"{lacking} 必填,不从被继承的体系取。 {lacking} are required here and never inherited."],
        )
    extended = str(document["extends"])
    code, _, version = extended.partition("@")
    candidates = [one for one in _files(site, code) if one not in (path, *below)]
    for candidate in candidates:
        if _version(candidate) == version:
            base, files = _resolve(site, candidate, (path, *below))
            return overlay(base, document, file=path), (*files, path)
    known = [f"{code}@{_version(one)}" for one in candidates]
    raise ConfigError(
        path,
        [
            f"[extends] 现值 [{extended}] 找不到,须写明版本;可用:{known}。 "
            f"[extends] found [{extended}]; name a version of another framework: {known}."
        ],
    )


def _version(path: Path) -> str:
    document = read_yaml(path)
    return str(document.get("version")) if isinstance(document, dict) else ""
