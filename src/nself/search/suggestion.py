"""What an index over a table would most likely be: its texts are found, its short values filtered and sorted by."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import yaml

if TYPE_CHECKING:
    from nself.pg.database import Connection

_COLUMNS = """
SELECT a.attname AS name, pg_catalog.format_type(a.atttypid, NULL) AS type, t.typtype = 'e' AS is_enum,
    EXISTS (SELECT FROM pg_index i WHERE i.indrelid = c.oid AND i.indisprimary AND a.attnum = ANY (i.indkey)) AS is_key
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace JOIN pg_attribute a ON a.attrelid = c.oid
JOIN pg_type t ON t.oid = a.atttypid
WHERE n.nspname = $1 AND c.relname = $2 AND c.relkind = 'r' AND a.attnum > 0 AND NOT a.attisdropped ORDER BY a.attnum
"""
_TEXTS: Final = ("text", "character varying", "citext")
_FILTERED: Final = ("boolean", "smallint", "integer", "bigint", "uuid", "text[]")
_SORTED: Final = ("numeric", "date", "timestamp without time zone", "timestamp with time zone", "double precision")
_MOST: Final = 8


async def suggest(connection: Connection, schema: str, table: str) -> str | None:
    """A section of search/indexes.yml; None when the table is not there, or has no text."""
    rows = [row for row in await connection.fetch(_COLUMNS, schema, table) if not row["is_key"]]
    texts = [row["name"] for row in rows if row["type"] in _TEXTS][:_MOST]
    if not texts:
        return None
    index = {
        "table": table if schema == "public" else f"{schema}.{table}",
        "fields": dict(zip(texts, ["A", "B", *"C" * _MOST], strict=False)),
        "filterable": [row["name"] for row in rows if row["is_enum"] or row["type"] in _FILTERED][:_MOST],
        "sortable": [row["name"] for row in rows if row["type"] in _SORTED][:_MOST],
    }
    return yaml.safe_dump({table: index}, sort_keys=False, allow_unicode=True)
