"""An index checked against the database: its columns are there, and their types are known."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from nself.errors import Problem
from nself.pg.catalog import Name
from nself.records import dataclass
from nself.search.definition import Index

if TYPE_CHECKING:
    from nself.pg.database import Connection

_COLUMNS = """
SELECT a.attname AS name, pg_catalog.format_type(a.atttypid, NULL) AS type, a.attnotnull AS required,
    coalesce(e.typtype, t.typtype) = 'e' AS is_enum,
    EXISTS (SELECT FROM pg_index i WHERE i.indrelid = c.oid AND i.indisprimary AND i.indnkeyatts = 1
        AND i.indkey[0] = a.attnum) AS primary_key,
    EXISTS (SELECT FROM pg_index i WHERE i.indrelid = c.oid AND i.indisunique AND i.indnkeyatts = 1
        AND i.indpred IS NULL AND i.indkey[0] = a.attnum) AS is_unique
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace JOIN pg_attribute a ON a.attrelid = c.oid
JOIN pg_type t ON t.oid = a.atttypid LEFT JOIN pg_type e ON e.oid = t.typelem AND t.typcategory = 'A'
WHERE n.nspname = $1 AND c.relname = $2 AND c.relkind = 'r' AND a.attnum > 0 AND NOT a.attisdropped
"""
_KIND = """
SELECT c.relkind::text FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE n.nspname = $1 AND c.relname = $2
"""
_LANGUAGES = "SELECT cfgname FROM pg_ts_config WHERE cfgnamespace = 'pg_catalog'::regnamespace ORDER BY 1"
_NOT_SORTABLE = ("json", "xml", "point", "box", "line", "lseg", "path", "polygon", "circle")
_HASHED = frozenset(
    (
        *("smallint", "integer", "bigint", "numeric", "boolean", "uuid", "date", "text", "character varying"),
        *("character", "timestamp without time zone", "timestamp with time zone", "inet"),
    )
)
"""Types whose values PostgreSQL hashes, equal ones alike."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """`types` is {column: type as PostgreSQL writes it} of every column the index speaks of. `marked` are those of the
    filterable columns whose values are terms of the index too, so that words and filters meet in it."""

    index: Index
    key: str
    types: Mapping[str, str]
    marked: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        return self.index.name

    @property
    def table(self) -> Name:
        return Name(self.index.schema, self.index.table)

    @property
    def attributes(self) -> dict[str, str]:
        """{column: type} of what is filtered or sorted by."""
        return {column: self.types[column] for column in (*self.index.filterable, *self.index.sortable)}

    @property
    def shown(self) -> tuple[str, ...]:
        """The columns of a document."""
        return tuple(dict.fromkeys((self.key, *self.index.fields, *self.attributes)))

    @property
    def front(self) -> tuple[str, ...]:
        """The heaviest fields, where there are lighter ones: a document that has all the words there comes first."""
        weights = self.index.fields
        heaviest = min(weights.values())
        return tuple(each for each in weights if weights[each] == heaviest) if len(set(weights.values())) > 1 else ()

    def definition(self) -> dict[str, Any]:
        """All that an index is built from: another one means that it has to be built anew."""
        return {
            "table": list(self.table),
            "key": self.key,
            "key_type": self.types[self.key],
            "language": self.index.language,
            "language_column": self.index.language_column,
            "fields": [[column, weight] for column, weight in self.index.fields.items()],
            "filterable": list(self.index.filterable),
            "sortable": list(self.index.sortable),
            "marked": list(self.marked),
            "front": bool(self.front),
            "types": dict(sorted(self.types.items())),
        }


async def check(connection: Connection, indexes: Sequence[Index]) -> tuple[list[Source], list[Problem]]:
    """The indexes whose tables are as they say, and the problems of the others."""
    languages = [row["cfgname"] for row in await connection.fetch(_LANGUAGES)]
    sources, problems = [], []
    for index in indexes:
        rows = await connection.fetch(_COLUMNS, index.schema, index.table)
        if not rows:
            kind = await connection.fetchval(_KIND, index.schema, index.table)
            problems.append(index.problem("table", *_no_table(index, kind)))
            continue
        key = index.key or next((row["name"] for row in rows if row["primary_key"]), None)
        found = list(_problems(index, key, rows, languages))
        problems += found
        if not found and key is not None:
            wanted = {key, *index.columns()}
            types = {row["name"]: row["type"] for row in rows if row["name"] in wanted}
            sources.append(Source(index=index, key=key, types=types, marked=_marked(index, rows)))
    return sources, problems


def _marked(index: Index, rows: Sequence[Any]) -> tuple[str, ...]:
    hashed = {row["name"] for row in rows if row["is_enum"] or row["type"].removesuffix("[]") in _HASHED}
    return tuple(column for column in index.filterable if column in hashed)


def _no_table(index: Index, kind: str | None) -> tuple[str, str]:
    name = f"{index.schema}.{index.table}"
    if kind is None:
        return f"there is no table {name}", "nself db migrate up, or correct the name"
    return f"{name} is not an ordinary table, whose changes can be followed", "index the table the rows are written to"


def _problems(index: Index, key: str | None, rows: Sequence[Any], languages: Sequence[str]) -> Iterator[Problem]:
    columns = {row["name"]: row for row in rows}
    for column, path in index.columns().items():
        if column not in columns:
            yield index.problem(path, f"{index.table} has no column {column}", f"it has {', '.join(columns)}")
    if key is None:
        yield index.problem("key", f"{index.table} has no primary key of one column", "name a unique column: key: id")
    elif key in columns and not (columns[key]["is_unique"] and columns[key]["required"]):
        yield index.problem("key", f"{key} is not unique and NOT NULL: two rows could not be told apart")
    if index.language not in languages:
        hint = f"PostgreSQL has {', '.join(languages)}"
        yield index.problem("language", f"there is no text search configuration {index.language}", hint)
    for column in index.sortable:
        if column in columns and _unordered(columns[column]["type"]):
            yield index.problem("sortable", f"{column} is of type {columns[column]['type']}, which has no order")
    for column in index.filterable:
        if column in columns and columns[column]["type"] in _NOT_SORTABLE:
            yield index.problem(
                "filterable", f"{column} is of type {columns[column]['type']}, which cannot be compared"
            )


def _unordered(type_: str) -> bool:
    return type_ in (*_NOT_SORTABLE, "jsonb") or type_.endswith("[]")
