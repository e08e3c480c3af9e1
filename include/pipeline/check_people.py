"""Whether a site's accounts and the loops of its frameworks fit each other."""

from __future__ import annotations

from collections.abc import Iterator

from include.clocks import load_clocks
from include.config import ConfigError
from include.pipeline.access import EVERY, accounts_for, acts
from include.pipeline.catalogue import known_versions
from include.pipeline.terms import clock_files
from include.reviews.loop import Loop, Term, loop_of
from include.reviews.settlement import year_framework
from include.reviews.year import SUFFIX, quarterly_code
from include.scoring.errors import FrameworkError
from include.site import Site


def mistaken_people(site: Site) -> Iterator[str]:
    """One sentence for every role, area, supplier or term, of accounts or audiences, that does not exist."""
    known = {
        "roles": set(acts().roles),
        "jurisdictions": {*site.jurisdictions, EVERY},
        "suppliers": {*site.settings.suppliers, EVERY},
    }
    people = {f"accounts.{name}": account for name, account in site.settings.accounts.items()}
    told = {f"notify.{name}": audience for name, audience in site.settings.notify.items()}
    for where, one in (people | told).items():
        for what, allowed in known.items():
            if unknown := sorted(set(getattr(one, what)) - allowed):
                yield (
                    f"site.yaml [{where}.{what}] {unknown} 不存在,可用:{sorted(allowed)}。 "
                    f"site.yaml [{where}.{what}] {unknown} do not exist; there are {sorted(allowed)}."
                )
    for framework in _frameworks(site):
        try:
            loop = loop_of(site, framework)
            yield from _mistaken_loop(site, framework, loop)
            yield from _mistaken_year(site, framework, loop)
        except ConfigError as error:
            yield str(error)


def missing_people(site: Site) -> Iterator[str]:
    """One sentence for every review that nobody could give, once a site lists accounts at all."""
    if not site.settings.accounts:
        return
    for framework in _frameworks(site):
        try:
            steps = loop_of(site, framework).review
        except ConfigError:
            continue  # said by `mistaken_people`
        for area in site.jurisdictions:
            for step in steps:
                if not accounts_for(site, area, step.role):
                    yield (
                        f"地区 [{area}] 没有账号担任 [{step.role}],{framework} 的{step.title.zh}无人可办。 "
                        f"In area [{area}] no account is [{step.role}]: nobody can give the "
                        f"{step.title.en.lower()} of {framework}."
                    )


def _mistaken_year(site: Site, framework: str, loop: Loop) -> Iterator[str]:
    """What a framework's `year:` says that no version of the framework can do."""
    if quarterly_code(framework) != framework:
        yield (
            f"指标体系代码 [{framework}] 不得以 {SUFFIX} 结尾,该结尾留给年度结算。 "
            f"The code [{framework}] must not end with {SUFFIX}, which is for settlements."
        )
        return
    try:
        versions = known_versions(site, framework)
    except (ConfigError, FrameworkError):
        return  # said where frameworks are checked
    wanted = {group for one in loop.year.dimensions for group in one.groups}
    for pack in versions:
        if unknown := sorted(wanted - {group.code for group in pack.framework.groups}):
            yield (
                f"{framework} loop.yaml: year.dimensions 的 {unknown} 不在 {pack.framework.version} 版的维度中。 "
                f"{framework} loop.yaml: the groups {unknown} of year.dimensions are not in version "
                f"{pack.framework.version}."
            )
        try:
            year_framework(pack.framework, loop.year, 2000)
        except FrameworkError as error:
            yield str(error)
            return


def _mistaken_loop(site: Site, framework: str, loop: Loop) -> Iterator[str]:
    roles, clocks = acts().roles, load_clocks(*clock_files(site))
    for step in loop.review:
        if step.role not in roles:
            yield (
                f"{framework} loop.yaml: 角色 [{step.role}] 不存在,可用:{sorted(roles)}。 "
                f"{framework} loop.yaml: role [{step.role}] does not exist; there are {sorted(roles)}."
            )
    for term in _terms(loop):
        if term.clock and term.clock not in clocks:
            yield (
                f"{framework} loop.yaml: 期限 [{term.clock}] 不在期限库中。 "
                f"{framework} loop.yaml: there is no clock [{term.clock}] in the library."
            )
    for problem, supplier in loop.rectification.leads.items():
        if supplier not in site.settings.suppliers:
            yield (
                f"{framework} loop.yaml: 共性问题 [{problem}] 的牵头部门 [{supplier}] 未列入 suppliers。 "
                f"{framework} loop.yaml: the lead [{supplier}] of common problem [{problem}] is not among suppliers."
            )


def _terms(loop: Loop) -> Iterator[Term]:
    yield from (loop.answer, loop.object, loop.decide, *loop.rectification.terms)
    if loop.publicity is not None:
        yield loop.publicity.term


def _frameworks(site: Site) -> list[str]:
    return [name.partition("@")[0] for name in site.settings.frameworks]
