"""Nested inserts: rows over relationships, one statement for each row that others hang on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import field
from typing import Final

from nself.graphql.language.scalars import TEXT, invalid
from nself.graphql.plan.arguments import Coerced
from nself.graphql.plan.context import Context
from nself.graphql.plan.insert import Link, Row, insert, is_tree, row_of
from nself.graphql.plan.mutation import CHANGED, Step, affected, returned_rows, step
from nself.graphql.schema.means import RoleTable
from nself.graphql.sql import tree as sql
from nself.graphql.sql.values import Source, Stored
from nself.records import dataclass


@dataclass(slots=True)
class Tree:
    """The steps of a nested insert, in the order in which they have to run."""

    ctx: Context
    name: str
    steps: list[Step] = field(default_factory=list)
    counts: list[str] = field(default_factory=list)

    def rows(self, table: RoleTable, rows: Sequence[Row], conflict: Coerced, path: str) -> tuple[str, ...]:
        """Insert them all; returns the names their texts are stored under."""
        if not any(map(is_tree, rows)):
            return (self._own(table, rows, conflict, path, keep=(), needs_rows=None),)
        return tuple(self._row(table, row, conflict, keep=(), needs_rows=None) for row in rows)

    def _row(
        self, table: RoleTable, row: Row, conflict: Coerced, *, keep: Sequence[str], needs_rows: str | None
    ) -> str:
        values = dict(row.values)
        for link in row.before:
            values |= self._before(link, row)
        wanted = list(dict.fromkeys([*keep, *(here for link in row.after for here, _ in link.relation.mapping)]))
        if row.after and needs_rows is None:
            title = table.model.table.name
            needs_rows = f'cannot proceed to insert array relations since insert to table "{title}" affects zero rows'
        own = self._own(table, [Row(values, row.path)], conflict, row.path, keep=wanted, needs_rows=needs_rows)
        for link in row.after:
            self._after(link, own)
        return own

    def _before(self, link: Link, parent: Row) -> dict[str, Source]:
        """Insert the row that the parent points to, and point at it."""
        taken = [here for here, _ in link.relation.mapping if here in parent.values]
        if taken:
            raise invalid(_DETERMINED.format(link.relation.name, _quoted(taken)), parent.path)
        row = row_of(self.ctx, link.table, link.rows[0], f"{link.path}.data")
        keys = [there for _, there in link.relation.mapping]
        title = link.table.model.table.name
        message = (
            f'cannot proceed to insert object relation "{link.relation.name}" since insert to table "{title}" '
            "affects zero rows"
        )
        own = self._row(link.table, row, link.conflict, keep=keys, needs_rows=message)
        return {here: Stored(f"{own}.{there}") for here, there in link.relation.mapping}

    def _after(self, link: Link, parent: str) -> None:
        """Insert the rows that point to the parent."""
        given = {there: Stored(f"{parent}.{here}") for here, there in link.relation.mapping}
        rows = []
        for index, item in enumerate(link.rows):
            path = f"{link.path}.data[{index}]"
            row = row_of(self.ctx, link.table, item, path)
            taken = [name for name in given if name in row.values]
            if taken:
                raise invalid(_BY_PARENT.format(_quoted(taken)), path)
            rows.append(Row({**row.values, **given}, path, row.before, row.after))
        self.rows(link.table, rows, link.conflict, f"{link.path}.data")

    def _own(
        self,
        table: RoleTable,
        rows: Sequence[Row],
        conflict: Coerced,
        path: str,
        *,
        keep: Sequence[str],
        needs_rows: str | None,
    ) -> str:
        name = f"{self.name}.{len(self.steps)}"
        changed = insert(self.ctx, table, rows, conflict, None)
        kept: list[tuple[sql.Expression, str]] = [(sql.Cast(affected(), TEXT), f"{name}#count")]
        kept.append((returned_rows(table), name))
        kept += [(_first(column), f"{name}.{column}") for column in keep]
        self.steps.append(step(changed, tuple(kept), path, needs_rows))
        self.counts.append(f"{name}#count")
        return name


_DETERMINED: Final = 'cannot insert object relationship "{}" as {} column values are already determined'
_BY_PARENT: Final = "cannot insert {} columns as their values are already being determined by parent insert"


def _quoted(names: Sequence[str]) -> str:
    return ", ".join(f'"{name}"' for name in names)


def _first(column: str) -> sql.Expression:
    select = sql.Select(
        columns=((sql.Column("c.k", column), None),), source=sql.Named(CHANGED, "c.k"), limit=sql.Number(1)
    )
    return sql.Cast(sql.Scalar(select), TEXT)
