"""Running the migrations, with views and triggers made anew around them, in one transaction."""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine, Inspector, inspect, select

from include.warehouse import descriptions, guards, roles, views
from include.warehouse.canonical import lines_digest
from include.warehouse.store import lock, reading, writing
from include.warehouse.tables import generated_sql

VERSION_TABLE = "mingjing_alembic_version"


def config() -> Config:
    """Alembic's settings; the caller puts its connection into `attributes["connection"]`."""
    settings = Config()
    settings.set_main_option("script_location", str(Path(__file__).parent))
    return settings


def upgrade(engine: Engine) -> None:
    """Bring the warehouse to the newest version; changes nothing when it is there already."""
    digest = _generated_digest(engine.dialect.name)
    with reading(engine) as connection:
        if _is_current(connection, digest):
            return
    with writing(engine) as connection:
        lock(connection, "migrate")
        if _is_current(connection, digest):
            return
        views.drop(connection)
        settings = config()
        settings.attributes["connection"] = connection
        command.upgrade(settings, "head")
        guards.recreate(connection)
        views.create(connection, lambda name, column: descriptions.of_column(name, column).both)
        descriptions.write(connection)
        connection.execute(generated_sql.delete())
        connection.execute(generated_sql.insert().values(name="views and triggers", digest=digest))
        roles.grant_again(connection)


def _is_current(connection: Connection, digest: str) -> bool:
    inspector: Inspector = inspect(connection)
    if not inspector.has_table(VERSION_TABLE):
        return False
    context = MigrationContext.configure(connection, opts={"version_table": VERSION_TABLE})
    if context.get_current_revision() != ScriptDirectory.from_config(config()).get_current_head():
        return False
    return connection.scalar(select(generated_sql.c.digest)) == digest


def _generated_digest(dialect: str) -> str:
    parts = guards.statements(dialect) + [
        f"{view.name}\n{view.select}\n{view.comment}" for view in views.views()
    ]
    return lines_digest([*parts, descriptions.digest_text(), roles.SQL if dialect == "postgresql" else ""])
