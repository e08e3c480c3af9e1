"""Rows of other feeds that the rules of kind `exists_in` look into, from the staged files that count."""

# ruff: file-ignore[hardcoded-sql-expression] -- composed of quoted names of our own contracts and paths
from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import pyarrow as pa
from sqlalchemy import Connection

from include.engine.scratch import scratch
from include.feeds.contract import Contract
from include.feeds.contract_rules import ExistsIn
from include.lake import local_copy
from include.pipeline.catalogue import contract_of
from include.pipeline.inputs import standing_files
from include.quality.grammar import literal, name
from include.site import Site
from include.warehouse import ledger


@dataclass(frozen=True)
class Reference:
    """What one rule looks into: its digest is cheap, its rows are read on first use."""

    rule: ExistsIn
    paths: tuple[str, ...]
    """Local staged files of the other feed."""
    digest: str

    @cached_property
    def rows(self) -> pa.Table:
        """As `include.quality.references.References` wants them."""
        values = [f"_{place}" for place in range(len(self.rule.theirs))]
        if not self.paths:
            return pa.table({column: pa.array([], pa.string()) for column in (*values, "_quarter")})
        source = f"read_parquet([{', '.join(map(literal, self.paths))}], union_by_name = true)"
        with scratch() as con:
            present = {row[0] for row in con.execute(f"describe select * from {source}").fetchall()}
            fields = [
                f"cast({name(column) if column in present else 'null'} as varchar) as {value}"
                for column, value in zip(self.rule.theirs, values, strict=True)
            ]
            known = " and ".join(f"{value} is not null" for value in values)
            said = f"select {', '.join(fields)}, _quarter from {source}"
            return con.sql(f"select distinct * from ({said}) where {known} order by all").to_arrow_table()


def references_of(
    connection: Connection, site: Site, jurisdiction: str, contract: Contract
) -> dict[str, Reference]:
    """Rule id → what it looks into now, for every rule of the contract that looks into another feed."""
    found = {}
    for rule in contract.rules:
        if isinstance(rule, ExistsIn):
            other = contract_of(site, rule.feed)
            verdicts = ledger.effective_verdicts(connection, jurisdiction, rule.feed)
            staged = [file for _, _, file in standing_files(other, verdicts)]
            said = "\n".join(sorted(file.sha256 for file in staged))
            found[rule.id] = Reference(
                rule,
                tuple(str(local_copy(site.lake / file.path)) for file in staged),
                hashlib.sha256(said.encode()).hexdigest(),
            )
    return found


def looking_into(site: Site, feed: str) -> list[Contract]:
    """The contracts of the site whose rules look into `feed`."""
    asking = [code for code in site.feeds if b"exists_in" in site.contract_path(code).read_bytes()]
    contracts = [contract_of(site, code) for code in asking if code != feed]
    return [
        contract
        for contract in contracts
        if any(isinstance(rule, ExistsIn) and rule.feed == feed for rule in contract.rules)
    ]


def reference_mistakes(site: Site, contract: Contract) -> Iterator[str]:
    """What of the rules that look into other feeds does not fit those feeds.

    Raises:
        include.config.ConfigError: the contract of another feed is missing or wrong.
    """
    for rule in contract.rules:
        if not isinstance(rule, ExistsIn):
            continue
        where = f"[{contract.feed}] 规则 rule [{rule.id}]"
        if rule.feed not in site.feeds or rule.feed == contract.feed:
            yield f"{where}: 站点没有另一数据源 [{rule.feed}]。 The site takes no other feed [{rule.feed}]."
            continue
        other = contract_of(site, rule.feed)
        if other.time.kind == "register":
            yield f"{where}: [{rule.feed}] 是名册,没有采用的行。 [{rule.feed}] is a register and stages no rows."
        columns = {column.name: column for column in other.columns}
        for own, theirs in zip(rule.columns, rule.theirs, strict=True):
            if theirs not in columns or columns[theirs].is_hidden:
                yield f"{where}: [{rule.feed}] 没有可用的列 [{theirs}]。 [{rule.feed}] has no staged column [{theirs}]."
            elif columns[theirs].type != contract.column(own).type:
                yield (
                    f"{where}: [{own}] 与 [{theirs}] 类型不同。 [{own}] is {contract.column(own).type}, "
                    f"[{theirs}] is {columns[theirs].type}."
                )
