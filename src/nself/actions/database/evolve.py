"""A project's own schema as it grows: `db migrate up`, and in dev the same at start whenever `db/migrations` changed.

After our servers are up, since migrations may refer to the tables of auth and storage; GraphQL then looks again. On a
server migrations are applied when somebody says so: `nself db migrate up`.
"""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path
from typing import TYPE_CHECKING

from nself.actions.stack import Stack
from nself.errors import DatabaseError, NselfError
from nself.events import Emit, Note, Warned
from nself.model.project import Environment
from nself.runtimes import digest
from nself.services import graphql, postgres

if TYPE_CHECKING:
    from nself.actions.database.migrate import Up

MARKER = "migrations"
"""In `.nself/run`: the hash of the folder as it was last seen applied."""


def pending(opened: Stack) -> bool:
    """Whether the folder changed since it was last applied here. Reads files only."""
    folder = opened.project.root / "db" / "migrations"
    if opened.project.env is not Environment.DEV or not folder.is_dir():
        return False
    marker = _marker(opened)
    return not marker.is_file() or marker.read_text(encoding="ascii", errors="replace") != digest.of_folder(folder)


def due(opened: Stack, healthy: Collection[str]) -> bool:
    """Whether it is time: something is pending, and the database and those of our servers with schemas are well."""
    needed = {spec.name for spec in opened.runtime.specs if spec.server or spec.name == postgres.NAME}
    return needed.issubset(healthy) and pending(opened)


def apply(opened: Stack, emit: Emit) -> None:
    """Apply what is new, then have GraphQL read the schema again. The first failing file ends it."""
    from nself.actions.database import migrate

    seen = digest.of_folder(migrate.folder(opened.project))
    done = migrate.up(opened.project, postgres.database_url(opened.project, opened.runtime.network))
    if done.applied:
        emit(Note("applied migrations: " + ", ".join(f"{each.version}_{each.name}" for each in done.applied)))
        _reload(opened, emit)
    if done.failed:
        where = f", line {done.failed.line}" if done.failed.line else ""
        raise DatabaseError(
            f"all runs, but migration {done.failed.version}_{done.failed.name} failed{where}: {done.failed.error}",
            fixes=["correct the file and start again: nothing of it was applied", "nself db migrate status"],
        )
    opened.runtime.host.write(_marker(opened), seen)


def up(opened: Stack, emit: Emit, *, limit: int | None, to: int | None, lock_wait_s: float) -> Up:
    """What `nself db migrate up` does: apply, have GraphQL read the schema again, leave a line in the history."""
    from nself.actions import history
    from nself.actions.database import migrate

    project, host = opened.project, opened.runtime.host
    entry = history.Entry("migrations", "db migrate up")
    with history.recorded(project, host, emit, entry):
        done = migrate.up(
            project, postgres.database_url(project, opened.runtime.network), limit=limit, to=to, lock_wait_s=lock_wait_s
        )
        entry.details["applied"] = [each.version for each in done.applied]
        entry.exit_code = DatabaseError.exit_code if done.failed else 0
        if done.applied:
            _reload(opened, emit)
    return done


def _reload(opened: Stack, emit: Emit) -> None:
    """Tables that metadata names may only be there now."""
    from nself.actions.database import hasura

    if graphql.NAME not in {spec.name for spec in opened.runtime.specs}:
        return
    try:
        hasura.metadata(opened, {"type": "reload_metadata", "args": {"reload_sources": True}})
    except NselfError as error:
        emit(Warned(f"GraphQL could not read the schema again: {error.message}", fix="nself restart graphql"))


def _marker(opened: Stack) -> Path:
    return opened.project.layout.run / MARKER
