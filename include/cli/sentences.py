"""How the command speaks: sentences without markup, errors without tracebacks, figures as JSON on request."""

from __future__ import annotations

import json
from typing import Any, NoReturn

import typer
from rich.console import Console
from rich.text import Text
from typer.core import TyperGroup

HELD, WRONG = 1, 2
"""Exit codes: something was held, or there was nothing to score; the configuration is wrong."""


class SayingGroup(TyperGroup):
    """Commands whose refusals end as sentences on the error stream and as an exit code."""

    def invoke(self, ctx: Any) -> Any:
        """Run the command; a refusal ends the process with its exit code, anything else is a defect of ours."""
        try:
            return super().invoke(ctx)
        except Exception as error:
            code = exit_code_of(error)
            if code is None:
                raise
            say(str(getattr(error, "orig", None) or error), style="red", error=True)
            raise typer.Exit(code) from None


def exit_code_of(error: Exception) -> int | None:
    """The exit code of a refusal; None for what is no refusal."""
    # Imported only when something went wrong: they cost a second.
    from sqlalchemy.exc import DBAPIError

    from include.config import ConfigError
    from include.documents.official.errors import DocumentError
    from include.feeds.extract import SourceUnreachable
    from include.keys import KeyGone
    from include.measures.errors import MeasureError
    from include.scoring.errors import FrameworkError, ScoringError
    from include.units import RegisterError
    from include.warehouse.errors import WarehouseError

    if isinstance(error, WarehouseError | SourceUnreachable):
        return HELD
    wrong = (
        ConfigError,
        DocumentError,
        KeyGone,
        FrameworkError,
        ScoringError,
        RegisterError,
        MeasureError,
        DBAPIError,
    )
    return WRONG if isinstance(error, wrong) else None


def say(text: str, *, style: str = "", error: bool = False) -> None:
    """Print a sentence as it stands: brackets are part of it, and it is never broken by the terminal's width."""
    Console(stderr=error).print(Text(text, style=style), soft_wrap=True)


def say_json(figures: object) -> None:
    """Print figures for a program: one JSON document, Chinese as it is."""
    typer.echo(json.dumps(figures, ensure_ascii=False, indent=1, default=str))


def refuse(text: str, code: int) -> NoReturn:
    """Say why nothing was done, and end."""
    say(text, style="yellow" if code == HELD else "red", error=True)
    raise typer.Exit(code)
