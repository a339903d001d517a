"""The documents of an index out of a project, and into another."""

# ruff: noqa: S608 # every name comes through `identifier`

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, Final

from nself.actions import history
from nself.actions.search.opened import Opened, Place, declared, run, some
from nself.errors import UsageError
from nself.records import dataclass
from nself.search.settings import Kind

if TYPE_CHECKING:
    from nself.search.source import Source

BATCH: Final = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class Imported:
    """`rows` of the index's table were written; with --dry-run they would have been."""

    engine: Kind
    index: str
    table: str
    rows: int
    dry_run: bool


def export(at: Place, name: str, write: Callable[[Mapping[str, Any]], None]) -> int:
    """Hand every document of an index to `write`, in the order of their keys; how many there were."""
    indexes = some(declared(at), [name])

    async def act(opened: Opened) -> int:
        from nself.search import documents

        (source,) = await opened.checked(indexes)
        count = 0
        async for batch in documents.every(opened.database, source):
            for document in batch:
                write(document)
            count += len(batch)
        return count

    return run(at, act)


def import_(at: Place, name: str, lines: Iterable[str], *, dry_run: bool = False) -> Imported:
    """Write documents into the table an index follows, as `export` gives them: rows whose key is there are changed, the
    others inserted. All of them or none; a dry run does it and takes it back."""
    indexes = some(declared(at), [name])

    async def act(opened: Opened) -> Imported:
        (source,) = await opened.checked(indexes)
        rows = 0
        async with opened.database.connection() as connection:
            transaction = connection.transaction()
            await transaction.start()
            try:
                for columns, batch in _batches(source, lines):
                    await connection.execute(_upsert(source, columns), batch)
                    rows += len(batch)
                await (transaction.rollback() if dry_run else transaction.commit())
            except BaseException:
                await transaction.rollback()
                raise
        return Imported(engine=opened.kind, index=name, table=".".join(source.table), rows=rows, dry_run=dry_run)

    if dry_run:
        return run(at, act)
    with history.recorded(at.project, at.host, at.emit, history.Entry("search.import", f"imported into {name}")):
        return run(at, act)


def _batches(source: Source, lines: Iterable[str]) -> Iterator[tuple[tuple[str, ...], list[dict[str, Any]]]]:
    """Documents of the same columns, in the order of the lines; a key comes once in a batch."""
    columns: tuple[str, ...] = ()
    batch: dict[str, dict[str, Any]] = {}
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        document = _document(source, number, line)
        key = json.dumps(document[source.key])
        if batch and (tuple(sorted(document)) != columns or len(batch) == BATCH or key in batch):
            yield columns, list(batch.values())
            batch = {}
        columns = tuple(sorted(document))
        batch[key] = document
    if batch:
        yield columns, list(batch.values())


def _document(source: Source, number: int, line: str) -> dict[str, Any]:
    try:
        found = json.loads(line)
    except ValueError as error:
        raise UsageError(f"line {number} is not JSON: {error}") from None
    if not isinstance(found, dict):
        raise UsageError(f"line {number} is not a document: expected a JSON object")
    if "\\u0000" in line:
        raise UsageError(f"line {number} has the character NUL, which PostgreSQL cannot hold")
    unknown = sorted(found.keys() - set(source.shown))
    if unknown:
        raise UsageError(
            f"line {number}: {unknown[0]} is no column of the index {source.name}",
            fixes=[f"it has {', '.join(source.shown)}"],
        )
    if found.get(source.key) is None:
        raise UsageError(f"line {number} has no {source.key}, the key of the index {source.name}")
    return found


def _upsert(source: Source, columns: tuple[str, ...]) -> str:
    from nself.pg.catalog import identifier

    names = ", ".join(map(identifier, columns))
    rest = [identifier(each) for each in columns if each != source.key]
    changes = ", ".join(f"{each} = excluded.{each}" for each in rest)
    return (
        f"INSERT INTO {source.table.quoted} ({names}) OVERRIDING SYSTEM VALUE "
        f"SELECT {names} FROM jsonb_populate_recordset(NULL::{source.table.quoted}, $1) "
        f"ON CONFLICT ({identifier(source.key)}) DO {f'UPDATE SET {changes}' if changes else 'NOTHING'}"
    )
