"""A site's contracts, measures and frameworks; a file that did not change is not parsed again."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

from include.feeds.contract import Contract
from include.measures.definition import MeasuresDefinition
from include.pipeline.packs import Pack, in_force, versions_of
from include.quarters import Quarter
from include.site import FRAMEWORKS, Site

Loaded = TypeVar("Loaded")
Stamp = tuple[tuple[str, int, int], ...]

_kept: dict[tuple[Any, ...], tuple[Stamp, Any]] = {}


def contract_of(site: Site, feed: str) -> Contract:
    """The contract of a feed; ConfigError where it is missing or wrong."""
    path = site.contract_path(feed)
    return _once((Contract, str(path)), _stamp([path]), lambda: Contract.from_yaml(path))


def contracts_of(site: Site) -> list[Contract]:
    """The contracts of all feeds of the site, in the order of site.yaml."""
    return [contract_of(site, feed) for feed in site.feeds]


def measures_of(site: Site, feed: str) -> MeasuresDefinition:
    """The measures of a feed; ConfigError where they are missing or wrong."""
    path = site.measures_path(feed)
    return _once((MeasuresDefinition, str(path)), _stamp([path]), lambda: MeasuresDefinition.from_sql(path))


def packs_of(site: Site, quarter: Quarter) -> list[Pack]:
    """The frameworks of the site that are in force in a quarter, in the order of site.yaml.

    Raises:
        ConfigError: no such pack, or a pack extends what does not exist.
        include.scoring.FrameworkError: a framework itself is wrong.
    """
    return in_force([known_versions(site, name) for name in site.settings.frameworks], quarter)


def known_versions(site: Site, name: str) -> list[Pack]:
    """Every version of a framework; errors as in `versions_of`."""
    # Any file of any pack may be one that a version extends.
    files = [*FRAMEWORKS.glob("*/framework*.yaml"), *(site.folder / "packs").glob("*/framework*.yaml")]
    return _once((Pack, str(site.folder), name), _stamp(files), lambda: versions_of(site, name))


def _stamp(files: list[Path]) -> Stamp:
    return tuple(
        (str(file), about.st_mtime_ns, about.st_size) for file in sorted(files) if (about := file.stat())
    )


def _once(key: tuple[Any, ...], stamp: Stamp, load: Callable[[], Loaded]) -> Loaded:
    kept = _kept.get(key)
    if kept is None or kept[0] != stamp:
        kept = _kept[key] = (stamp, load())
    loaded: Loaded = kept[1]
    return loaded
