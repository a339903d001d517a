"""The database triggers that write events: one function and one trigger for each operation of an event trigger.

They run inside whatever transaction changes a row, whoever's it is. So they must not fail where it can be helped: with
a column gone that they name, an event carries the columns that are left, any change of the row counts, and the write
goes on.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from nself.graphql.events.triggers import EventTrigger, Operation
from nself.graphql.language.scalars import SHAPES, STRINGIFIED
from nself.graphql.metadata.model import Source
from nself.graphql.sql.printer import identifier, literal
from nself.pg import queries
from nself.pg.catalog import Catalog, Column, Name, Table
from nself.records import dataclass

PREFIX: Final = "notify_hasura_"
SQL: Final = queries.load("nself.graphql.events", "capture.sql")
_ROWS: Final[Mapping[str, tuple[str, ...]]] = {"insert": ("NEW",), "update": ("OLD", "NEW"), "delete": ("OLD",)}
_ANY_COLUMN: Final = Operation()


@dataclass(frozen=True, slots=True, kw_only=True)
class Capture:
    """A trigger of the table and its function, both called `name`. `body` is the function's text."""

    name: str
    table: Name
    operation: str
    body: str
    always: bool = False
    """Whether it fires for rows that replication brings, too."""


def captures(source: Source, catalog: Catalog, *, stringify: bool) -> tuple[dict[str, Capture], set[str]]:
    """{name: what to install} for the event triggers of a source, and the names of what does not fit the catalog."""
    wanted: dict[str, Capture] = {}
    unfit: set[str] = set()
    for tracked in source.tables.values():
        table = catalog.tables.get(tracked.table)
        for entry in tracked.event_triggers:
            if table is None or not _fits(table, entry):
                unfit |= {_name(entry, kind) for kind in _ROWS}
                continue
            made = [_capture(table, entry, kind, stringify=stringify) for kind in entry.operations]
            wanted |= {capture.name: capture for capture in made}
    return wanted, unfit


def _fits(table: Table, trigger: EventTrigger) -> bool:
    return trigger.columns <= {column.name for column in table.columns} and table.kind not in ("view", "materialized")


def _name(trigger: EventTrigger, kind: str) -> str:
    return f"{PREFIX}{trigger.name}_{kind.upper()}"


def _capture(table: Table, trigger: EventTrigger, kind: str, *, stringify: bool) -> Capture:
    return Capture(
        name=_name(trigger, kind),
        table=table.name,
        operation=kind.upper(),
        body=_body(table, trigger, kind, stringify=stringify),
        always=trigger.on_replication,
    )


def _body(table: Table, trigger: EventTrigger, kind: str, *, stringify: bool) -> str:
    operation = trigger.operations[kind]
    chosen = [column for column in table.columns if operation.payload is None or column.name in operation.payload]
    whole = operation.payload is None and not any(_converted(column, stringify) for column in chosen)
    rows = [SQL["whole_row"].format(row=row) if whole else _row(row, chosen, stringify) for row in _ROWS[kind]]
    looking = _looking("looking", _fires(operation, kind), kind, rows)
    if not whole or (kind == "update" and operation.columns is not None):
        kept = [_known(row, operation.payload) for row in _ROWS[kind]]
        looking = _looking("tolerant", _fires(_ANY_COLUMN, kind), kind, kept, looking=looking)
    names = (table.name.schema, table.name.name, trigger.name)
    schema, name, event = map(literal, names)
    return SQL["body"].format(looking=looking, schema=schema, table=name, trigger=event)


def _looking(block: str, fires: str, kind: str, rows: Sequence[str], **more: str) -> str:
    shown = dict(zip(_ROWS[kind], rows, strict=True))
    return SQL[block].format(fires=fires, before=shown.get("OLD", "NULL"), after=shown.get("NEW", "NULL"), **more)


def _fires(operation: Operation, kind: str) -> str:
    """Whether the row differs in what counts: byte for byte, since not every type can be compared for equality."""
    if kind != "update":
        return "TRUE"
    if operation.columns is None:
        return SQL["row_changed"].format(old="OLD", new="NEW")
    old, new = (", ".join(f"{row}.{identifier(name)}" for name in operation.columns) for row in ("OLD", "NEW"))
    return SQL["columns_changed"].format(old=old, new=new)


def _row(row: str, columns: Sequence[Column], stringify: bool) -> str:
    shown = (f"{_value(row, column, stringify)} AS {identifier(column.name)}" for column in columns)
    return SQL["row"].format(columns=", ".join(shown))


def _known(row: str, names: Sequence[str] | None) -> str:
    """The row with those of the columns that it still has."""
    if names is None:
        return SQL["whole_row"].format(row=row)
    return SQL["known_columns"].format(row=row, columns=", ".join(map(literal, names)))


def _value(row: str, column: Column, stringify: bool) -> str:
    at = f"{row}.{identifier(column.name)}"
    if not _converted(column, stringify):
        return at
    if column.type.name in SHAPES:
        return f"{identifier(column.type.schema)}.ST_AsGeoJSON({at}, 15, 4)::json"
    return f"{at}::text[]" if column.type.array else f"{at}::text"


def _converted(column: Column, stringify: bool) -> bool:
    """Whether a delivery shows the column otherwise than PostgreSQL's own JSON does."""
    if column.type.name in SHAPES:
        return not column.type.array
    return stringify and column.type.name in STRINGIFIED
