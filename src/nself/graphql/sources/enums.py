"""The rows of enum tables, read when metadata is loaded."""

from __future__ import annotations

from collections.abc import Iterable

from nself.graphql.metadata.enum_tables import objections
from nself.graphql.metadata.model import Source
from nself.graphql.schema.tables import EnumRows, TableKey, is_enum_value
from nself.graphql.sql import tree as sql
from nself.graphql.sql.printer import printed
from nself.pg.catalog import Catalog, Name
from nself.pg.database import Database


async def enum_rows(database: Database, source: Source, catalog: Catalog) -> EnumRows:
    """The values of every table that is tracked as an enum and by its shape may serve as one."""
    found: dict[TableKey, dict[str, str | None]] = {}
    for name, tracked in source.tables.items():
        table = catalog.tables.get(name)
        if tracked.is_enum and table is not None and not objections(table):
            key = table.primary_key.columns[0] if table.primary_key else ""
            described = next((column.name for column in table.columns if column.name != key), None)
            found[TableKey(source.name, name)] = await _values(database, name, key, described)
    return found


def unusable(enums: EnumRows) -> dict[TableKey, str]:
    """Tables whose rows cannot be the values of an enum, with the reason."""
    reasons = {key: _objection(values) for key, values in enums.items()}
    return {
        key: f'the table "{key.name}" cannot be used as an enum because {reason}'
        for key, reason in reasons.items()
        if reason
    }


def _objection(values: Iterable[str]) -> str | None:
    wrong = [value for value in values if not is_enum_value(value)]
    if len(wrong) > 1:
        listed = ", ".join(f'"{value}"' for value in wrong)
        return f"the values {listed} are not valid GraphQL enum value names"
    if wrong:
        return f'the value "{wrong[0]}" is not a valid GraphQL enum value name'
    return None if values else "the table must have at least one row"


async def _values(database: Database, table: Name, key: str, described: str | None) -> dict[str, str | None]:
    comment = sql.Column("e", described) if described else sql.NULL
    tree = sql.Select(columns=((sql.Column("e", key), None), (comment, None)), source=sql.Table(table, "e"))
    return {row[0]: row[1] for row in await database.fetch(printed(tree).text)}
