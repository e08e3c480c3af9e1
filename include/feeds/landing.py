"""From an inbox folder into content-addressed landing: copied while hashed, never moved, never changed."""

from __future__ import annotations

import contextlib
import hashlib
import os
import stat
import tempfile
from collections.abc import Generator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import IO, Any, Literal

from include.feeds.faults import Held, fault
from include.feeds.vault import Sealer, sealed_bytes
from include.keys import Key

_CHUNK_BYTES = 1 << 20
_UNFINISHED = (".part", ".tmp", ".crdownload", ".filepart")
_LOCAL = ("", "file", "local")


@dataclass(frozen=True)
class InboxFile:
    """One entry of an inbox. `arriving`: too young or still changing; `refused`: a link, pipe or device."""

    path: Any
    """pathlib.Path, or a UPath such as Airflow's ObjectStoragePath."""
    name: str
    bytes: int
    modified: float
    """Seconds since the epoch; 0 where the store does not say."""
    state: Literal["ready", "arriving", "refused"]


@dataclass(frozen=True)
class Landed:
    """A file's bytes at rest. `created` is false where the same bytes were landed before."""

    sha256: str
    bytes: int
    path: Any
    created: bool


def scan_inbox(folder: Any, *, now: datetime, stability_seconds: float) -> list[InboxFile]:
    """List what lies in an inbox folder, by name; folders, hidden and temporary files are passed over.

    A file is ready once it was last changed `stability_seconds` away from `now` (a wrong clock that stamps
    files in the far future must not keep them out for ever) and its size stood still during the scan.

    Args:
        folder: pathlib.Path or UPath; a missing folder counts as empty.
        now: aware time of the scan.
        stability_seconds: of the contract, or 0 where files arrive by atomic rename.
    """
    folder = _local(folder) or folder
    if not folder.is_dir():
        return []
    first = [(path, _stat(path)) for path in sorted(folder.iterdir(), key=lambda path: path.name)]
    found = []
    for path, about in first:
        if _is_passed_over(path.name) or about is None or stat.S_ISDIR(about[2]):
            continue
        size, modified, mode = about
        state: Literal["ready", "arriving", "refused"] = "ready"
        if not stat.S_ISREG(mode):
            state = "refused"
        elif _stat(path) != about or (modified and abs(now.timestamp() - modified) < stability_seconds):
            state = "arriving"
        found.append(InboxFile(path, path.name, size, modified, state))
    return found


def land(file: Any, vault: Any, *, key: Key | None = None) -> Landed:
    """Copy one inbox file to `<vault>/<sha256>`, read-only; the same bytes again change nothing.

    Read it back with `include.feeds.vault.read_landed`.

    Args:
        file: InboxFile, pathlib.Path or UPath.
        vault: landing folder of the feed, made where missing.
        key: encrypts the copy; without it the bytes lie there as they came. The name is that of the plain bytes.

    Raises:
        Held: F-NOTFILE (a link, pipe or device), F-ARRIVING (it changed while it was copied).
        OSError: the store failed; try again.
    """
    path = file.path if isinstance(file, InboxFile) else file
    source, vault = _local(path) or path, _local(vault) or vault
    vault.mkdir(parents=True, exist_ok=True)
    if isinstance(vault, Path):
        return _land_locally(source, vault, key)
    with tempfile.TemporaryFile() as copy:
        digest, size = _copy(source, copy, key)
        target = vault / digest
        if created := not _is_landed(target, size, key):
            copy.seek(0)
            # An object store shows the object only once it is whole.
            with target.open("wb") as stored:
                while chunk := copy.read(_CHUNK_BYTES):
                    stored.write(chunk)
    return Landed(digest, size, target, created)


def _land_locally(source: Any, vault: Path, key: Key | None) -> Landed:
    handle, temporary = tempfile.mkstemp(prefix=".landing-", dir=vault)
    try:
        with os.fdopen(handle, "wb") as copy:
            digest, size = _copy(source, copy, key)
            copy.flush()
            os.fsync(copy.fileno())
            os.fchmod(copy.fileno(), 0o440)
        target = vault / digest
        created = not _is_landed(target, size, key)
        if created:
            Path(temporary).replace(target)
            _sync_folder(vault)
    finally:
        Path(temporary).unlink(missing_ok=True)
    return Landed(digest, size, target, created)


def _is_landed(target: Any, size: int, key: Key | None) -> bool:
    """Whether the bytes lie there whole: as they came, or sealed with the same key."""
    return target.exists() and target.stat().st_size in {size, sealed_bytes(size, key) if key else size}


def _copy(source: Any, copy: IO[bytes], key: Key | None) -> tuple[str, int]:
    digest, size = hashlib.sha256(), 0
    sink = Sealer(copy, key) if key else copy
    with _opened(source) as (stream, before):
        while chunk := stream.read(_CHUNK_BYTES):
            digest.update(chunk)
            sink.write(chunk)
            size += len(chunk)
    if isinstance(sink, Sealer):
        sink.close()
    after = _stat(source)
    if after != before or size != before[0]:
        raise Held(fault("F-ARRIVING", name=source.name))
    return digest.hexdigest(), size


@contextlib.contextmanager
def _opened(source: Any) -> Generator[tuple[IO[bytes], tuple[int, float, int]]]:
    """Open for reading without following a link or waiting on a pipe; also (size, modified, mode)."""
    if not isinstance(source, Path):
        about = _stat(source)
        with source.open("rb") as stream:
            yield stream, about or (0, 0.0, 0)
        return
    try:
        handle = os.open(source, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError as error:
        if source.is_symlink() or (source.exists() and not source.is_file()):
            raise Held(fault("F-NOTFILE", name=source.name)) from error
        raise
    with os.fdopen(handle, "rb", closefd=True) as stream:
        about = _said(os.fstat(handle))
        if not stat.S_ISREG(about[2]):
            raise Held(fault("F-NOTFILE", name=source.name))
        yield stream, about


def _stat(path: Any) -> tuple[int, float, int] | None:
    """(size, modified, mode) of the entry itself, never of what a link points to; None where it has gone."""
    try:
        return _said(os.lstat(path) if isinstance(path, Path) else path.stat())
    except FileNotFoundError:
        return None


def _said(about: Any) -> tuple[int, float, int]:
    return int(about.st_size), float(about.st_mtime or 0), int(about.st_mode)


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _is_passed_over(name: str) -> bool:
    return name.startswith((".", "~$")) or name.lower().endswith(_UNFINISHED)


def _local(path: Any) -> Path | None:
    """The plain local path behind `path`, or None for another store."""
    if type(path).__module__.partition(".")[0] == "pathlib":
        return path
    if getattr(path, "protocol", None) in _LOCAL:
        return Path(path.path)
    return Path(path) if isinstance(path, Path) else None
