"""Read one file in a child process with limits: whatever it does, the caller gets cells or a Held fault.

The child's side is `child_work.py`; server and limits are `include.limited`'s.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Sequence
from dataclasses import asdict, dataclass

import pyarrow as pa

from include.feeds.faults import Fault, Held, fault
from include.feeds.persons import masked_title
from include.feeds.sniff import Limits, is_encrypted_office
from include.limited.client import Outcome, Worker

_READERS = Worker("include.feeds.child_work")
_DECRYPTERS = Worker("include.feeds.encrypted_work")
"""For encrypted Office files alone: what decrypts takes a while to load, and few need it."""


@dataclass(frozen=True)
class Sheet:
    """Cells of one sheet as the child read them; see workbook.SheetCells and delimited.read_delimited."""

    name: str
    cells: pa.Table
    merges: tuple[tuple[int, int, int, int], ...] = ()
    hidden_rows: int = 0
    external: tuple[str, ...] = ()


@dataclass(frozen=True)
class Parsed:
    """One file's sheets. `hidden` and `extra` name sheets that were not read."""

    kind: str
    encoding: str
    sheets: tuple[Sheet, ...]
    hidden: tuple[str, ...] = ()
    extra: tuple[str, ...] = ()
    external_links: int = 0
    connections: int = 0
    """Data connections whose results the workbook keeps."""


def parse_in_child(
    data: bytes,
    *,
    file_name: str,
    kinds: Sequence[str],
    sheets: Sequence[str] = (),
    delimiter: str = ",",
    encodings: Sequence[str] = ("utf-8-sig", "gb18030"),
    confirmed: Collection[str] = (),
    limits: Limits | None = None,
) -> Parsed:
    """Parse `data` in the limited child; `confirmed`: codes of holds that a steward has confirmed.

    Safe from threads and in a process that was forked.

    Raises:
        Held: the file is refused, or the child crashed or met a limit (F-CRASH, F-TIME, F-MEMORY).
        ChildProcessError: the server could not start or was killed from outside; an OSError, worth a retry.
    """
    limits = limits or Limits()
    request = {
        "file_name": file_name, "kinds": list(kinds), "sheets": list(sheets), "delimiter": delimiter,
        "encodings": list(encodings), "confirmed": sorted(confirmed), "limits": asdict(limits),
    }  # fmt: skip
    worker = _DECRYPTERS if is_encrypted_office(data) else _READERS
    job = worker.start(request, data, wall_seconds=limits.wall_seconds, result_bytes=limits.result_bytes)
    outcome = job.finish()
    if outcome.how != "done":
        raise Held(_ending(outcome, limits))
    return _parsed(outcome.payloads)


def _shown_names(names: Sequence[str]) -> list[str]:
    """Names of sheets without names of persons; two that would then be alike are numbered."""
    shown = [masked_title(name) for name in names]
    return [name if shown.count(name) == 1 else f"{name}({at})" for at, name in enumerate(shown, 1)]


def _parsed(payloads: Sequence[pa.Buffer]) -> Parsed:
    """Compose the answer; what does not have the agreed shape counts as a crash."""
    try:
        about = json.loads(payloads[0].to_pybytes())
        if "refused" in about:
            trouble = fault(about["refused"], sheet=about["sheet"], cell=about["cell"], **about["facts"])
            raise Held(trouble)
        tables = [pa.ipc.open_stream(payload).read_all() for payload in payloads[1:]]
        for table in tables:
            table.validate(full=True)
        shown = _shown_names([item["name"] for item in about["sheets"]])
        sheets = tuple(
            Sheet(
                name=name,
                cells=table.combine_chunks(),
                merges=tuple(tuple(merge) for merge in item.get("merges", ())),
                hidden_rows=item.get("hidden_rows", 0),
                external=tuple(item.get("external", ())),
            )
            for name, item, table in zip(shown, about["sheets"], tables, strict=True)
        )
        names = {key: tuple(about.get(key, ())) for key in ("hidden", "extra")}
        links, connections = (int(about.get(key, 0)) for key in ("external_links", "connections"))
        return Parsed(
            about["kind"], about.get("encoding", ""), sheets,
            external_links=links, connections=connections, **names,
        )  # fmt: skip
    except (ValueError, KeyError, TypeError, pa.ArrowException) as error:
        raise Held(fault("F-CRASH", reason=type(error).__name__)) from error


def _ending(outcome: Outcome, limits: Limits) -> Fault:
    match outcome.how:
        case "time":
            return fault("F-TIME", seconds=limits.wall_seconds)
        case "cpu":
            return fault("F-TIME", seconds=limits.cpu_seconds)
        case "memory":
            return fault("F-MEMORY", limit=limits.memory_bytes >> 20)
    return fault("F-CRASH", reason=outcome.reason)


def stop() -> None:
    """End this process's servers; the next file starts another."""
    for worker in (_READERS, _DECRYPTERS):
        worker.stop()
