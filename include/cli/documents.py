"""`mingjing issue`, `documents`, `verify`, `withdraw-document`: what leaves the office, and whether it is ours."""

from __future__ import annotations

from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, get_args

import typer

from include.cli.accounts import As, acting
from include.cli.options import Area, AsJson, Framework, QuarterKey, SiteFolder, area_of, up_to_date
from include.cli.sentences import HELD, WRONG, refuse, say, say_json
from include.documents.official.distribution import Kind
from include.site import Site

if TYPE_CHECKING:
    from include.warehouse.releases import ReleaseKey

_KINDS = get_args(Kind)
_STATUS = {
    "issued": "有效 in force",
    "answered": "已答复 answered",
    "superseded": "已被取代 superseded",
    "withdrawn": "已撤回 withdrawn",
}


def issue(
    quarter: QuarterKey,
    unit: Annotated[
        list[str] | None, typer.Option(help="只发给这个单位(代码),可重复 Only to this unit; repeat")
    ] = None,
    kind: Annotated[
        list[str] | None,
        typer.Option(
            help="文书种类,可重复,缺省为季度的四种 Kind, repeat; the quarter's four by default: "
            + ", ".join(_KINDS)
        ),
    ] = None,
    pdf: Annotated[bool, typer.Option(help="另存 PDF(需 LibreOffice) A PDF beside each")] = False,
    framework: Framework = "",
    area: Area = "",
    site: SiteFolder = None,
    account: As = "",
    as_json: AsJson = False,
) -> None:
    """出具文书:通知书、反馈表、报告、移交单。 Issue the documents of a final release; none of them twice."""
    from include.pipeline.document_facts import QUARTERLY
    from include.pipeline.issuing import issue as issue_documents

    if unknown := sorted(set(kind or ()) - set(_KINDS)):
        refuse(
            f"没有文书种类 {unknown},可用:{list(_KINDS)}。 No kinds {unknown}; there are {list(_KINDS)}.",
            WRONG,
        )
    chosen = up_to_date(site)
    report = issue_documents(
        chosen,
        _key(chosen, area, framework, str(quarter)),
        account=acting(chosen, account),
        now=datetime.now(UTC),
        kinds=tuple(one for one in _KINDS if one in kind) if kind else QUARTERLY,
        units=unit or (),
        pdf=pdf,
    )
    if as_json:
        say_json({"folder": report.folder, "manifest": report.manifest_sha256, "known": report.known}
                 | {"superseded": report.superseded, "issued": [asdict(one) for one in report.issued]})  # fmt: skip
        return
    if not report.issued:
        say(f"没有新的文书,{report.known} 份此前已出具。 Nothing new: {report.known} stand already.")
        return
    say(
        f"已出具 {len(report.issued)} 份文书,在 {report.folder};此前已出具 {report.known} 份,取代旧文书 "
        f"{report.superseded} 份。 Issued {len(report.issued)}; {report.known} stood already, {report.superseded} "
        "earlier ones are superseded.",
        style="green",
    )


def documents(
    quarter: QuarterKey,
    framework: Framework = "",
    area: Area = "",
    site: SiteFolder = None,
    as_json: AsJson = False,
) -> None:
    """列出已出具的文书。 List the documents issued on a quarter, withdrawn ones too."""
    from include.pipeline.issuing import list_documents

    chosen = up_to_date(site)
    found = list_documents(chosen, _key(chosen, area, framework, str(quarter)))
    if as_json:
        say_json({"documents": [asdict(one) for one in found]})
        return
    for one in found:
        due = f"  {one.answer_by} 前答复 answer by" if one.answer_by and one.stands else ""
        say(
            f"{one.notice_id}  r{one.revision}  {one.file_name}  {one.number}  {_STATUS[one.status]}{due}",
            style="" if one.stands else "yellow",
        )
    say(f"共 {len(found)} 份。 {len(found)} documents.")


def verify(
    file: Annotated[
        Path, typer.Argument(help="手中的文书 The file that you hold", exists=True, dir_okay=False)
    ],
    site: SiteFolder = None,
    as_json: AsJson = False,
) -> None:
    """核验一份文书。 Check a document: genuine, superseded, withdrawn, or not ours."""
    from include.pipeline.verifying import verify_document

    verdict = verify_document(up_to_date(site), file)
    if as_json:
        say_json(asdict(verdict))
    else:
        say(f"{verdict.zh} {verdict.en}", style="green" if verdict.is_good else "yellow")
    if not verdict.is_good:
        raise typer.Exit(HELD)


def withdraw_document(
    notice_id: Annotated[int, typer.Argument(help="文书号,见 documents Number, see documents")],
    reason: Annotated[str, typer.Option(help="理由,留痕 Why; kept in the audit chain")],
    site: SiteFolder = None,
    account: As = "",
) -> None:
    """撤回一份文书。 Withdraw a document; it stays listed as withdrawn."""
    from include.pipeline.issuing import withdraw_notice

    chosen = up_to_date(site)
    found = withdraw_notice(
        chosen, notice_id, account=acting(chosen, account), reason=reason, now=datetime.now(UTC)
    )
    say(f"已撤回:{found.title}。 Withdrawn.", style="yellow")


def add_to(app: typer.Typer) -> None:
    """Add the commands."""
    app.command()(issue)
    app.command()(documents)
    app.command()(verify)
    app.command("withdraw-document")(withdraw_document)


def _key(site: Site, area: str, framework: str, period: str) -> ReleaseKey:
    from include.warehouse.releases import ReleaseKey

    code = framework or site.settings.frameworks[0].partition("@")[0]
    return ReleaseKey(area_of(site, area), code, period)
