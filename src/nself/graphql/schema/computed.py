"""Computed fields of tables: what functions of a row give, single values or rows of another table."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from nself.graphql.metadata.functions import field_objection
from nself.graphql.metadata.model import ComputedField, TrackedTable
from nself.graphql.schema.routines import Routine, routine
from nself.pg.catalog import Catalog, Name, Type
from nself.records import dataclass


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ScalarField:
    """One value of a row. Filters, orders and aggregates treat it as a column, if it needs no arguments."""

    name: str
    routine: Routine
    type: Type
    comment: str | None = None
    nullable: ClassVar[bool] = True
    enum: ClassVar[Name | None] = None


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class RowsField:
    """Rows of the `target` table that belong to a row."""

    name: str
    routine: Routine
    target: Name
    comment: str | None = None


Computed = ScalarField | RowsField


def fields(tracked: TrackedTable, catalog: Catalog, known: set[Name]) -> Iterator[Computed]:
    """Those that fit the catalog, in the order of the metadata."""
    for entry in tracked.computed_fields:
        if field_objection(tracked, entry, catalog) is None:
            field = _field(tracked.table, entry, catalog)
            if isinstance(field, ScalarField) or field.target in known:
                yield field


def _field(table: Name, entry: ComputedField, catalog: Catalog) -> Computed:
    function = catalog.functions[entry.function][0]
    called = routine(function, table=table, row=entry.table_argument, session=entry.session_argument)
    comment = entry.comment if entry.comment is not None else function.comment
    if function.returns_table is not None:
        return RowsField(name=entry.name, routine=called, target=function.returns_table, comment=comment)
    return ScalarField(name=entry.name, routine=called, type=function.returns, comment=comment)
