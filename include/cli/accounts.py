"""Who is at the terminal: the account that a command acts as."""

from __future__ import annotations

import getpass
from typing import Annotated

import typer

from include.site import Site

As = Annotated[
    str,
    typer.Option(
        "--as",
        envvar="MINGJING_ACCOUNT",
        help="以哪个账号办理,缺省为登录名 Account to act as; the login's own by default",
    ),
]


def acting(site: Site, account: str) -> str:
    """The account of this login; NotAllowed where it may not act as `account`."""
    from include.pipeline.access import account_of_login

    return account_of_login(site, getpass.getuser(), account)
