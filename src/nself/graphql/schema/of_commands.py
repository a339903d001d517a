"""What `where` means in the row commands of /v1/query beyond GraphQL: rows of any table, columns against columns."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from nself.graphql.language.types import InputField, InputObject, ListOf, NonNull, Type
from nself.graphql.schema import columns
from nself.graphql.schema.means import AnyRow, ColumnComparison, RoleTable, RowsOf
from nself.graphql.schema.role import RoleSchema
from nself.graphql.sql.operators import COMPARE_COLUMNS

EXISTS = "_exists"
COLUMN, OTHER, ROOT = "column", "other", "root"
"""The members of a comparison: `root` is {table: column} of the table whose rows are asked for."""


def further(
    schema: RoleSchema, table: RoleTable, bool_exp: Callable[[RoleSchema, RoleTable], InputObject]
) -> Iterator[InputField]:
    """Members of a boolean expression on the table; `bool_exp` is what makes that of another one."""
    exists = _by_table(schema, table, "{0}_exists_exp", lambda target: bool_exp(schema, target))
    yield InputField(name=EXISTS, type=exists, means=AnyRow())
    compared = _compared(schema, table)
    if compared is not None:
        for name, symbol in COMPARE_COLUMNS.items():
            yield InputField(name=name, type=ListOf(NonNull(compared)), means=ColumnComparison(symbol))


def key(table: RoleTable) -> str:
    """What a member that stands for a table is called."""
    return table.naming.type("{0}", table.model.base)


def _compared(schema: RoleSchema, table: RoleTable) -> InputObject | None:
    own = columns.select_column(schema, table)
    if own is None:
        return None

    def fields() -> Iterator[InputField]:
        yield InputField(name=COLUMN, type=NonNull(own))
        yield InputField(name=OTHER, type=own)
        root = _by_table(schema, table, "{0}_root_column_exp", lambda target: columns.select_column(schema, target))
        yield InputField(name=ROOT, type=root)

    return schema.type_of(table, "{0}_compared_columns", lambda name: InputObject(name, fields))


def _by_table(
    schema: RoleSchema, table: RoleTable, pattern: str, type_of: Callable[[RoleTable], Type | None]
) -> InputObject:
    """An object with one member for each table of the source of `table` that the role may read."""
    source = table.model.source

    def fields() -> Iterator[InputField]:
        for target in schema.visible():
            if target.model.source == source and target.rules.select is not None and (type_ := type_of(target)):
                yield InputField(name=key(target), type=type_, means=RowsOf(target))

    return schema.type_of(table, pattern, lambda name: InputObject(name, fields))
