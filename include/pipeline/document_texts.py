"""Where a site's templates, phrases and distribution list come from, the site's own before a pack's."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path

from include.config import ConfigError
from include.documents.official.distribution import Distribution, Kind, read_distribution
from include.documents.official.errors import TemplateError
from include.documents.official.facts import Ask
from include.documents.official.phrases import Phrases, read_phrases
from include.documents.official.sheet import open_sheet
from include.documents.official.templates import FILES, Template, find_template
from include.documents.official.word import open_word
from include.site import FRAMEWORKS, Site


@dataclass(frozen=True)
class DocumentTexts:
    """What documents of one framework are made from, besides facts."""

    phrases: Phrases
    distribution: Distribution
    folders: tuple[Path, ...]
    """Where templates are looked for, in order."""

    def template(self, kind: Kind) -> Template:
        """The template of a kind."""
        return find_template(kind, self.folders)


def texts_of(site: Site, framework: str) -> DocumentTexts:
    """Templates and texts of a framework; ConfigError where a text is wrong."""
    own, packs = site.folder, [site.folder / "packs" / framework, FRAMEWORKS / framework]
    weakest_first = [*(pack / "texts" for pack in reversed(packs)), own / "texts", own / "texts" / framework]
    return DocumentTexts(
        read_phrases(folder / "phrases.yaml" for folder in weakest_first),
        read_distribution(folder / "distribution.yaml" for folder in weakest_first),
        (
            own / "templates" / framework,
            own / "templates",
            *(pack / "templates" for pack in packs),
        ),
    )


def ask_of(site: Site, distribution: Distribution, *, area: str) -> Ask:
    """Whom to ask: the first contact of the declared supplier, else what the distribution list says."""
    wanted = distribution.ask
    department = wanted.department.replace("{area}", area)
    supplier = site.settings.suppliers.get(wanted.supplier)
    contact = supplier.contacts[0] if supplier is not None and supplier.contacts else None
    return Ask(
        department,
        wanted.role,
        wanted.phone or (contact.phone if contact is not None else ""),
        wanted.mail or (contact.mail if contact is not None else ""),
    )


def department_of(site: Site, code: str) -> str:
    """Name of a supplying department; its code where the site does not know it."""
    supplier = site.settings.suppliers.get(code)
    return supplier.name.zh if supplier is not None else code


def mistaken_documents(site: Site, frameworks: Mapping[str, Collection[str]]) -> list[str]:
    """What is wrong with the site's templates and texts, as sentences.

    Args:
        site: the site.
        frameworks: codes of frameworks, each with the codes of its groups.
    """
    found: list[str] = []
    for framework, groups in frameworks.items():
        try:
            texts = texts_of(site, framework)
        except ConfigError as error:
            found += str(error).splitlines()
            continue
        named = {code for part in texts.phrases.year for code in part.groups}
        if unknown := sorted(named - set(groups)):
            found.append(
                f"[{framework}] 的 texts/phrases.yaml 中 year 写有不存在的维度 {unknown},可用 {sorted(groups)}。 "
                f"[{framework}] has no groups {unknown} that year in its texts/phrases.yaml names: "
                f"{sorted(groups)}."
            )
        for kind, file in FILES.items():
            try:
                (open_sheet if file.endswith(".xlsx") else open_word)(texts.template(kind))
            except TemplateError as error:
                found.append(str(error))
    return list(dict.fromkeys(found))
