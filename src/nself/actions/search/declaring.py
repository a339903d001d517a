"""A declaration for a table that has none, from its columns."""

from __future__ import annotations

from nself.actions import history
from nself.actions.search.opened import Opened, Place, declared, run
from nself.errors import ConfigProblemsError, UsageError
from nself.events import Note
from nself.search import definition
from nself.search.definition import Index


def declare(at: Place, table: str, *, dry_run: bool) -> tuple[Index, ...]:
    """The declared indexes, with one over `table` (`name` or `schema.name`) written to search/indexes.yml if there was
    none. A dry run does not write it."""
    indexes = declared(at)
    schema, _, name = table.rpartition(".")
    if any((each.schema, each.table) == (schema or "public", name) for each in indexes):
        return indexes
    if name in {each.name for each in indexes}:
        raise UsageError(f"{definition.FILE} has another index {name}", fixes=["declare it there by hand"])
    path = at.project.root / definition.FILE
    before = at.host.read(path) if at.host.exists(path) else ""
    text = f"{before.rstrip()}\n\n".lstrip() + _suggested(at, schema or "public", name)
    found, problems = definition.parse(text)
    if problems:
        raise ConfigProblemsError(problems)
    if not dry_run:
        with history.recorded(at.project, at.host, at.emit, history.Entry("search.declare", f"declared {name}")):
            at.host.write(path, text)
        at.emit(Note(f"declared {name} in {definition.FILE}: look at it, and add what you filter by"))
    return found


def _suggested(at: Place, schema: str, table: str) -> str:
    async def act(opened: Opened) -> str:
        from nself.search import suggestion

        async with opened.database.connection() as connection:
            found = await suggestion.suggest(connection, schema, table)
        if found is None:
            raise UsageError(
                f"there is no table {schema}.{table} with a column of text", fixes=["nself exec postgres psql"]
            )
        return found

    return run(at, act)
