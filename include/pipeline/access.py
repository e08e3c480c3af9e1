"""Who may do what: one question, asked by pages, REST, Airflow's reviews and the command line alike."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from pathlib import Path

from pydantic import Field, model_validator

from include.config import Strict, Words, mistake, parse, read_yaml
from include.site import Account, Site
from include.warehouse.errors import WarehouseError

_FILE = Path(__file__).with_name("acts.yaml")
EVERY = "*"


class NotAllowed(WarehouseError):
    """The account may not do this here."""


class Act(Strict):
    """One act: the roles that may do it, and whether it is bound to the account's own suppliers."""

    roles: tuple[str, ...] = Field(min_length=1)
    supplier: bool = False


class Acts(Strict):
    """The contents of acts.yaml."""

    roles: dict[str, Words]
    acts: dict[str, Act]

    @model_validator(mode="after")
    def _roles_known(self) -> Acts:
        for code, act in self.acts.items():
            if unknown := sorted(set(act.roles) - set(self.roles)):
                raise mistake(
                    f"[acts.{code}] 角色 {unknown} 未声明。", f"[acts.{code}] roles {unknown} unknown."
                )
        return self


@cache
def acts() -> Acts:
    """All roles and acts."""
    return parse(Acts, read_yaml(_FILE), file=_FILE)


def authorise(site: Site, account: str, act: str, *, jurisdiction: str, supplier: str = "") -> str:
    """Return the role in which `account` may do `act` in an area, for `supplier` where the act is bound to one.

    Raises:
        NotAllowed: the site lists no such account, or not for this area, supplier or act.
        KeyError: there is no such act, or it is bound to suppliers and none is given: a mistake of ours.
    """
    wanted = acts().acts[act]
    if wanted.supplier and not supplier:
        raise KeyError(f"{act} needs a supplier")
    known = site.settings.accounts.get(account)
    if known is None:
        raise NotAllowed(
            f"账号 [{account}] 不在 site.yaml 的 accounts 中,不能办理 [{act}];请由运维人员登记。",
            f"Account [{account}] is not among the accounts of site.yaml and may not [{act}]; ask operations.",
        )
    if not _reaches(known.jurisdictions, jurisdiction):
        raise NotAllowed(
            f"账号 [{account}] 不负责地区 [{jurisdiction}],只负责 {list(known.jurisdictions)}。",
            f"Account [{account}] has no part in area [{jurisdiction}], only in {list(known.jurisdictions)}.",
        )
    roles = [role for role in wanted.roles if role in known.roles]
    if not roles:
        raise NotAllowed(
            f"账号 [{account}] 的角色 {list(known.roles)} 不能办理 [{act}],可办理的角色:{list(wanted.roles)}。",
            f"Account [{account}] with roles {list(known.roles)} may not [{act}]; roles that may: "
            f"{list(wanted.roles)}.",
        )
    if wanted.supplier and not _reaches(known.suppliers, supplier):
        raise NotAllowed(
            f"账号 [{account}] 不属于报送单位 [{supplier}],只属于 {list(known.suppliers)}。",
            f"Account [{account}] does not belong to supplier [{supplier}], only to {list(known.suppliers)}.",
        )
    return roles[0]


def may(site: Site, account: str, act: str, *, jurisdiction: str, supplier: str = "") -> bool:
    """Whether `authorise` would let the account do it."""
    try:
        authorise(site, account, act, jurisdiction=jurisdiction, supplier=supplier)
    except NotAllowed:
        return False
    return True


def accounts_for(site: Site, jurisdiction: str, role: str) -> tuple[str, ...]:
    """The accounts that hold a role in an area, in the order of site.yaml."""
    return tuple(
        name
        for name, account in site.settings.accounts.items()
        if role in account.roles and _reaches(account.jurisdictions, jurisdiction)
    )


def account_of_login(site: Site, login: str, account: str = "") -> str:
    """The account that a login of the operating system acts as: its own name, or one that lists the login.

    Raises:
        NotAllowed: `account` does not list this login.
    """
    wanted = account or login
    known = site.settings.accounts.get(wanted, Account())
    if wanted != login and not _reaches(known.logins, login):
        raise NotAllowed(
            f"登录名 [{login}] 不能以账号 [{wanted}] 办理;该账号的 logins 为 {list(known.logins)}。",
            f"Login [{login}] may not act as account [{wanted}], whose logins are {list(known.logins)}.",
        )
    return wanted


def _reaches(listed: Iterable[str], wanted: str) -> bool:
    return any(one in (EVERY, wanted) for one in listed)
