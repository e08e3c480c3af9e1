"""Where a contract's rows are extracted from, for a feed that is no file but a table of a database."""

from __future__ import annotations

from pydantic import Field, model_validator

from include.config import Strict


class ExtractFrom(Strict):
    """A table, view or query behind a named connection; neither an address nor a password stands here."""

    connection: str = Field(pattern=r"^[a-z][a-z0-9_]*$")
    table: str = Field(default="", pattern=r"^([^\W\d]\w*(\.[^\W\d]\w*)?)?$")
    """`table` or `schema.table`."""
    query: str = ""
    """One SELECT, without a semicolon."""

    @model_validator(mode="after")
    def _one(self) -> ExtractFrom:
        if bool(self.table) == bool(self.query.strip()):
            raise ValueError("exactly one of: table, query")
        return self

    @property
    def variable(self) -> str:
        """The environment variable that holds the database's URL."""
        return f"MINGJING_EXTRACT_{self.connection.upper()}"
