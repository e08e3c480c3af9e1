"""What can go wrong with a document, as sentences for the office that edits templates and texts."""

from __future__ import annotations


class DocumentError(ValueError):
    """Chinese and English: which document or template, what was found, what to do."""

    def __init__(self, zh: str, en: str) -> None:
        self.zh, self.en = zh, en
        super().__init__(f"{zh} {en}")


class TemplateError(DocumentError):
    """A template that cannot be used."""


class PersonalText(DocumentError):
    """A free text that would carry personal data, or a count under 5, out of the office."""
