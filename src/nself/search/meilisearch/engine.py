"""Indexes in Meilisearch. Triggers write down which rows changed; `sync` tells it, and nothing tells it by itself."""

from __future__ import annotations

import html
from collections.abc import Mapping, Sequence
from typing import Any, Final

from nself.pg.catalog import identifier
from nself.pg.database import Connection, Database
from nself.search import documents, registry
from nself.search.engine import Answer, Facet, Hit, Progress, Query, Stats
from nself.search.meilisearch.client import Client, index
from nself.search.meilisearch.filters import expression
from nself.search.settings import Kind
from nself.search.source import Source

BATCH: Final = 1000
_MARKS: Final = ("\x02", "\x03")
"""What it marks words with: the texts around are escaped before these become tags."""


class MeilisearchEngine:
    """The engine `meilisearch`. An index is called there as in search/indexes.yml."""

    def __init__(self, database: Database, client: Client) -> None:
        self._database, self._client = database, client

    async def prepare(self) -> None:
        await registry.prepare(self._database, extensions=())

    async def built(self) -> Mapping[str, Mapping[str, Any]]:
        return await registry.built(self._database, Kind.MEILISEARCH)

    async def build(self, source: Source, progress: Progress) -> int:
        async with registry.alone(self._database, source.name) as connection:
            await self._client.call("GET", "/health")
            await registry.follow(connection, source, Kind.MEILISEARCH, _target(source))
            count = await self._fill(source, f"{source.name}__new", progress)
            await self._put_in_place(source, f"{source.name}__new")
            name = _target(source).name
            await registry.swap(connection, source, Kind.MEILISEARCH, name, live=name)
            await registry.settle(connection)
            await registry.drop_tables(connection, source.name, keep=None)
            await registry.drop_function(connection, source.name)
            await self._drain(connection, source)
        return count

    async def sync(self, source: Source) -> int:
        async with registry.alone(self._database, source.name) as connection:
            return await self._drain(connection, source)

    async def query(self, index_name: str, query: Query) -> Answer:
        body: dict[str, Any] = {"q": query.text, "limit": query.limit, "offset": query.offset, "showRankingScore": True}
        body |= {"filter": expression(query.filter)} if query.filter else {}
        body |= {"sort": [_order(each) for each in query.sort]} if query.sort else {}
        body |= {"facets": list(query.facets)} if query.facets else {}
        if query.highlight:
            body |= {"attributesToHighlight": ["*"], "highlightPreTag": _MARKS[0], "highlightPostTag": _MARKS[1]}
        known = await self._database.fetch_row(
            "SELECT key_column, fields, problem FROM search.indexes WHERE name = $1", index_name
        )
        found = await self._client.call("POST", index(index_name, "/search"), body)
        key = known["key_column"] if known else "id"
        fields = known["fields"] if known else ()
        return Answer(
            hits=tuple(_hit(hit, key, fields, query) for hit in found["hits"]),
            total=found["estimatedTotalHits"],
            exact=False,
            problem=known["problem"] if known else None,
            facets={name: _facet(counts) for name, counts in (found.get("facetDistribution") or {}).items()},
        )

    async def stats(self, index_name: str) -> Stats:
        found = await self._client.call("GET", index(index_name, "/stats"))
        row = await self._database.fetch_row(
            "SELECT built_at, problem, (SELECT count(*) FROM search.changes WHERE index_name = name) AS pending"
            " FROM search.indexes WHERE name = $1",
            index_name,
        )
        built_at = row["built_at"].isoformat() if row and row["built_at"] else None
        return Stats(
            documents=found["numberOfDocuments"],
            pending=row["pending"] if row else 0,
            built_at=built_at,
            problem=row["problem"] if row else None,
        )

    async def drop(self, index_name: str) -> None:
        async with registry.alone(self._database, index_name) as connection:
            await self._client.done("DELETE", index(index_name), may_miss=True)
            await registry.leave(connection, index_name)

    async def _fill(self, source: Source, uid: str, progress: Progress) -> int:
        await self._client.done("DELETE", index(uid), may_miss=True)
        await self._client.done("POST", "/indexes", {"uid": uid, "primaryKey": source.key})
        await self._client.done("PATCH", index(uid, "/settings"), _settings(source))
        count, task = 0, None
        async for batch in documents.every(self._database, source):
            task = (await self._client.call("POST", index(uid, "/documents"), list(batch)))["taskUid"]
            count += len(batch)
            progress(f"{count} rows")
            # One task ahead: it indexes while we read, and a table larger than its memory does not pile up there.
            await self._client.finished(task)
        return count

    async def _put_in_place(self, source: Source, uid: str) -> None:
        """Exchange the new index for the one that answers, which must be there to be exchanged."""
        existing = await self._client.call("GET", "/indexes?limit=1000")
        if source.name not in {each["uid"] for each in existing["results"]}:
            await self._client.done("POST", "/indexes", {"uid": source.name, "primaryKey": source.key})
        await self._client.done("POST", "/swap-indexes", [{"indexes": [source.name, uid]}])
        await self._client.done("DELETE", index(uid), may_miss=True)

    async def _drain(self, connection: Connection, source: Source) -> int:
        """Tell it what changed. A change is forgotten when it has been told: killed in between, it is told again."""
        count = 0
        while rows := await connection.fetch(
            "SELECT number, id FROM search.changes WHERE index_name = $1 ORDER BY number LIMIT $2", source.name, BATCH
        ):
            if any(row["id"] is None for row in rows):
                await self._client.done("DELETE", index(source.name, "/documents"))
            ids = list(dict.fromkeys(row["id"] for row in rows if row["id"] is not None))
            there = await documents.some(self._database, source, ids)
            if there:
                await self._client.done("POST", index(source.name, "/documents"), list(there.values()))
            gone = [each for each in ids if each not in there]
            if gone:
                await self._client.done("POST", index(source.name, "/documents/delete-batch"), gone)
            await connection.execute(
                "DELETE FROM search.changes WHERE number = ANY ($1)", [row["number"] for row in rows]
            )
            count += len(ids)
        return count


def _settings(source: Source) -> dict[str, Any]:
    """Its own order of fields is what our weights are: the heaviest first."""
    fields = sorted(source.index.fields, key=lambda column: source.index.fields[column])
    return {
        "searchableAttributes": fields,
        "filterableAttributes": sorted(source.attributes),
        "sortableAttributes": list(source.index.sortable),
        "displayedAttributes": list(source.shown),
    }


def _target(source: Source) -> registry.Target:
    key, into = identifier(source.key), "INSERT INTO search.changes (index_name, id)"
    row = f"{into} SELECT '{source.name}', r.{key}::text FROM"
    return registry.Target(
        name=f"{source.name}@meilisearch",
        on_insert=f"{row} new_rows r",
        on_update=f"{row} (SELECT {key} FROM new_rows UNION SELECT {key} FROM old_rows) r",  # noqa: S608 # quoted
        on_delete=f"{row} old_rows r",
        on_truncate=f"{into} VALUES ('{source.name}', NULL)",
    )


def _order(name: str) -> str:
    return f"{name[1:]}:desc" if name.startswith("-") else f"{name}:asc"


def _facet(counts: Mapping[str, int]) -> Facet:
    """It writes every value as text, and counts all matches."""
    ordered = sorted(counts.items(), key=lambda each: (-each[1], each[0]))
    return Facet(values=tuple({"value": value, "count": count} for value, count in ordered), exact=True)


def _hit(hit: Mapping[str, Any], key: str, fields: Sequence[str], query: Query) -> Hit:
    formatted = hit.get("_formatted") or {}
    return Hit(
        id=hit[key],
        rank=hit.get("_rankingScore"),
        document={name: value for name, value in hit.items() if not name.startswith("_")},
        highlight={name: _marked(str(formatted[name]), query.marks) for name in fields if name in formatted},
    )


def _marked(text: str, marks: tuple[str, str]) -> str:
    return html.escape(text, quote=False).replace(_MARKS[0], marks[0]).replace(_MARKS[1], marks[1])
