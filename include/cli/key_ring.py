"""The key ring at a terminal: for the custodian of the keys, who need not be the steward of the data."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated

import typer
from rich.console import Console

from include.cli.options import SiteFolder
from include.cli.sentences import WRONG, SayingGroup, refuse, say, say_json
from include.keys import PURPOSES, KeyRing, Purpose
from include.quarters import Quarter
from include.site import Site, open_site

keys = typer.Typer(
    cls=SayingGroup,
    no_args_is_help=True,
    help="密钥环:新建、列出、轮换、销毁。 The key ring: make, list, rotate, destroy.",
)

Since = Annotated[
    str, typer.Option("--from", metavar="QUARTER", help="自哪个季度起 From which quarter on, such as 2027Q1")
]
ForPurpose = Annotated[
    Purpose,
    typer.Argument(help="pseudonym 假名 · vault 原始文件加密 · token 退回表行标识 · sign 文书清单签名"),
]


@keys.command()
def new(site: SiteFolder = None) -> None:
    """补齐尚无的密钥。 Make a key for each purpose that has none yet, in the site's key file."""
    chosen = open_site(site)
    ring = _file_of(chosen)
    missing = [purpose for purpose in PURPOSES if not ring.has(purpose)]
    for purpose in missing:
        ring = ring.with_new(purpose, Quarter.parse(chosen.settings.first_quarter))
    if missing:
        ring.save()
    made = ", ".join(key.id for key in ring.keys if key.purpose in missing) or "—"
    say(
        f"新建密钥:{made}。密钥环在 {ring.file},请由保管人另行离线备份:丢失后假名无法对应,原始文件无法解密。\n"
        f"Keys made: {made}. The ring lies in {ring.file}; let its custodian keep a copy off line: without it "
        "pseudonyms cannot be matched and raw files cannot be opened.",
        style="green",
    )


@keys.command("list")
def list_keys(
    site: SiteFolder = None,
    as_json: Annotated[bool, typer.Option("--json", help="输出 JSON Print JSON")] = False,
) -> None:
    """列出密钥编号,不显示密钥。 List the ids of the keys, never the keys."""
    from rich.table import Table

    ring = open_site(site).keys
    rows = [
        {"id": key.id, "purpose": key.purpose, "begins": str(key.begins), "destroyed": not key.secret}
        for key in ring.keys
    ]
    if as_json:
        say_json({"keys": rows})
        return
    table = Table("编号 id", "用途 purpose", "自 from", "状态 state")
    for key in ring.keys:
        table.add_row(
            key.id, key.purpose, str(key.begins), "有效 in use" if key.secret else "已销毁 destroyed"
        )
    Console().print(table)


@keys.command()
def rotate(purpose: ForPurpose = "pseudonym", since: Since = "", site: SiteFolder = None) -> None:
    """换用新密钥。 Add a new key; what is protected by earlier keys stays readable.

    Pseudonyms change with the first quarter of a year unless --from says otherwise, the other purposes at once.
    """
    chosen = open_site(site)
    ring = _file_of(chosen)
    now = Quarter.of(datetime.now(UTC).astimezone(chosen.zone).date())
    try:
        begins = (
            Quarter.parse(since) if since else Quarter(now.year + 1, 1) if purpose == "pseudonym" else now
        )
        if purpose == "pseudonym" and begins <= now and ring.has(purpose):
            raise ValueError(
                f"新的假名密钥须自 {now.shift(1)} 或以后生效,以免已处理的季度换名。 "
                f"A new key for pseudonyms has to begin in {now.shift(1)} or later: {now} has rows already."
            )
        ring = ring.with_new(purpose, begins)
    except ValueError as error:
        refuse(str(error), WRONG)
    ring.save()
    key = ring.of(purpose)[-1]
    say(
        f"新密钥 [{key.id}] 自 {key.begins} 起生效;旧密钥保留,请勿删除。\n"
        f"New key [{key.id}] from {key.begins} on; the earlier ones stay on the ring and must be kept.",
        style="green",
    )


@keys.command()
def destroy(
    key_id: Annotated[str, typer.Argument(help="密钥编号,见 keys list Id of the key, see keys list")],
    reason: Annotated[str, typer.Option(help="理由,记入审计链 Why; kept in the audit chain")],
    by: Annotated[str, typer.Option(help="销毁人 Who destroys it")],
    site: SiteFolder = None,
) -> None:
    """销毁一个假名密钥。 Destroy a key for pseudonyms: the link to the persons behind them is erased for good."""
    from include.pipeline.keys import destroy_key

    chosen = open_site(site)
    ring = _file_of(chosen)
    try:
        destroy_key(chosen, ring, key_id, by=by, reason=reason, now=datetime.now(UTC))
    except ValueError as error:
        refuse(str(error), WRONG)
    say(
        f"密钥 [{key_id}] 已销毁。请同时销毁保管人的备份。\n"
        f"Key [{key_id}] is destroyed. Destroy the custodian's copies too.",
        style="yellow",
    )


def _file_of(site: Site) -> KeyRing:
    """The site's ring, where it is a file that we may write."""
    ring = site.keys
    if ring.file is None:
        refuse(
            "密钥环来自环境变量或 Airflow 连接,请在那里更改:先在一个文件站点里运行本命令,再把内容放入密钥后端。\n"
            "The ring comes from the environment or an Airflow connection: run this in a site whose ring is a file, "
            "and put the document into your secrets backend.",
            WRONG,
        )
    return ring
