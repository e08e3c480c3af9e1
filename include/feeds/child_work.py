"""The limited child: it reads one file under limits and answers in Arrow streams and JSON, never pickles.

Its server is `include.limited`'s, with the readers loaded. Nothing but the standard library, numpy, pyarrow and
calamine is loaded here.
"""

from __future__ import annotations

import contextlib
import importlib
import json
import sys
from collections.abc import Iterator, Mapping
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from include.feeds.biff import kind_of, open_biff
from include.feeds.columnar import read_parquet
from include.feeds.container import open_container
from include.feeds.delimited import read_delimited
from include.feeds.sheet_scan import SheetScan
from include.feeds.sniff import Limits, Refused, is_wide, shown_extension, sniff
from include.feeds.workbook import check_area, read_workbook
from include.limited import child

_CODECS = ("utf-8", "utf-8-sig", "gb18030", "cp1252", "utf-16", "utf-16-le", "utf-16-be", "big5", "cp437")


def parse(data: bytes, request: dict[str, Any]) -> tuple[dict[str, Any], list[pa.Table]]:
    """Read one file; return what there is to say about it and the cells of its sheets.

    Args:
        data: the file's bytes.
        request: `file_name`, `kinds`, `sheets`, `delimiter`, `encodings`, `confirmed` and `limits`.

    Raises:
        Refused: the file cannot be read truthfully.
    """
    limits = Limits(**request["limits"])
    if len(data) > limits.file_bytes:
        raise Refused("F-SIZE", bytes=len(data), limit=limits.file_bytes)
    kind = sniff(data)
    if kind == "text" and is_wide(data) and not any("16" in item for item in request["encodings"]):
        tried = "; ".join(f"{encoding} @1" for encoding in request["encodings"])
        raise Refused("F-ENC", tried=tried, offset=1)
    scans: Mapping[str, SheetScan] = {}
    links = connections = 0
    if kind == "encrypted":
        from include.feeds.encrypted import decrypted  # loaded by encrypted_work.py before the doors closed

        data, kind = decrypted(data), "zip"
    if kind == "compound":
        kind = kind_of(data)
    if kind == "zip":
        container = open_container(data, limits)
        kind, scans = container.kind, container.scans
        links, connections = container.external_links, container.connections
    declared = request["kinds"]
    grid_confirmed = "H-GRID" in request["confirmed"]
    if kind == "text" and (texts := [item for item in declared if item in {"csv", "tsv"}]):
        delimiter = _delimiter(data, texts, request["delimiter"])
        cells, encoding = read_delimited(
            data, delimiter=delimiter, encodings=request["encodings"], grid_confirmed=grid_confirmed
        )
        text: dict[str, Any] = {"kind": "tsv" if delimiter == "\t" else "csv", "encoding": encoding}
        return text | {"sheets": [{"name": ""}]}, [cells]
    if kind not in declared:
        extension = shown_extension(request["file_name"])
        raise Refused("F-TYPE", extension=extension, found=kind, allowed="、".join(declared))
    if kind == "parquet":
        cells = read_parquet(data, limits)
        return {"kind": kind, "encoding": "utf-8", "sheets": [{"name": ""}]}, [cells]
    if kind == "ods":
        # Its reader allots every sheet as it opens the file.
        for name, scan in scans.items():
            check_area(name, scan, limits)
    if kind == "xls":
        data, scans = open_biff(data)
    sheets, left = read_workbook(
        data, sheets=request["sheets"], scans=scans, limits=limits, grid_confirmed=grid_confirmed
    )
    about: dict[str, Any] = {
        "kind": kind,
        "external_links": links,
        "connections": connections,
        "sheets": [
            {"name": s.name, "merges": s.merges, "hidden_rows": s.hidden_rows, "external": s.external}
            for s in sheets
        ],
    }
    return about | left, [sheet.cells for sheet in sheets]


def _delimiter(data: bytes, kinds: list[str], declared: str) -> str:
    if "csv" not in kinds:
        return "\t"
    if "tsv" not in kinds or declared == "\t":
        return declared
    head = data[:65_536]
    return "\t" if head.count(b"\t") > head.count(declared.encode()) else declared


def serve(control_fd: int, address: str = "") -> None:
    """Serve files; see `include.limited.child.serve`."""
    child.serve(control_fd, warm_up=_warm_up, work=_answer, address=address)


def _answer(request: dict[str, Any], data: bytes) -> Iterator[Any]:
    """What there is to say about the file as JSON, then an Arrow stream per sheet."""
    try:
        about, tables = parse(data, request)
    except Refused as refused:
        facts = {key: str(value)[:300] for key, value in refused.facts.items()}
        about = {"refused": refused.code, "sheet": refused.sheet, "cell": refused.cell, "facts": facts}
        tables = []
    except MemoryError:
        facts = {"limit": str(request["limits"]["memory_bytes"] >> 20)}
        about, tables = {"refused": "F-MEMORY", "sheet": "", "cell": "", "facts": facts}, []
    except Exception as error:
        # The place in our code and never the message, which may quote the file.
        reason = f"{type(error).__name__} {child.place(error)}"
        about, tables = {"refused": "F-CRASH", "sheet": "", "cell": "", "facts": {"reason": reason}}, []
    yield json.dumps(about).encode()
    for table in tables:
        sink = pa.BufferOutputStream()
        with pa.ipc.new_stream(sink, table.schema) as writer:
            writer.write_table(table)
        yield sink.getvalue()


class _NoPandas:
    """pyarrow looks for pandas at its first array; nothing here needs that half second and those 60 MiB."""

    def find_spec(self, name: str, *_: Any) -> None:
        """Refuse pandas, leave the rest to others."""
        if name == "pandas":
            raise ModuleNotFoundError(name)


def _warm_up() -> None:
    """Load now what the child could not open later: codecs, and what the libraries import on first use.

    No thread may start here: a process with threads must not fork.
    """
    sys.meta_path.insert(0, _NoPandas())  # type: ignore[arg-type]
    pa.enable_signal_handlers(False)  # they would open a pipe
    pa.set_memory_pool(pa.system_memory_pool())
    pa.set_cpu_count(1)
    importlib.import_module("numpy.ma")  # pyarrow asks for it at its first array from numpy
    for encoding in _CODECS:
        "a".encode(encoding)
    pc.if_else(pc.equal(pa.array(["a", ""]), ""), pa.scalar(None, pa.string()), pa.array(["a", ""]))
    read_parquet(_tiny_parquet(), Limits())
    with contextlib.suppress(Refused):
        open_container(_TINY_ZIP, Limits())
    with contextlib.suppress(Refused):
        read_workbook(_TINY_ZIP, sheets=(), scans={}, limits=Limits())


def _tiny_parquet() -> bytes:
    sink = pa.BufferOutputStream()
    pq.write_table(pa.table({"a": pa.array([1.5]), "b": ["x"]}), sink, compression="zstd")
    return sink.getvalue().to_pybytes()


# An empty zip: an end-of-directory record alone.
_TINY_ZIP = b"PK\x05\x06" + bytes(18)
