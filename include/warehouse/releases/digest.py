"""The canonical digest of everything published: equal on every backend, however often it was interrupted."""

from __future__ import annotations

from typing import Any

import pyarrow as pa
from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    ColumnElement,
    Connection,
    Date,
    Integer,
    Select,
    Table,
    Text,
    cast,
    literal,
    select,
    type_coerce,
)

from include.warehouse.canonical import lines_digest, table_digest
from include.warehouse.tables import (
    AS_FLOAT,
    FACTS,
    REASONS,
    Figure,
    dim_framework,
    dim_group,
    dim_indicator,
    dim_quarter,
    release,
    release_input,
    release_measure,
    release_pointer,
    release_status,
)

_INCIDENTAL = frozenset(
    {"release_id", "framework_key", "register_import_id", "verdict_id", "status_id"}
    | {"created_at", "at", "fencing_token"}
)
"""Surrogate keys, and what differs between two runs that publish the same."""


def digest_published(connection: Connection) -> str:
    """Digest of releases, inputs, statuses, pointers, facts and their dimensions.

    Surrogate keys are replaced by natural ones; moments and lease tokens are left out. Rows are sorted;
    figures are decimal text.
    """
    return lines_digest(f"{name} {digest}" for name, digest in sorted(table_digests(connection).items()))


def table_digests(connection: Connection) -> dict[str, str]:
    """The digest of each published table, for finding where two warehouses differ."""
    of_release = (
        release_input,
        release_measure,
        release_status,
        release_pointer,
        *FACTS.values(),
        *REASONS.values(),
    )
    of_framework = (dim_group, dim_indicator)
    queries = {release.name: _query(release, _release_name()), dim_quarter.name: _query(dim_quarter)}
    queries[dim_framework.name] = _query(dim_framework)
    for table in of_release:
        joined = table.c.release_id == release.c.release_id
        queries[table.name] = _query(table, _release_name()).join(release, joined)
    for table in of_framework:
        joined = table.c.framework_key == dim_framework.c.framework_key
        queries[table.name] = _query(table, dim_framework.c.digest.label("of")).join(dim_framework, joined)
    return {name: table_digest(_arrow(connection, query)) for name, query in queries.items()}


def _release_name() -> ColumnElement[Any]:
    parts = [
        release.c.jurisdiction,
        release.c.framework_code,
        release.c.period,
        cast(release.c.revision, Text),
    ]
    name: ColumnElement[Any] = parts[0]
    for part in parts[1:]:
        name = name + literal("/") + part
    return name.label("of")


def _query(table: Table, *leading: ColumnElement[Any]) -> Select[Any]:
    kept = [_readable(column) for column in table.columns if column.name not in _INCIDENTAL]
    return select(*leading, *kept).select_from(table)


def _readable(column: Column[Any]) -> ColumnElement[Any]:
    if isinstance(column.type, Figure):
        return cast(column, AS_FLOAT).label(column.name)
    if isinstance(column.type, JSON | Date):
        return type_coerce(cast(column, Text), Text).label(column.name)
    return column


def _arrow(connection: Connection, query: Select[Any]) -> pa.Table:
    rows = connection.execute(query).all()
    columns = list(zip(*rows, strict=True)) if rows else [()] * len(query.selected_columns)
    names = [column.name for column in query.selected_columns]
    types = [_arrow_type(column.type) for column in query.selected_columns]
    arrays = [pa.array(values, type=kind) for values, kind in zip(columns, types, strict=True)]
    return pa.table(arrays, names=names)


def _arrow_type(kind: Any) -> pa.DataType:
    if isinstance(kind, Boolean):
        return pa.bool_()
    if isinstance(kind, Integer | BigInteger):
        return pa.int64()
    return pa.string() if isinstance(kind, Text) else pa.float64()
