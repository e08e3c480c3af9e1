"""The accepted rows behind a published figure, each with the address of its cell: file, sheet, row, column header."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

import pandas as pd
from sqlalchemy import Connection, Engine, select

from include.clocks import working_days
from include.engine.duckdb_engine import open_engine
from include.feeds.contract import Contract
from include.lake import local_copy
from include.measures.rows import PARTS, rows_behind
from include.measures.run import ReadFeed
from include.measures.views import StagedPart
from include.pipeline.catalogue import contract_of, measures_of
from include.pipeline.inputs import calendar_span
from include.pipeline.pseudonyms import identities, pseudonym_columns
from include.pipeline.registers import standing_register
from include.pipeline.terms import calendar_of
from include.quarters import Quarter
from include.site import Site
from include.warehouse import releases
from include.warehouse.releases import Release
from include.warehouse.store import reading
from include.warehouse.tables import delivery, delivery_verdict, staged_file

_ADDRESS = ("file_name", "sha256", "sheet", "row", "supplier")


@dataclass(frozen=True)
class Evidence:
    """The rows behind one measure of one unit.

    `rows` has measure, key, together (rows of one number count as one), numerator, denominator, n, in_numerator,
    in_denominator, file_name, sha256, sheet (empty for text files), row, supplier, feed, quarter, then the key and the
    columns that the measure needs, headed as in the file. Numerators, denominators and n add up to the figures.
    """

    measure: str
    rows: pd.DataFrame
    changed: str
    """'' where the statement is the one the release was computed with, else a sentence."""

    def totals(self, key: str = "") -> dict[str, Decimal]:
        """Sums over the rows of one key."""
        chosen = self.rows[self.rows["key"] == key]
        return {part: sum(chosen[part], Decimal(0)) for part in PARTS}


def evidence(
    engine: Engine, site: Site, release: Release, unit: str, measures: Sequence[str]
) -> dict[str, Evidence]:
    """Find the rows behind measures (`<feed>.<code>`, all of one feed or of several) of a unit in a release.

    The rows are read from the staged files that the release names as its inputs. A measure of a feed from which nothing
    came has no rows.
    """
    by_feed: dict[str, list[str]] = {}
    for name in dict.fromkeys(measures):
        by_feed.setdefault(name.partition(".")[0], []).append(name)
    found: dict[str, Evidence] = {}
    with reading(engine) as connection:
        inputs = releases.read_inputs(connection, release.release_id)
        wanted = [name for name in by_feed if name in site.feeds]
        read = {feed: measures_of(site, feed) for feed in wanted}
        others = {other for definition in read.values() for other in definition.reads}
        parts = {feed: _parts(connection, site, inputs, feed) for feed in {*wanted, *others}}
        files = _files(connection, inputs)
        quarter = Quarter.parse(release.period)
        persons = identities(_keyed(connection, site, inputs), site.keys, quarter)
    register = standing_register(engine, release.jurisdiction)
    units = register.register.on(quarter.end)
    days = working_days(calendar_of(site), *calendar_span(quarter)).rename(columns={"date": "day"})
    with open_engine() as connection_:
        for feed in wanted:
            definition, contract = read[feed], contract_of(site, feed)
            behind = rows_behind(
                connection_,
                definition=definition,
                contract=contract,
                parts=parts[feed],
                quarter=quarter,
                units=units[units["peer_group"].fillna("") != ""].reset_index(),
                working_days=days,
                measures=[name.partition(".")[2] for name in by_feed[feed]],
                of_units=[unit],
                reads={other: ReadFeed(contract_of(site, other), parts[other]) for other in definition.reads},
                successors=register.successors(quarter.end),
                identities=persons,
            )
            named = inputs[(inputs["kind"] == "measures_sql") & (inputs["name"] == feed)]
            changed = "" if definition.digest in set(named["digest"]) else _changed(feed)
            titles = {one.name: one.title for one in contract.columns}
            contracts = {feed: contract} | {other: contract_of(site, other) for other in definition.reads}
            cells = pd.concat(
                [_headed(cells, contracts[name]).assign(feed=name) for name, cells in behind.cells.items()],
                ignore_index=True,
            )
            for name in by_feed[feed]:
                rows = behind.rows[behind.rows["measure"] == name].merge(
                    cells, on=["feed", "_sha256", "_sheet", "_row"], how="left"
                )
                unneeded = [titles[one] for one in titles if one not in behind.columns[name]]
                found[name] = Evidence(
                    name, _addressed(rows.drop(columns=unneeded, errors="ignore"), files), changed
                )
    return found


def _changed(feed: str) -> str:
    return (
        f"[{feed}] 的计量 SQL 在发布之后有改动,以下按现行写法列出。 "
        f"The measures SQL of [{feed}] has changed since this release; rows are listed as it stands now."
    )


def _parts(connection: Connection, site: Site, inputs: pd.DataFrame, feed: str) -> list[StagedPart]:
    """The staged files of a feed that the release names, in the order in which they took effect."""
    # A nil return is an input without rows.
    of_feed = inputs["name"].str.startswith(f"{feed}/") & ~inputs["name"].str.endswith(" nil")
    named = inputs[(inputs["kind"] == "delivery") & of_feed]
    ids = [int(one) for one in named["verdict_id"].unique()]
    query = select(staged_file).where(staged_file.c.verdict_id.in_(ids))
    paths = {(row.verdict_id, row.quarter, row.sha256): row.path for row in connection.execute(query)}
    parts = []
    for position, row in enumerate(named.to_dict("records")):
        _, supplier, quarter = row["name"].split("/", 2)
        parts.append(
            StagedPart(
                feed=feed,
                path=local_copy(site.lake / paths[row["verdict_id"], quarter, row["digest"]]),
                quarter=Quarter.parse(quarter),
                sequence=position,
                supplier=supplier,
                sha256=row["digest"],
            )
        )
    return parts


def _keyed(connection: Connection, site: Site, inputs: pd.DataFrame) -> list[tuple[Contract, Path]]:
    """The staged files that the release names in which persons have pseudonyms, each with its contract."""
    named = inputs.loc[inputs["kind"] == "delivery", "name"].str.partition("/")[0].unique()
    contracts = {feed: contract_of(site, feed) for feed in named if feed in site.feeds}
    return [
        (contract, part.path)
        for feed, contract in contracts.items()
        if pseudonym_columns(contract)
        for part in _parts(connection, site, inputs, feed)
    ]


def _files(connection: Connection, inputs: pd.DataFrame) -> pd.DataFrame:
    """File name and supplier of the deliveries that the release names, by the hash of their bytes."""
    ids = [int(one) for one in inputs.loc[inputs["kind"] == "delivery", "verdict_id"].unique()]
    query = (
        select(delivery.c.sha256, delivery.c.file_name, delivery.c.supplier)
        .join(delivery_verdict, delivery_verdict.c.delivery_id == delivery.c.delivery_id)
        .where(delivery_verdict.c.verdict_id.in_(ids))
        .order_by(delivery.c.delivery_id)
    )
    rows = [tuple(row) for row in connection.execute(query)]
    files = pd.DataFrame(rows, columns=["sha256", "file_name", "supplier"])
    return files.drop_duplicates("sha256", keep="first").set_index("sha256")


def _headed(cells: pd.DataFrame, contract: Contract) -> pd.DataFrame:
    """Columns named as their headers stand in the file."""
    return cells.rename(columns={one.name: one.title for one in contract.columns})


def _addressed(rows: pd.DataFrame, files: pd.DataFrame) -> pd.DataFrame:
    named = rows.rename(
        columns={"_sha256": "sha256", "_sheet": "sheet", "_row": "row", "_quarter": "quarter"}
    )
    # Columns of other feeds; where there are no rows every column would be one.
    named = named.dropna(axis=1, how="all") if len(named) else named
    named = named.assign(
        file_name=named["sha256"].map(files["file_name"]), supplier=named["sha256"].map(files["supplier"])
    )
    first = [
        "measure",
        "key",
        "together",
        *PARTS,
        "in_numerator",
        "in_denominator",
        *_ADDRESS,
        "feed",
        "quarter",
    ]
    rest = [column for column in named.columns if column not in {*first, "unit_code", "in_n"}]
    return named[[*first, *rest]].sort_values(["key", "file_name", "sheet", "row"], ignore_index=True)
