"""Two people who share nothing: A, who asks, and B, whose rows must not be there for A.

A column that permissions compare with a session variable holds that variable's values, and so does every column tied
to it by foreign keys. Both people get values of their own for each such set of columns: a row can be A's or B's.
"""

from __future__ import annotations

import contextlib
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final, Literal

from nself.graphql.metadata import edit
from nself.graphql.metadata.model import InsertPermission, Source, UpdatePermission
from nself.graphql.rehearsal import samples
from nself.graphql.rehearsal.oracle import Comparison, NotUnderstoodError, Oracle
from nself.pg.catalog import Catalog, Name
from nself.records import dataclass

Person = Literal["A", "B"]
PEOPLE: Final[tuple[Person, Person]] = ("A", "B")
Place = tuple[Name, str]
"""A table and one of its columns."""


@dataclass(frozen=True, slots=True, kw_only=True)
class People:
    """`owner_values` are {column: {person: value}}, as PostgreSQL writes them; `sessions` their session variables."""

    owner_values: Mapping[Place, Mapping[Person, str]]
    sessions: Mapping[Person, Mapping[str, str]]

    def owners(self, table: Name) -> list[str]:
        """The columns of a table that say whose a row is."""
        return [column for there, column in self.owner_values if there == table]


def people(source: Source, catalog: Catalog) -> People:
    compared = list(_compared(source, catalog))
    sets = _Sets()
    for name, table in catalog.tables.items():
        for key in table.foreign_keys:
            for here, there in zip(key.columns, key.target_columns, strict=True):
                sets.join((name, here), (key.target, there))
    for one in compared:
        sets.join((one.table, one.column), one.variable)
    members: dict[Any, list[Any]] = defaultdict(list)
    for item in sets:
        members[sets.top(item)].append(item)
    owner_values: dict[Place, Mapping[Person, str]] = {}
    sessions: dict[Person, dict[str, str]] = {"A": {}, "B": {}}
    listed = {one.variable for one in compared if one.listed}
    for number, group in enumerate(group for group in members.values() if any(isinstance(each, str) for each in group)):
        values = _values(group, catalog, number)
        for item in group:
            if not isinstance(item, str):
                owner_values[item] = values
                continue
            for person in PEOPLE:
                sessions[person][item] = f"{{{values[person]}}}" if item in listed else values[person]
    return People(owner_values=owner_values, sessions=sessions)


def _values(group: Iterable[Any], catalog: Catalog, number: int) -> Mapping[Person, str]:
    columns = [catalog.tables[item[0]].column(item[1]) for item in group if not isinstance(item, str)]
    types = [column.type for column in columns if column is not None]
    return {person: samples.identity(types[0] if types else None, person, number) for person in PEOPLE}


def _compared(source: Source, catalog: Catalog) -> Iterator[Comparison]:
    """Every comparison of a column with a session variable; a preset is one too."""
    for table, tracked in source.tables.items():
        if table not in catalog.tables:
            continue
        for kind in edit.PERMISSION_KINDS:
            for permission in edit.permissions_of(tracked, kind):
                for expression in (getattr(permission, "filter", None), getattr(permission, "check", None)):
                    yield from _of_expression(source, catalog, table, expression)
                if isinstance(permission, InsertPermission | UpdatePermission):
                    yield from _of_presets(catalog, table, permission.set)


def _of_expression(source: Source, catalog: Catalog, table: Name, expression: Any) -> Iterator[Comparison]:
    oracle = Oracle(source, catalog, {})
    # What was understood of it counts; the attack on this permission says what was not.
    with contextlib.suppress(NotUnderstoodError):
        oracle.where(expression or {}, table, "t")
    yield from oracle.comparisons


def _of_presets(catalog: Catalog, table: Name, presets: Mapping[str, Any]) -> Iterator[Comparison]:
    for column, value in presets.items():
        if isinstance(value, str) and value.lower().startswith("x-hasura-") and catalog.tables[table].column(column):
            yield Comparison(table, column, value.lower(), listed=False)


class _Sets:
    """Things joined into sets, each known by one of its members."""

    def __init__(self) -> None:
        self._above: dict[Any, Any] = {}

    def __iter__(self) -> Iterator[Any]:
        return iter(list(self._above))

    def top(self, item: Any) -> Any:
        self._above.setdefault(item, item)
        while self._above[item] != item:
            item = self._above[item]
        return item

    def join(self, one: Any, other: Any) -> None:
        self._above[self.top(one)] = self.top(other)
