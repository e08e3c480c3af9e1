"""One installation's own settings: everything that differs between counties lies in one folder.

`site.yaml` names jurisdictions, frameworks, suppliers and feeds; beside it lie the site's own contracts
(`feeds/`), measures SQL (`measures/`) and packs (`packs/`). What the site does not have is taken from the
repository, so a county adds a feed or changes a weight without touching it.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cached_property
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from pydantic import Field, field_validator, model_validator

from include.config import ConfigError, Strict, Words, mistake, parse, read_yaml
from include.keys import KeyRing, open_ring
from include.lake import StorePath, open_path
from include.quarters import Quarter

REPOSITORY = Path(__file__).resolve().parent.parent
CONTRACTS = REPOSITORY / "include" / "feeds" / "contracts"
MEASURES = REPOSITORY / "include" / "sql" / "measures"
FRAMEWORKS = REPOSITORY / "include" / "frameworks"


def _quarter_key(value: str) -> str:
    try:
        return str(Quarter.parse(value))
    except ValueError as error:
        raise ValueError("季度,如 2026Q3 | a quarter such as 2026Q3") from error


class Contact(Strict):
    """Whom to call, by role; never a citizen."""

    role: str
    phone: str = ""
    mail: str = ""


class Supplier(Strict):
    """A department that sends deliveries."""

    name: Words
    contacts: tuple[Contact, ...] = ()


class Jurisdiction(Strict):
    """An area whose units are scored; every table is keyed by its code."""

    code: str = Field(pattern=r"^[0-9A-Za-z_]+$")
    name: Words


Code = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$")]


class FeedSettings(Strict):
    """What a site changes about a feed; what is empty is taken from the contract."""

    suppliers: tuple[str, ...] = ()
    deadline_days: int | None = Field(default=None, ge=0)
    absent: bool = False
    """The county has no such feed: its measures are not applicable, not missing."""
    first_quarter: str = ""
    """The first quarter that is due; before it the feed counts as absent. Empty: the site's own first quarter."""

    @field_validator("first_quarter")
    @classmethod
    def _quarter(cls, value: str) -> str:
        return _quarter_key(value) if value else value


class Account(Strict):
    """Who an account is: its roles, and the areas and suppliers it has to do with (`"*"` is all)."""

    roles: tuple[str, ...] = ()
    jurisdictions: tuple[str, ...] = ("*",)
    suppliers: tuple[str, ...] = ()
    logins: tuple[str, ...] = ()
    """Logins of the operating system that may act as this account on the command line, besides its own name."""


class Audience(Strict):
    """To whom messages for some roles go: addresses of offices and Airflow connections, never a citizen's."""

    roles: tuple[str, ...] = Field(min_length=1)
    jurisdictions: tuple[str, ...] = ("*",)
    suppliers: tuple[str, ...] = ()
    """What a steward's messages are about; `"*"` is all."""
    mail: tuple[Annotated[str, Field(pattern=r"^[^@\s]+@[^@\s]+$")], ...] = ()
    connections: tuple[str, ...] = ()
    """Ids of Apprise connections in Airflow: a group in WeCom, DingTalk, Feishu …"""

    @model_validator(mode="after")
    def _somewhere(self) -> Audience:
        if not self.mail and not self.connections:
            raise mistake("mail 和 connections 至少写一项。", "Give mail, connections or both.")
        return self


AccountName = Annotated[str, Field(pattern=r"^[0-9A-Za-z_.@-]+$")]


class Retention(Strict):
    """How long a store keeps its files; executed by `mingjing retain` and every morning by `deadline_tick`."""

    raw_years: int = Field(default=4, ge=1)
    """Landed files, counted from the last time their bytes came in."""
    returns_days: int = Field(default=90, ge=1)
    """Returned workbooks, counted from when they were written."""


class SiteSettings(Strict):
    """The contents of site.yaml."""

    site: Code
    jurisdictions: tuple[Jurisdiction, ...] = Field(min_length=1)
    time_zone: str = "Asia/Shanghai"
    language: str = Field(default="zh", pattern="^(zh|en)$")
    first_quarter: str
    frameworks: tuple[str, ...] = Field(min_length=1)
    inbox: str = "inbox"
    lake: str = "lake"
    warehouse: str = "sqlite:///warehouse.sqlite"
    """A database URL without a password; MINGJING_WAREHOUSE_URL in the environment overrides it."""
    keys: str = "keys.yaml"
    """The key ring: a file of the site, or `airflow://<connection>`; MINGJING_KEYS in the environment overrides it."""
    retention: Retention = Retention()
    suppliers: dict[str, Supplier]
    feeds: dict[Code, FeedSettings] = Field(min_length=1)
    accounts: dict[AccountName, Account] = Field(default_factory=dict)
    """Who reviews, issues, decides and verifies; names as in Airflow's own user list."""
    notify: dict[Code, Audience] = Field(default_factory=dict)
    """Who is told what is due; without it nobody is."""
    pages: str = ""
    """Outer address of Airflow's pages, for links in messages."""

    @field_validator("time_zone")
    @classmethod
    def _zone(cls, value: str) -> str:
        try:
            ZoneInfo(value)
        except (ValueError, LookupError, OSError) as error:
            raise ValueError(
                "时区名称,如 Asia/Shanghai | the name of a time zone such as Asia/Shanghai"
            ) from error
        return value

    @field_validator("first_quarter")
    @classmethod
    def _quarter(cls, value: str) -> str:
        return _quarter_key(value)

    @field_validator("jurisdictions")
    @classmethod
    def _each_area_once(cls, value: tuple[Jurisdiction, ...]) -> tuple[Jurisdiction, ...]:
        if len({one.code for one in value}) < len(value):
            raise ValueError("每个地区代码只写一次 | every code of an area once only")
        return value

    @field_validator("frameworks")
    @classmethod
    def _each_framework_once(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        if len({name.partition("@")[0] for name in value}) < len(value):
            raise ValueError("每个指标体系只写一次 | every framework once only")
        return value

    @field_validator("warehouse")
    @classmethod
    def _no_password(cls, value: str) -> str:
        # Told without the value: a sentence with the password in it would end in a log.
        if urlsplit(value).password:
            raise mistake(
                "此处不得写口令:请把带口令的地址放在环境变量 MINGJING_WAREHOUSE_URL 中。",
                "No password here: put the URL that carries it into MINGJING_WAREHOUSE_URL in the environment.",
            )
        return value

    @field_validator("feeds", mode="before")
    @classmethod
    def _nothing_to_change(cls, value: Any) -> Any:
        """`petitions:` with nothing behind it means: take the feed as its contract says."""
        if not isinstance(value, dict):
            return value
        return {code: {} if settings is None else settings for code, settings in value.items()}

    @model_validator(mode="after")
    def _suppliers_known(self) -> SiteSettings:
        for feed, settings in self.feeds.items():
            if unknown := sorted(set(settings.suppliers) - set(self.suppliers)):
                raise mistake(
                    f"[feeds.{feed}.suppliers] {unknown} 未列入 suppliers {sorted(self.suppliers)}。",
                    f"[feeds.{feed}.suppliers] {unknown} is not among suppliers {sorted(self.suppliers)}.",
                )
        return self


@dataclass(frozen=True)
class LightFeed:
    """What a DAG file needs to know of a feed, read without any heavy library."""

    code: str
    title_zh: str
    title_en: str
    cadence: str


@dataclass(frozen=True)
class Site:
    """A site's folder and its settings."""

    folder: Path
    settings: SiteSettings

    @property
    def zone(self) -> ZoneInfo:
        """Time zone of deadlines and shown times; stored times are UTC."""
        return ZoneInfo(self.settings.time_zone)

    @cached_property
    def inbox(self) -> StorePath:
        """Root of the inbox: `<inbox>/<jurisdiction>/<feed>/[<supplier>/]`."""
        return open_path(self.settings.inbox, base=self.folder)

    @cached_property
    def lake(self) -> StorePath:
        """Root of the lake."""
        return open_path(self.settings.lake, base=self.folder)

    @property
    def keys(self) -> KeyRing:
        """The key ring as it stands now; ConfigError where it is malformed or others may read it."""
        return open_ring(self.settings.keys, base=self.folder)

    @property
    def warehouse_url(self) -> str:
        """Database URL of the warehouse; a relative SQLite file lies in the site's folder."""
        url = os.environ.get("MINGJING_WAREHOUSE_URL") or self.settings.warehouse
        prefix = "sqlite:///"
        if url.startswith(prefix) and not url.startswith(prefix + "/"):
            return f"{prefix}{self.folder / url.removeprefix(prefix)}"
        return url

    @property
    def feeds(self) -> tuple[str, ...]:
        """Codes of the feeds that this site takes, in the order of site.yaml, without the absent ones."""
        return tuple(code for code, feed in self.settings.feeds.items() if not feed.absent)

    def takes(self, feed: str, quarter: Quarter) -> bool:
        """Whether the site takes the feed in a quarter: it is not absent, and has begun by then."""
        settings = self.settings.feeds.get(feed)
        if settings is None or settings.absent:
            return False
        return not settings.first_quarter or Quarter.parse(settings.first_quarter) <= quarter

    @property
    def jurisdictions(self) -> tuple[str, ...]:
        """Codes of the areas."""
        return tuple(jurisdiction.code for jurisdiction in self.settings.jurisdictions)

    def contract_path(self, feed: str) -> Path:
        """The feed's contract: the site's own, a pack's, or the shared one; ConfigError where there is none."""
        return _contract_path(self.folder, feed)

    def measures_path(self, feed: str) -> Path:
        """The feed's measures SQL, searched like its contract."""
        return _first(
            _places(self.folder, self.folder / "measures", MEASURES, f"measures/{feed}.sql"),
            zh=f"数据源 [{feed}] 的计量 SQL",
            en=f"measures SQL of feed [{feed}]",
        )

    def deadline(self, quarter: Quarter, days: int) -> datetime:
        """The last instant of the day `days` after the quarter's end, in the site's zone."""
        day: date = quarter.end + timedelta(days=days)
        return datetime(day.year, day.month, day.day, 23, 59, 59, 999999, tzinfo=self.zone)


def open_site(folder: Path | str | None = None) -> Site:
    """Open the site at `folder` or at MINGJING_SITE; ConfigError lists what is wrong with site.yaml."""
    chosen = folder or os.environ.get("MINGJING_SITE")
    if not chosen:
        raise ConfigError(
            "site.yaml", ["未指定站点目录:请设置 MINGJING_SITE。 No site: set MINGJING_SITE to its folder."]
        )
    path = Path(chosen).resolve() / "site.yaml"
    return Site(path.parent, parse(SiteSettings, read_yaml(path), file=path))


def light_feeds(folder: Path | str | None = None) -> list[LightFeed]:
    """The site's feeds for building DAGs: plain YAML, no models, so that a parse stays cheap."""
    chosen = folder or os.environ.get("MINGJING_SITE")
    if not chosen:
        return [_light(path) for path in sorted(CONTRACTS.glob("*.yaml"))]
    root = Path(chosen).resolve()
    feeds: dict[str, Any] = read_yaml(root / "site.yaml").get("feeds", {})
    wanted = [code for code, settings in feeds.items() if not (settings or {}).get("absent")]
    return [_light(_contract_path(root, code)) for code in wanted]


def _light(path: Path) -> LightFeed:
    document = read_yaml(path)
    try:
        custom = {item["property"]: item["value"] for item in document.get("customProperties", [])}
        cadence = custom.get("time", {}).get("cadence", "quarter")
        return LightFeed(document["id"], document["name"], custom.get("title_en", document["id"]), cadence)
    except (KeyError, TypeError, AttributeError) as error:
        raise ConfigError(
            path, ["不是完整的数据契约,请运行 mingjing check。 Not a whole contract: run mingjing check."]
        ) from error


def _contract_path(folder: Path, feed: str) -> Path:
    return _first(
        _places(folder, folder / "feeds", CONTRACTS, f"contracts/{feed}.yaml"),
        zh=f"数据源 [{feed}] 的契约",
        en=f"contract of feed [{feed}]",
    )


def _places(folder: Path, own: Path, shared: Path, in_pack: str) -> list[Path]:
    """Where a file may lie, in order: the site, its packs, the repository, the shipped packs."""
    name = in_pack.rpartition("/")[2]
    packs = [sorted(root.glob(f"*/{in_pack}")) for root in (folder / "packs", FRAMEWORKS)]
    return [own / name, *packs[0], shared / name, *packs[1]]


def _first(candidates: list[Path], *, zh: str, en: str) -> Path:
    for path in candidates:
        if path.is_file():
            return path
    looked = [str(path.parent) for path in candidates]
    raise ConfigError(
        candidates[0],
        [f"没有{zh};找过 {looked}。请补上该文件,或改正 site.yaml。 No {en}; looked in {looked}."],
    )
