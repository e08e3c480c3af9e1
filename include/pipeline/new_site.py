"""Lay out a new site: settings, register workbook, an inbox per feed, a template for connections."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from include.config import ConfigError, parse
from include.feeds.contract import Contract
from include.keys import PURPOSES, KeyRing
from include.quarters import Quarter
from include.site import CONTRACTS, SiteSettings
from include.units import write_register_template

KEYS = "keys.yaml"
_HEAD = """\
# 站点设置:一个县(区)的全部差异都在本目录,代码仓库不必改动。
# A site's settings: all that differs between counties lies in this folder; the repository stays untouched.
#   feeds/      本县自有数据契约(同名者优先于仓库)   contracts of the county's own
#   measures/   自有数据源的计量 SQL                 measures SQL of its own feeds
#   packs/      自有指标体系,可 extends 仓库内的       frameworks of its own, may extend a shipped one
#   inbox/      部门把文件放到这里                     where departments drop their files
# 改完后运行 After a change: mingjing check <this folder>
"""

_CONNECTIONS = """\
# 连接与密钥模板:复制为 connections.env 后填写,或改用 Airflow 的密钥后端。此处不得写入真实口令并提交。
# Template for connections and keys: copy to connections.env and fill in, or use Airflow's secrets backend.
# Nothing secret belongs in a file that is versioned.
MINGJING_SITE={folder}
# 默认用站点目录下的 SQLite;生产用 PostgreSQL。 SQLite in the site's folder by default; PostgreSQL in production.
# MINGJING_WAREHOUSE_URL=postgresql+psycopg://mingjing_loader@warehouse.intranet/mingjing
# 收件目录或数据湖在对象存储时 When the inbox or the lake is an object store:
# AIRFLOW_CONN_LAKE='{{"conn_type": "aws", "login": "…", "password": "…"}}'
"""


def new_site(
    folder: Path,
    *,
    code: str,
    name_zh: str,
    name_en: str = "",
    first_quarter: str = "2024Q4",
    suppliers: Mapping[str, Any] | None = None,
    accounts: Mapping[str, Any] | None = None,
    feeds: Mapping[str, Mapping[str, Any]] | None = None,
) -> Path:
    """Write a new site into the empty or missing `folder`; return the path of its site.yaml.

    Args:
        folder: where; ConfigError if it holds a site already.
        code: administrative code of the jurisdiction.
        name_zh: its name in Chinese.
        name_en: its name in English.
        first_quarter: the first quarter to be scored.
        suppliers: supplier code → settings, in place of the placeholders made from the shipped contracts.
        accounts: account → roles, areas and suppliers; none by default: nobody can then review.
        feeds: feed code → settings beside those that every shipped feed gets.

    Raises:
        ConfigError: a setting is wrong; nothing was written.
    """
    path = folder / "site.yaml"
    if path.exists():
        raise ConfigError(
            path, ["此目录已有站点,不会覆盖。 This folder holds a site already; nothing was written."]
        )
    contracts = [Contract.from_yaml(file) for file in sorted(CONTRACTS.glob("*.yaml"))]
    settings = {
        "site": "county",
        "jurisdictions": [{"code": code, "name": {"zh": name_zh, "en": name_en}}],
        "time_zone": "Asia/Shanghai",
        "language": "zh",
        "first_quarter": first_quarter,
        "frameworks": ["jiaokou"],
        "inbox": "inbox",
        "lake": "lake",
        "warehouse": "sqlite:///warehouse.sqlite",
        "keys": KEYS,
        "suppliers": dict(suppliers or _placeholders(contracts)),
        "feeds": {
            one.feed: {"deadline_days": one.deadline_days, **(feeds or {}).get(one.feed, {})}
            for one in contracts
        },
        "accounts": dict(accounts or {}),
    }
    parse(SiteSettings, settings, file=path)
    for contract in contracts:
        inbox = folder / "inbox" / code / contract.feed
        for supplier in contract.suppliers if len(contract.suppliers) > 1 else ("",):
            (inbox / supplier).mkdir(parents=True, exist_ok=True)
    for own in ("feeds", "measures", "packs"):
        (folder / own).mkdir(parents=True, exist_ok=True)
    text = yaml.safe_dump(settings, allow_unicode=True, sort_keys=False, width=120)
    path.write_text(_HEAD + text, encoding="utf-8")
    (folder / "connections.env.template").write_text(
        _CONNECTIONS.format(folder=folder.resolve()), encoding="utf-8"
    )
    (folder / ".gitignore").write_text(
        "connections.env\nkeys.yaml\nlake/\ninbox/\nwarehouse.sqlite*\n", encoding="utf-8"
    )
    ring = KeyRing(file=folder / KEYS)
    for purpose in PURPOSES:
        ring = ring.with_new(purpose, Quarter.parse(first_quarter))
    ring.save()
    write_register_template(folder / "register.xlsx")
    return path


def _placeholders(contracts: list[Contract]) -> dict[str, Any]:
    codes = sorted({supplier for contract in contracts for supplier in contract.suppliers})
    role = {"role": "数据专管员", "phone": "", "mail": ""}
    return {code: {"name": {"zh": code, "en": code}, "contacts": [role]} for code in codes}
