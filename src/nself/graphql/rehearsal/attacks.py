"""Reaching for what a role must not reach: each function tries one verb on one table as person A."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping
from typing import Any, Final

from nself.graphql.engine import Engine, Request
from nself.graphql.errors import ApiError
from nself.graphql.metadata.model import DeletePermission, InsertPermission, SelectPermission, UpdatePermission
from nself.graphql.rehearsal import samples
from nself.graphql.rehearsal.cast import Cast
from nself.graphql.rehearsal.play import Names
from nself.graphql.rehearsal.report import Verdict
from nself.graphql.rehearsal.witness import Expressions, Witness
from nself.graphql.sessions.session import Session
from nself.pg.catalog import Column, Name, Table
from nself.records import dataclass

Found = tuple[Verdict, str]
_UNCOMPARABLE: Final = frozenset({"geometry", "geography", "raster"})
"""Shown in another form than the database's own."""

_ROWS: Final = "{ affected_rows }"


@dataclass(slots=True, kw_only=True)
class Attacker:
    """Person A in one role. `sent` counts the operations."""

    role: str
    engine: Engine
    witness: Witness
    cast: Cast
    names: Mapping[Name, Names]
    sent: int = 0

    async def select(self, name: Name, permission: SelectPermission | None, allowed: Expressions) -> Found:
        named = self.names[name]
        if permission is None:
            return await self._refused(f"{{ {named.table} {{ __typename }} }}")
        leaked = await self._forbidden_columns(name, permission)
        if leaked:
            return Verdict.LEAK, f"columns that are not granted can be reached: {', '.join(leaked)}"
        return await self._too_many(name, permission, allowed) or await self._whose(name, allowed)

    async def update(self, name: Name, permission: UpdatePermission | None) -> Found:
        named, table = self.names[name], self._table(name)
        column = self._changeable(table, permission)
        if column is None:
            return Verdict.UNTESTED, "the permission grants no column to change"
        value = samples.as_json(column.type, samples.text(column.type, self.witness.catalog, 7))
        changes = f"{{{named.columns[column.name]}: {json.dumps(value)}}}"
        operation = f"mutation {{ update_{named.table}(where: {{}}, _set: {changes}) {_ROWS} }}"
        if permission is None:
            return await self._refused(operation)
        return await self._changed(name, operation, [permission.filter])

    async def delete(self, name: Name, permission: DeletePermission | None) -> Found:
        operation = f"mutation {{ delete_{self.names[name].table}(where: {{}}) {_ROWS} }}"
        if permission is None:
            return await self._refused(operation)
        return await self._changed(name, operation, [permission.filter])

    async def insert(self, name: Name, permission: InsertPermission | None) -> Found:
        """A row of B's, as far as the role may say whose it is."""
        named, table = self.names[name], self._table(name)
        values = await self.cast.values(table, "B")
        given = [column for column in table.columns if column.name in values and _granted(column.name, permission)]
        fields = ", ".join(f"{named.columns[column.name]}: {_literal(column, values[column.name])}" for column in given)
        operation = f"mutation {{ insert_{named.table}(objects: [{{{fields}}}]) {_ROWS} }}"
        if permission is None:
            return await self._refused(operation)
        async with self.witness.stage.scene():
            before = await self.witness.count(name, [permission.check])
            try:
                made = await self._affected(operation)
            except ApiError as error:
                return self._stopped(error)
            if await self.witness.count(name, [permission.check]) - before < made:
                return Verdict.LEAK, "a row was inserted that the permission's check refuses"
        named_owner = [column.name for column in given if column.name in self._owners(table)]
        if named_owner:
            return Verdict.SHARED, f"a row can be inserted in somebody else's name: {', '.join(named_owner)}"
        return self._own(name), "inserted, in nobody else's name"

    async def _refused(self, operation: str) -> Found:
        async with self.witness.stage.scene():
            try:
                await self._send(operation)
            except ApiError as error:
                if error.code == "validation-failed":
                    return Verdict.REFUSED, ""
                return Verdict.LEAK, f"there is no permission, yet it was tried: {error.message}"
        return Verdict.LEAK, "there is no permission, yet it was answered"

    async def _forbidden_columns(self, name: Name, permission: SelectPermission) -> list[str]:
        """Columns without a grant that can be selected, compared or sorted by."""
        named, found = self.names[name], []
        for column, shown in named.columns.items():
            if column in permission.columns:
                continue
            for tried in (
                f"{{ {named.table} {{ {shown} }} }}",
                f"{{ {named.table}(where: {{{shown}: {{_is_null: true}}}}) {{ __typename }} }}",
                f"{{ {named.table}(order_by: {{{shown}: asc}}) {{ __typename }} }}",
                f"{{ {named.table}_aggregate {{ aggregate {{ max {{ {shown} }} }} }} }}",
            ):
                if (await self._refused(tried))[0] is not Verdict.REFUSED:
                    found.append(column)
                    break
        return found

    async def _too_many(self, name: Name, permission: SelectPermission, allowed: Expressions) -> Found | None:
        named, table = self.names[name], self._table(name)
        columns = [
            column.name
            for column in table.columns
            if column.name in permission.columns and column.type.name not in _UNCOMPARABLE
        ]
        fields = " ".join(named.columns[column] for column in columns)
        answer = (await self._send(f"{{ {named.table} {{ __typename {fields} }} }}"))[named.table]
        expected = await self.witness.rows(name, allowed, columns)
        seen = Counter(_text([row[named.columns[column]] for column in columns]) for row in answer)
        if len(allowed) == 1 and (extra := seen - Counter(map(_text, expected))):
            return Verdict.LEAK, f"{extra.total()} rows more than the permission's filter allows"
        if len(answer) > len(expected):
            return Verdict.LEAK, f"{len(answer) - len(expected)} rows more than any of its parent roles may see"
        if permission.allow_aggregations:
            aggregate = f"{named.table}_aggregate"
            counted = await self._send(f"{{ {aggregate} {{ aggregate {{ count }} nodes {{ __typename }} }} }}")
            most = max(counted[aggregate]["aggregate"]["count"], len(counted[aggregate]["nodes"]))
            if most > len(expected):
                return Verdict.LEAK, f"the aggregate counts {most - len(expected)} rows that may not be seen"
        return None

    async def _changed(self, name: Name, operation: str, allowed: Expressions) -> Found:
        """An operation on every row that it can get at: as many as the permission means, and none of B's."""
        expected = await self.witness.count(name, allowed)
        async with self.witness.stage.scene():
            try:
                affected = await self._affected(operation)
            except ApiError as error:
                if error.code == "permission-error":
                    return self._stopped(error)
                found, seen = await self._whose(name, allowed)
                return found, f"{seen}; the database stopped it: {error.message}"
        if affected > expected:
            return Verdict.LEAK, f"{affected - expected} rows more than the permission's filter allows"
        return await self._whose(name, allowed)

    async def _whose(self, name: Name, allowed: Expressions) -> Found:
        """Whether the permission itself reaches B's row."""
        total, reached = await self.witness.count(name, [{}]), await self.witness.count(name, allowed)
        seen = f"{reached} of {total} rows"
        theirs = self.cast.rows.get((name, "B"))
        if theirs is None:
            why = self.cast.failed.get(name, "no row of another person could be made")
            return Verdict.UNTESTED, f"{seen}, as the permission says; whose they are is unknown: {why}"
        if self.cast.owned(name) and await self.witness.has(name, allowed, theirs):
            return Verdict.SHARED, f"{seen}, another person's among them"
        return self._own(name), seen

    def _own(self, name: Name) -> Verdict:
        return Verdict.OWN if self.cast.owned(name) else Verdict.EVERYONES

    def _stopped(self, error: ApiError) -> Found:
        if error.code == "permission-error":
            return Verdict.OWN, "the permission's check refused it"
        return Verdict.UNTESTED, f"not decided, the database stopped it: {error.message}"

    def _changeable(self, table: Table, permission: UpdatePermission | None) -> Column | None:
        """A column whose change moves nothing: neither whose the row is nor what it refers to, if there is one."""
        fixed = {*self._owners(table), *(name for key in table.foreign_keys for name in key.columns)}
        fixed |= {name for key in table.unique for name in key.columns}
        granted = [column for column in table.columns if _granted(column.name, permission) and not column.generated]
        return next((column for column in granted if column.name not in fixed), granted[0] if granted else None)

    def _owners(self, table: Table) -> list[str]:
        """What says whose a row is: columns of its own, else its references to somebody's rows."""
        direct = self.cast.people.owners(table.name)
        return direct or [name for key in table.foreign_keys if self.cast.owned(key.target) for name in key.columns]

    def _table(self, name: Name) -> Table:
        return self.witness.catalog.tables[name]

    async def _affected(self, operation: str) -> int:
        (answer,) = (await self._send(operation)).values()
        return int(answer["affected_rows"])

    async def _send(self, operation: str) -> Any:
        self.sent += 1
        session = Session(role=self.role, variables=self.witness.session, trusted=True, backend_only=True)
        reply = await self.engine.execute(Request(query=operation), session)
        return json.loads(reply.body)["data"]


def _granted(column: str, permission: InsertPermission | UpdatePermission | None) -> bool:
    """Without a permission everything is tried."""
    return permission is None or (column in permission.columns and column not in permission.set)


def _literal(column: Column, value: str | None) -> str:
    return "null" if value is None else json.dumps(samples.as_json(column.type, value))


def _text(row: list[Any]) -> str:
    return json.dumps(row, sort_keys=True)
