"""Calls of SQL functions, known up to the row they are about."""

from __future__ import annotations

from msgspec import Struct

from nself.graphql.sql import tree as sql
from nself.pg.catalog import Name, Type


class Given(Struct, frozen=True):
    """One argument. Without a `value` it is the row; one after an argument left to its default goes by `name`."""

    value: sql.Parameter | None = None
    name: str | None = None


class FunctionCall(Struct, frozen=True):
    """`table` is whose row the function takes, if it takes one."""

    function: Name
    arguments: tuple[Given, ...] = ()
    table: Name | None = None
    volatile: bool = False

    def on(self, alias: str) -> sql.Invoke:
        """The call for a row of `alias`."""
        arguments = tuple((one.name, self._value(one, alias)) for one in self.arguments)
        return sql.Invoke(self.function, arguments, self.volatile)

    def once(self) -> sql.Invoke:
        """The call of a function that takes no row."""
        assert self.table is None
        return self.on("")

    def _value(self, one: Given, alias: str) -> sql.Expression:
        if one.value is not None:
            return one.value
        assert self.table is not None
        return row_of(self.table, alias)


def row_of(table: Name, alias: str) -> sql.Expression:
    """A row of the table, from an alias that has its columns: the table itself, a subselect, the rows of a change."""
    return sql.Cast(sql.Record((sql.Star(alias),)), Type(name=table.name, schema=table.schema, kind="composite"))
