"""The rows of a source as documents: what an engine outside is given, and what an export writes."""

# ruff: noqa: S608 # every name comes through `identifier`

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Any, Final

from nself.pg.catalog import identifier
from nself.pg.database import Database
from nself.search.source import Source

BATCH: Final = 1000


async def every(database: Database, source: Source) -> AsyncIterator[Sequence[Mapping[str, Any]]]:
    """All documents of a source in the order of their keys."""
    key, kind = identifier(source.key), source.types[source.key]
    sql = (
        f"SELECT {key}::text AS id, {_document(source)} AS document FROM {source.table.quoted} s"
        f" WHERE $1::text IS NULL OR {key} > $1::text::{kind} ORDER BY s.{key} LIMIT {BATCH}"
    )
    last: str | None = None
    while rows := await database.fetch(sql, last):
        yield [row["document"] for row in rows]
        last = rows[-1]["id"]


async def some(database: Database, source: Source, ids: Sequence[str]) -> Mapping[str, Mapping[str, Any]]:
    """{key as text: document} of those that are still there."""
    key, kind = identifier(source.key), source.types[source.key]
    sql = (
        f"SELECT {key}::text AS id, {_document(source)} AS document FROM {source.table.quoted} s"
        f" WHERE {key} = ANY ($1::text[]::{kind}[])"
    )
    return {row["id"]: row["document"] for row in await database.fetch(sql, list(ids))}


def _document(source: Source) -> str:
    pairs = (f"'{name.replace(chr(39), chr(39) * 2)}', s.{identifier(name)}" for name in source.shown)
    return f"jsonb_build_object({', '.join(pairs)})"
