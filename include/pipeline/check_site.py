"""Validate a whole site before anything runs: settings, contracts, measures, frameworks, register."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

import pandas as pd
from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError

from include.clocks import working_days
from include.config import ConfigError
from include.engine.duckdb_engine import open_engine
from include.feeds.contract import Contract
from include.measures.definition import MeasuresDefinition
from include.measures.errors import MeasureError
from include.measures.run import ReadFeed, run_measures
from include.pipeline.check_people import missing_people, mistaken_people
from include.pipeline.correcting import correction_states, mistaken_corrections
from include.pipeline.document_texts import mistaken_documents
from include.pipeline.inputs import calendar_span
from include.pipeline.packs import Pack, versions_of
from include.pipeline.references import reference_mistakes
from include.pipeline.registers import standing_register
from include.pipeline.terms import calendar_of
from include.quarters import Quarter
from include.scoring import FrameworkError
from include.site import Site
from include.warehouse.errors import WarehouseError
from include.warehouse.store import migrate, open_warehouse


@dataclass(frozen=True)
class Finding:
    """One thing to mend (`fatal`) or to know."""

    text: str
    fatal: bool = True


def check_site(site: Site) -> list[Finding]:
    """Read everything a site consists of and list what is wrong, in the order in which it is best mended.

    Every contract and every version of every framework is read, and every measures SQL is run over no rows, with
    the register's own columns. The warehouse is brought up to date, as at every start.
    """
    findings: list[Finding] = []
    contracts = _contracts(site, findings)
    findings += _keys(site, contracts)
    findings += _connections(contracts)
    packs = _packs(site, findings)
    units = _units(site, packs, findings)
    definitions = _definitions(site, contracts, packs, findings)
    findings += _prepared(site, contracts, definitions, units)
    findings += [finding for pack in packs for finding in _judged(site, pack, definitions)]
    findings += _strays(site)
    findings += _looked_into(site, contracts)
    findings += _corrected(site)
    findings += map(Finding, mistaken_documents(site, _groups(packs)))
    findings += map(Finding, mistaken_people(site))
    findings += (Finding(said, fatal=False) for said in missing_people(site))
    return findings


def _groups(packs: Iterable[Pack]) -> dict[str, set[str]]:
    """Codes of groups by framework, over all its versions."""
    found: dict[str, set[str]] = {}
    for pack in packs:
        found.setdefault(pack.framework.framework, set()).update(one.code for one in pack.framework.groups)
    return found


def _looked_into(site: Site, contracts: Mapping[str, Contract]) -> Iterator[Finding]:
    for contract in contracts.values():
        try:
            yield from map(Finding, reference_mistakes(site, contract))
        except ConfigError:
            continue  # said where that feed's own contract was read


def _corrected(site: Site) -> Iterator[Finding]:
    """Corrections that do not fit, and those that no longer apply."""
    try:
        mistakes = list(mistaken_corrections(site))
        states = [] if mistakes else correction_states(site)
    except ConfigError as error:
        mistakes, states = [str(error)], []
    except (SQLAlchemyError, WarehouseError):
        return  # said where the register was read
    yield from map(Finding, mistakes)
    for one in states:
        if one.state == "stale":
            yield Finding(
                f"更正 [{one.correction.id}] 不再适用:{one.where[-1]} 的值已不是 from 所写。请撤去或改写。 "
                f"Correction [{one.correction.id}] no longer applies: {one.where[-1]} does not hold what its from "
                "says. Remove it or rewrite its from.",
                fatal=False,
            )
        elif one.state == "unmatched":
            yield Finding(
                f"更正 [{one.correction.id}] 没有对上任何一行(或尚未运行 mingjing ingest)。请核对 row 或 key。 "
                f"Correction [{one.correction.id}] met no row (or mingjing ingest has not run since). "
                "Check its row or key.",
                fatal=False,
            )


def _contracts(site: Site, findings: list[Finding]) -> dict[str, Contract]:
    contracts = {}
    for feed in site.feeds:
        try:
            path = site.contract_path(feed)
            contract = Contract.from_yaml(path)
        except ConfigError as error:
            findings.append(Finding(str(error)))
            continue
        if contract.feed != feed:
            findings.append(
                Finding(
                    f"[{path}] 契约的 id 是 [{contract.feed}],文件名要求 [{feed}]。 "
                    f"The contract's id is [{contract.feed}]; the name of the file demands [{feed}]."
                )
            )
            continue
        contracts[feed] = contract
        findings += _supplied(site, contract)
    return contracts


def _supplied(site: Site, contract: Contract) -> Iterator[Finding]:
    feed = contract.feed
    suppliers = site.settings.feeds[feed].suppliers or contract.suppliers
    if unknown := sorted(set(suppliers) - set(site.settings.suppliers)):
        yield Finding(
            f"[feeds.{feed}] 报送单位 {unknown} 未列入 site.yaml 的 suppliers。 "
            f"[feeds.{feed}] suppliers {unknown} are not listed under suppliers in site.yaml."
        )
    inboxes = [site.inbox / jurisdiction / feed for jurisdiction in site.jurisdictions]
    if len(suppliers) > 1:
        inboxes = [inbox / supplier for inbox in inboxes for supplier in suppliers]
    for inbox in inboxes:
        if not inbox.is_dir():
            yield Finding(
                f"[feeds.{feed}] 收件目录尚不存在,请建立:mkdir -p {inbox} "
                f"[feeds.{feed}] The inbox folder does not exist yet; make it with that command.",
                fatal=False,
            )


def _connections(contracts: Mapping[str, Contract]) -> Iterator[Finding]:
    for contract in contracts.values():
        source = contract.extract
        if source is not None and not os.environ.get(source.variable):
            yield Finding(
                f"[{contract.feed}] 环境变量 {source.variable} 未设置,无法取数。请设为该数据库的 URL。 "
                f"[{contract.feed}] The variable {source.variable} is not set, so nothing can be extracted. "
                f"Set it to the database's URL."
            )


def _keys(site: Site, contracts: Mapping[str, Contract]) -> Iterator[Finding]:
    try:
        ring = site.keys
    except ConfigError as error:
        yield Finding(str(error))
        return
    wanted = [
        f"{contract.feed}.{column.name}"
        for contract in contracts.values()
        for column in contract.columns
        if column.privacy == "pseudonym"
    ]
    if wanted and not ring.has("pseudonym"):
        yield Finding(
            f"[keys] 列 {wanted} 声明为 pseudonym,但没有假名密钥:这些列将被丢弃,不会存为普通哈希。"
            f"请运行 mingjing keys new。 "
            f"[keys] Columns {wanted} are declared pseudonym and there is no key: they are dropped, never stored as "
            f"plain hashes. Run mingjing keys new."
        )
    if not ring.has("vault"):
        yield Finding(
            "[keys] 没有 vault 密钥:原始文件将不加密存放。请运行 mingjing keys new。 "
            "[keys] There is no key for the vault: raw files lie there unencrypted. Run mingjing keys new.",
            fatal=False,
        )


def _packs(site: Site, findings: list[Finding]) -> list[Pack]:
    packs = []
    for name in site.settings.frameworks:
        try:
            versions = versions_of(site, name)
        except (ConfigError, FrameworkError) as error:
            findings.append(Finding(str(error)))
            continue
        packs += versions
        first = site.settings.first_quarter
        if not any(pack.framework.covers(first) for pack in versions):
            begun = sorted(pack.framework.effective_from or "" for pack in versions)
            findings.append(
                Finding(
                    f"[first_quarter] [{name}] 在 {first} 没有生效的版本;各版本始于 {begun}。 "
                    f"[first_quarter] No version of [{name}] is in force in {first}; versions begin in {begun}."
                )
            )
    return packs


def _units(site: Site, packs: list[Pack], findings: list[Finding]) -> pd.DataFrame:
    """The register's units as measures see them, of the first jurisdiction that has any."""
    try:
        migrate(site.warehouse_url)
        engine = open_warehouse(site.warehouse_url)
        registered = {one: _registered(engine, one) for one in site.jurisdictions}
    except (WarehouseError, SQLAlchemyError, OSError) as error:
        shown = str(getattr(error, "orig", None) or error)
        findings.append(
            Finding(
                f"[warehouse] 数据仓库打不开:{shown}。请检查地址、口令和网络。 "
                f"[warehouse] The warehouse cannot be opened: {shown}. Check address, password and network."
            )
        )
        return _NO_UNITS
    for jurisdiction, units in registered.items():
        if units.empty:
            findings.append(
                Finding(
                    f"[{jurisdiction}] 单位名录为空:请先填写 register.xlsx 并运行 mingjing units import。 "
                    f"[{jurisdiction}] The register of units is empty: fill in register.xlsx and run "
                    f"mingjing units import first.",
                    fatal=False,
                )
            )
        findings += [finding for pack in packs for finding in _grouped(jurisdiction, units, pack)]
    return next((units for units in registered.values() if not units.empty), _NO_UNITS)


def _grouped(jurisdiction: str, units: pd.DataFrame, pack: Pack) -> Iterator[Finding]:
    allowed = pack.framework.peer_groups
    if allowed is not None and (strange := sorted(set(units["peer_group"]) - {"", *allowed})):
        yield Finding(
            f"[{jurisdiction}] 名录中的类别 {strange} 不在指标体系 {_named(pack)} 的 peer_groups {list(allowed)} 中。 "
            f"[{jurisdiction}] The register's peer groups {strange} are not among those of {_named(pack)}."
        )


_NO_UNITS = pd.DataFrame(
    {name: pd.Series(dtype="str") for name in ("unit_code", "name", "peer_group", "parent_code", "region")}
    | {"population": pd.Series(dtype="float64")}
)
"""The columns of the register's template, for measures that use them before the first import."""


def _registered(engine: Engine, jurisdiction: str) -> pd.DataFrame:
    register = standing_register(engine, jurisdiction).register
    columns = ["unit_code", "name", "peer_group", "parent_code", *register.attributes]
    return register.units[columns].drop_duplicates("unit_code", keep="last")


def _definitions(
    site: Site, contracts: Mapping[str, Contract], packs: list[Pack], findings: list[Finding]
) -> dict[str, MeasuresDefinition]:
    needed = {column.partition(".")[0] for pack in packs for column in pack.framework.measures}
    definitions = {}
    for feed in contracts:
        try:
            path = site.measures_path(feed)
        except ConfigError as error:
            if feed in needed:
                findings.append(Finding(str(error)))
            continue
        try:
            definitions[feed] = MeasuresDefinition.from_sql(path)
        except ConfigError as error:
            findings.append(Finding(str(error)))
    return definitions


def _prepared(
    site: Site,
    contracts: Mapping[str, Contract],
    definitions: Mapping[str, MeasuresDefinition],
    units: pd.DataFrame,
) -> Iterator[Finding]:
    """Run every measures SQL over no rows: syntax, columns and types are then as they will be."""
    quarter = Quarter.parse(site.settings.first_quarter)
    days = working_days(calendar_of(site), *calendar_span(quarter)).rename(columns={"date": "day"})
    reads = {feed: ReadFeed(contract, ()) for feed, contract in contracts.items()}
    with open_engine() as connection:
        for feed, definition in definitions.items():
            try:
                run_measures(
                    connection,
                    definition=definition,
                    contract=contracts[feed],
                    parts=(),
                    quarter=quarter,
                    units=units,
                    working_days=days,
                    arrived=True,
                    reads=reads,
                )
            except MeasureError as error:
                yield Finding(str(error))


def _judged(site: Site, pack: Pack, definitions: Mapping[str, MeasuresDefinition]) -> Iterator[Finding]:
    measures = dict.fromkeys(column.partition("|")[0] for column in pack.framework.measures)
    for feed, _, code in (measure.partition(".") for measure in measures):
        if feed in definitions and code not in definitions[feed].measures:
            declared = list(definitions[feed].measures)
            yield Finding(
                f"[{_named(pack)}] 计量 [{feed}.{code}] 未在 {feed}.sql 中声明,已声明:{declared}。 "
                f"[{_named(pack)}] Measure [{feed}.{code}] is not declared in {feed}.sql; declared: {declared}."
            )
    absent = sorted({measure.partition(".")[0] for measure in measures} - set(site.feeds))
    if absent:
        yield Finding(
            f"[{_named(pack)}] 站点没有数据源 {absent},相关指标按不适用处理。 "
            f"[{_named(pack)}] The site has no feeds {absent}: their indicators are not applicable.",
            fatal=False,
        )


def _strays(site: Site) -> Iterator[Finding]:
    """Files that lie in the site and are used by nothing: most often a line forgotten in site.yaml."""
    named = {
        path: path.stem in site.settings.feeds
        for folder in ("feeds", "measures")
        for path in sorted((site.folder / folder).glob("*.*"))
    }
    in_use = {name.partition("@")[0] for name in site.settings.frameworks}
    named |= {
        path: path.name in in_use for path in sorted((site.folder / "packs").glob("*")) if path.is_dir()
    }
    for path, used in named.items():
        if not used:
            key = "frameworks" if path.parent.name == "packs" else "feeds"
            place = path.relative_to(site.folder)
            yield Finding(
                f"[{place}] 未被使用:site.yaml 的 {key} 中没有 [{path.stem}]。 "
                f"[{place}] is not used: [{path.stem}] is not among {key} in site.yaml.",
                fatal=False,
            )


def _named(pack: Pack) -> str:
    return f"{pack.framework.framework}@{pack.framework.version}"
