"""Paths of the lake and the inbox: a local folder by default, any object store by its URI."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path
from typing import Any, TypeAlias

from upath import UPath

StorePath: TypeAlias = Any
"""pathlib.Path or a UPath such as Airflow's ObjectStoragePath: they share the methods used here, not a type."""


def open_path(place: str, *, base: Path) -> StorePath:
    """Open a folder named in site.yaml.

    A plain path is local (relative to `base`). A URI goes through fsspec; one that names an Airflow connection
    (`s3://connection@bucket/…`) goes through Airflow's ObjectStoragePath, which holds the secret.
    """
    if "://" not in place:
        return base / place
    if "@" in place.partition("://")[2].partition("/")[0]:
        from airflow.sdk import ObjectStoragePath  # the import costs seconds: paid only where it is used

        return ObjectStoragePath(place)
    return UPath(place)


def secret_of_connection(name: str) -> str:
    """The password of an Airflow connection, from whatever secrets backend Airflow has."""
    from airflow.sdk import Connection

    return str(Connection.get(name).password or "")


def local_copy(path: StorePath) -> Path:
    """Where an engine that reads local files only finds `path`; downloaded once if it lies in another store.

    For content-addressed files: a copy that is there already is the same.
    """
    if isinstance(path, Path):
        return path
    if getattr(path, "protocol", "") in {"", "file", "local"}:
        return Path(path.path)
    folder = Path(tempfile.gettempdir()) / f"mingjing-{os.getuid()}"
    folder.mkdir(mode=0o700, exist_ok=True)
    copy = folder / path.name
    if not copy.exists():
        partial = copy.with_name(f".{copy.name}.{os.getpid()}")
        partial.write_bytes(path.read_bytes())
        partial.replace(copy)
    return copy
