"""From a delivered file to a text table with addresses: the one way in for what departments send."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from include.feeds import layout
from include.feeds.child import Parsed, Sheet, parse_in_child
from include.feeds.contract import Contract
from include.feeds.corner import MONEY, Corner, find_corner, money_shift, shifted, told
from include.feeds.faults import Fault, Held, fault
from include.feeds.mojibake import known_behind
from include.feeds.nil import MOST_ROWS, mark_in, marked_rows, words_of
from include.feeds.normalise import originals
from include.feeds.parts import Part, flat, whole
from include.feeds.sniff import Limits
from include.feeds.totals import reconcile
from include.feeds.workbook import BLANK, MERGED, TEXT


@dataclass(frozen=True)
class TextTable:
    """One delivery as text, each row with its address; nothing is typed yet and no row is judged.

    `table` has `_sheet` string (empty for text files; `名称[F:J]` for one of several tables on a sheet, see
    parts.py), `_row` int32 (row of the sheet or line of the file, 1-based; of a transposed sheet the column)
    and per declared column: `<column>` string, normalised, null where blank; `<column>__kind` int8 (0 blank,
    1 text, 2 number, 3 date, 4 boolean, 5 error such as `#REF!`, 6 formula whose result was never saved, 7
    covered by a merged cell, 8 taken from another workbook); and `<column>__raw` string where any cell was changed
    by normalising or by converting its unit: the original text of the changed cells, null elsewhere.

    Numbers are written as the shortest text that reads back the same, whole ones without a point; dates
    `YYYY-MM-DD`, with ` HH:MM:SS` where there is a time of day; booleans `TRUE` and `FALSE`.
    """

    table: pa.Table
    totals: pa.Table
    """The total rows, same columns as `table` and `_word`, the cell that makes it one; see totals.py."""
    structural: pa.Table
    """`sheet`, `row`, `role`: every row that is not data, with its role of layout.ROLES."""
    landed: int
    """Rows of all parts: data + structural, exactly. A sheet is one part unless tables lie side by side on it;
    then each of its rows counts once for every table."""
    letters: dict[str, str]
    """Declared column to its letters on the first sheet read; for text files its header as found."""
    letters_by_sheet: dict[str, dict[str, str]]
    headers: dict[str, str]
    """Declared column to its header on the first sheet read that has it, as written (`上|下` over several rows)."""
    extra_headers: tuple[str, ...]
    cell_digest: str
    """SHA-256 over the declared cells of the data rows in order; equal for a file renamed or saved anew."""
    kind: str
    """`xlsx`, `xls`, `ods`, `csv`, `tsv` or `parquet`, by content."""
    encoding: str
    warnings: tuple[Fault, ...]
    nil: str = ""
    """What the file says of its quarter, where it has no row and declares a nil return; else ''."""

    def address(self, column: str, *, sheet: str, row: int) -> str:
        """Where a cell is, as a steward finds it: `C12`, or for text files `第 12 行 责任单位`."""
        place = self.letters_by_sheet.get(sheet, {}).get(column, "")
        return f"{place}{row}" if sheet else f"第 {row} 行 {place}".rstrip()


def read_delivery(
    data: bytes | Path,
    *,
    file_name: str,
    contract: Contract,
    confirmed: Collection[str] = (),
    limits: Limits | None = None,
) -> TextTable:
    """Read one delivered file by its contract.

    Args:
        data: the file's bytes, or where they are landed.
        file_name: as delivered; for sentences only, the content decides.
        contract: kinds, encodings, layout and columns.
        confirmed: codes of holds that a steward has confirmed for this delivery.
        limits: what reading may cost.

    Raises:
        Held: the whole file is held; its `fault` says why and what to do.
        OSError: the landed file or the reading server failed; nothing is said about the file, try again.
    """
    parsed = parse_delivery(data, file_name=file_name, contract=contract, confirmed=confirmed, limits=limits)
    return lay_out(parsed, contract, file_name=file_name, confirmed=confirmed)


def parse_delivery(
    data: bytes | Path,
    *,
    file_name: str,
    contract: Contract,
    confirmed: Collection[str] = (),
    limits: Limits | None = None,
) -> Parsed:
    """Read the cells of one delivered file, as `read_delivery` does, without laying them out."""
    return parse_in_child(
        data if isinstance(data, bytes) else data.read_bytes(),
        file_name=file_name,
        kinds=contract.files,
        sheets=contract.layout.sheets,
        delimiter=contract.layout.delimiter,
        encodings=contract.layout.encodings,
        confirmed=confirmed,
        limits=limits,
    )


def lay_out(
    parsed: Parsed, contract: Contract, *, file_name: str = "", confirmed: Collection[str] = ()
) -> TextTable:
    """Turn parsed sheets into one table by the contract's layout.

    Raises:
        Held: F-COL, F-HDR, F-MOJIBAKE, F-CSV (a record with another number of fields than the header), F-UNIT,
            F-NILROWS, H-TOTAL.
    """
    if "H-TOTAL" in confirmed:
        contract = contract.model_copy(
            update={"layout": contract.layout.model_copy(update={"totals_differ": "warn"})}
        )
    of_text = bool(parsed.encoding)
    try:
        laid = [
            part
            for sheet in parsed.sheets
            if sheet.cells.num_rows or sheet.name in contract.layout.sheets or len(parsed.sheets) == 1
            for part in _lay_out_sheet(sheet, contract, of_text=of_text)
        ]
    except Held as held:
        if held.fault.code != "F-COL" or not (bare := _nil_without_header(parsed, contract, file_name)):
            raise
        return bare
    nil = _nil(laid, contract, file_name)
    if nil and (rows := sum(part.table.num_rows for part in laid)):
        raise Held(fault("F-NILROWS", mark=nil[:40], rows=rows))
    table = _joined([part.table for part in laid])
    totals = _joined([part.totals for part in laid])
    by_sheet = {part.key: part.letters for part in laid}
    extra = tuple(dict.fromkeys(header for part in laid for header in part.header.extra))
    told = [part.told for part in laid if part.told is not None]
    return TextTable(
        table=table,
        totals=totals,
        structural=pa.concat_tables([part.structural for part in laid]),
        landed=sum(part.rows for part in laid),
        letters=laid[0].letters,
        letters_by_sheet=by_sheet,
        headers={
            name: part.header.labels[place]
            for part in reversed(laid)
            for name, place in part.header.columns.items()
        },
        extra_headers=extra,
        cell_digest=_digest(table, [column.name for column in contract.columns]),
        kind=parsed.kind,
        encoding=parsed.encoding,
        warnings=(
            *_warnings(parsed, table.num_rows, extra), *told, *reconcile(table, totals, contract, by_sheet),
        ),
        nil=" ".join([nil, file_name, *(said for part in laid for said in part.words)]) if nil else "",
    )  # fmt: skip


def _nil(laid: Sequence[_Laid], contract: Contract, file_name: str) -> str:
    """The nil mark of a file, '' where it has none; the name speaks only for a file without rows."""
    marks = contract.layout.nil_marks
    said = mark_in((said for part in laid for said in part.words), marks)
    named = not any(part.table.num_rows for part in laid)
    return said or (mark_in([Path(file_name).stem], marks) if named else "")


def _nil_without_header(parsed: Parsed, contract: Contract, file_name: str) -> TextTable | None:
    """A file that says in a few lines, without any table, that there is nothing to report."""
    landed = sum(sheet.cells.num_rows for sheet in parsed.sheets)
    sheets = [whole(sheet, transposed=False) for sheet in parsed.sheets] if landed <= MOST_ROWS else []
    words = [said for part in sheets for said in words_of(part.texts, np.ones(part.rows, dtype=bool))]
    if not mark_in(words, contract.layout.nil_marks):
        return None
    cells = {"_sheet": pa.array([], pa.string()), "_row": pa.array([], pa.int32())}
    for column in contract.columns:
        cells |= {column.name: pa.array([], pa.string()), f"{column.name}__kind": pa.array([], pa.int8())}
    none = pa.table(cells)
    structural = [
        pa.table(
            {
                "sheet": pa.repeat(pa.scalar(part.key), part.rows),
                "row": flat(part.sheet.cells["_row"]),
                "role": pa.repeat(pa.scalar("note"), part.rows),
            }
        )
        for part in sheets
    ]
    return TextTable(
        table=none, totals=none, structural=pa.concat_tables(structural), landed=landed,
        letters={}, letters_by_sheet={}, headers={}, extra_headers=(),
        cell_digest=_digest(none, [column.name for column in contract.columns]),
        kind=parsed.kind, encoding=parsed.encoding, warnings=(), nil=" ".join([*words, file_name]),
    )  # fmt: skip


@dataclass(frozen=True)
class _Laid:
    key: str
    header: layout.Header
    table: pa.Table
    totals: pa.Table
    structural: pa.Table
    letters: dict[str, str]
    rows: int
    told: Fault | None
    words: tuple[str, ...]
    """Titles, notes and nil marks, of a part with few rows."""


def _lay_out_sheet(sheet: Sheet, contract: Contract, *, of_text: bool) -> list[_Laid]:
    """Lay out the parts of a sheet; a part whose columns lie elsewhere than those above it has a key of its own."""
    laid: list[_Laid] = []
    places: dict[str, dict[str, str]] = {}
    corner: Corner | None = None
    for part in layout.split(whole(sheet, transposed=contract.layout.transposed), contract):
        try:
            header = layout.find_header(part, contract)
        except Held as held:
            raise _garbled(part, contract) or held from held
        letters = {
            name: part.column(place) if part.key else header.labels[place]
            for name, place in header.columns.items()
        }
        if contract.layout.banner:
            # Filled from banners, it is delivered but stands in no column of its own.
            letters.setdefault(contract.layout.banner, "")
        named = part if places.setdefault(part.key, letters) == letters else part.named_by_rows()
        corner = find_corner(part, header.first) or corner
        laid.append(_lay_out_part(named, header, letters, corner, contract, of_text=of_text))
    return laid


def _lay_out_part(
    part: Part,
    header: layout.Header,
    letters: dict[str, str],
    corner: Corner | None,
    contract: Contract,
    *,
    of_text: bool,
) -> _Laid:
    roles = layout.roles(part, header, contract)
    said: list[str] = []
    rows = np.flatnonzero(np.isin(roles, (layout.DATA, layout.BANNER)))
    if len(rows) <= MOST_ROWS:
        roles[marked_rows(part.texts, rows, contract.layout.nil_marks)] = layout.NOTE
        said = words_of(part.texts, np.isin(roles, (layout.TITLE, layout.NOTE)))
    if of_text:
        _check_fields(part.sheet, header, roles)
    shift = money_shift(corner, contract, header.columns, sheet=part.sheet.name)
    cells: dict[str, pa.Array] = {
        "_sheet": pa.repeat(pa.scalar(part.key), len(roles)),
        "_row": flat(part.sheet.cells["_row"]),
    }
    for column in contract.columns:
        place = header.columns.get(column.name)
        if place is None:
            cells[column.name] = pa.nulls(len(roles), pa.string())
            cells[f"{column.name}__kind"] = pa.repeat(pa.scalar(BLANK, pa.int8()), len(roles))
            continue
        text, raw = part.texts[place], part.raws[place]
        emptied = pc.and_(text.is_null(), raw.is_valid())
        if shift and column.unit in MONEY:
            text = shifted(text, shift[column.unit], column.null_values)
        cells[column.name] = text
        cells[f"{column.name}__kind"] = pc.if_else(emptied, pa.scalar(BLANK, pa.int8()), part.kinds(place))
        if (changed := originals(raw, text)) is not None:
            cells[f"{column.name}__raw"] = changed
    if contract.layout.banner:
        _fill_banner(cells, contract.layout.banner, part, roles)
    every = pa.table(cells)
    data = every.filter(pa.array(roles == layout.DATA))
    for column in contract.columns:
        if column.blank_means_above:
            data = _filled_from_above(data, column.name)
    totals = np.flatnonzero(roles == layout.TOTAL)
    words = layout.total_words(part, totals, contract)
    structural = roles != layout.DATA
    names = np.array(layout.ROLES, dtype=object)[roles[structural]]
    return _Laid(
        key=part.key,
        words=tuple(said),
        header=header,
        table=data,
        totals=every.take(pa.array(totals)).append_column("_word", words),
        structural=pa.table(
            {
                "sheet": pa.repeat(pa.scalar(part.key), len(names)),
                "row": cells["_row"].filter(pa.array(structural)),
                "role": pa.array(names, pa.string()),
            }
        ),
        letters=letters,
        rows=part.rows,
        told=told(corner, shift, sheet=part.sheet.name),
    )


def _garbled(part: Part, contract: Contract) -> Held | None:
    """The truer fault where declared headers are there, but read in a wrong encoding."""
    top = [
        text for raw in part.raws for text in raw.slice(0, contract.layout.search_rows).to_pylist() if text
    ]
    headers = [
        piece
        for column in contract.columns
        for header in (*column.headers, column.title)
        for piece in header.split("|")
    ]
    found = known_behind(top, headers)
    return Held(fault("F-MOJIBAKE", found=found[0][:40], meant=found[1])) if found else None


def _fill_banner(cells: dict[str, pa.Array], name: str, part: Part, roles: np.ndarray) -> None:
    """Put the text of the nearest banner above into the column, where nothing stands in it."""
    said = pc.coalesce(*part.texts)
    above = np.maximum.accumulate(np.where(roles == layout.BANNER, np.arange(len(roles)), -1))
    filled = said.take(pa.array(np.maximum(above, 0), mask=above < 0))
    blank = cells[name].is_null()
    cells[name] = pc.coalesce(cells[name], filled)
    kinds = pc.if_else(filled.is_valid(), pa.scalar(TEXT, pa.int8()), pa.scalar(BLANK, pa.int8()))
    cells[f"{name}__kind"] = pc.if_else(blank, kinds, cells[f"{name}__kind"])


def _check_fields(sheet: Sheet, header: layout.Header, roles: np.ndarray) -> None:
    fields = flat(sheet.cells["_fields"]).to_numpy()
    expected = int(fields[header.first + header.depth - 1])
    wrong = np.flatnonzero((fields != expected) & (roles == layout.DATA))
    if wrong.size:
        line = sheet.cells["_row"][int(wrong[0])].as_py()
        found = int(fields[wrong[0]])
        zh = f"有 [{found}] 个字段,表头有 [{expected}] 个"
        en = f"[{found}] fields where the header has [{expected}]"
        raise Held(fault("F-CSV", line=line, zh=zh, en=en))


def _filled_from_above(data: pa.Table, name: str) -> pa.Table:
    """Blank cells, and cells covered by a merged one, take the value of the nearest filled cell above."""
    kinds = data[f"{name}__kind"].to_numpy()
    above = np.where((kinds == BLANK) | (kinds == MERGED), -1, np.arange(len(kinds)))
    above = np.maximum.accumulate(above) if len(above) else above
    source = pa.array(np.maximum(above, 0), mask=above < 0)
    for field in (name, f"{name}__kind", f"{name}__raw"):
        if field in data.column_names:
            filled = data[field].take(source)
            filled = pc.fill_null(filled, BLANK) if field.endswith("__kind") else filled
            data = data.set_column(data.column_names.index(field), field, filled)
    return data


def _joined(tables: Sequence[pa.Table]) -> pa.Table:
    """One table; a `__raw` column that only some sheets have is null for the others."""
    return pa.concat_tables(tables, promote_options="default").combine_chunks()


def _digest(table: pa.Table, names: Sequence[str]) -> str:
    """Hash of names, lengths and bytes of the cells, column by column."""
    digest = hashlib.sha256()
    for name in names:
        texts = pc.fill_null(flat(table[name]), "")
        _, places, content = texts.buffers()
        offsets = np.frombuffer(places, dtype=np.int32)[texts.offset : texts.offset + len(texts) + 1]
        digest.update(f"{name}\0{len(texts)}\0".encode())
        digest.update(np.diff(offsets).astype("<i4").tobytes())
        digest.update(content[int(offsets[0]) : int(offsets[-1])] if content and len(texts) else b"")
    return digest.hexdigest()


def _warnings(parsed: Parsed, rows: int, extra: Sequence[str]) -> list[Fault]:
    found: list[Fault] = []

    def warn(code: str, **facts: Any) -> None:
        found.append(fault(code, **facts))

    if parsed.hidden:
        warn("W-HIDDENSHEET", sheets="、".join(parsed.hidden))
    if parsed.extra:
        warn("W-EXTRASHEET", sheets="、".join(parsed.extra))
    for sheet in parsed.sheets:
        if sheet.hidden_rows:
            warn("W-HIDDENROWS", sheet=sheet.name, rows=sheet.hidden_rows)
    linked = [cell for sheet in parsed.sheets for cell in sheet.external]
    if parsed.external_links or linked:
        warn("W-EXTLINK", links=max(parsed.external_links, len(linked)), cells="、".join(linked[:20]) or "-")
    if parsed.connections:
        warn("W-CONNECTION", count=parsed.connections)
    if extra:
        warn("W-EXTRACOL", headers="、".join(item[:40] for item in extra[:40]))
    if not rows:
        warn("W-NOROWS")
    return found
