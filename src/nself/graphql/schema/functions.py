"""Tracked SQL functions as root fields: what they are called, what they give, which roles may call them."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from nself.graphql.lineage import Lineage
from nself.graphql.metadata.functions import base, field_name, function_objection, is_mutation
from nself.graphql.metadata.model import Source, TrackedFunction
from nself.graphql.schema.naming import Naming
from nself.graphql.schema.routines import Routine, routine
from nself.graphql.schema.tables import TableKey
from nself.graphql.sessions.session import ADMIN
from nself.pg.catalog import Catalog, Name
from nself.records import dataclass


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class RootFunction:
    """`key` is its own among the functions of all sources, `name` the base of its GraphQL names. It gives rows of the
    `target` table, or with `many` off one at most."""

    key: TableKey
    name: str
    tracked: TrackedFunction
    routine: Routine
    target: TableKey
    many: bool
    mutation: bool

    @property
    def comment(self) -> str | None:
        return self.tracked.comment if self.tracked.comment is not None else self.routine.function.comment

    def field_name(self, key: str, naming: Naming) -> str:
        """Of `function`, `function_aggregate` or `function_connection`."""
        return field_name(self.tracked, key, naming)

    def args_type(self, naming: Naming) -> str:
        return naming.type("{0}_args", base(self.tracked))


def functions(source: Source, catalog: Catalog, tables: Collection[Name]) -> list[RootFunction]:
    """Every tracked function that fits the catalog and gives rows of one of the tables."""
    sound = (tracked for tracked in source.functions.values() if function_objection(tracked, source, catalog) is None)
    found = (_function(source.name, tracked, catalog) for tracked in sound)
    return [entry for entry in found if entry.target.name in tables]


def _function(source: str, tracked: TrackedFunction, catalog: Catalog) -> RootFunction:
    function = catalog.functions[tracked.function][0]
    assert function.returns_table is not None
    return RootFunction(
        key=TableKey(source, tracked.function),
        name=base(tracked).name,
        tracked=tracked,
        routine=routine(function, session=tracked.configuration.get("session_argument")),
        target=TableKey(source, function.returns_table),
        many=function.returns_set,
        mutation=is_mutation(tracked, function),
    )


class FunctionGrants:
    """Which role may call what. Either way only what gives rows of a table it may select from, which is for the schema
    to see to. `inferred` says that queries need no permission of their own."""

    def __init__(self, lineage: Lineage, *, inferred: bool) -> None:
        self._lineage, self._inferred = lineage, inferred
        self._known: list[RootFunction] = []
        self._granted: dict[str, set[TableKey]] = {}

    def add(self, found: Iterable[RootFunction]) -> None:
        for entry in found:
            self._known.append(entry)
            for role in self._lineage.heirs(entry.tracked.roles):
                self._granted.setdefault(role, set()).add(entry.key)

    def of(self, role: str) -> list[RootFunction]:
        own = self._granted.get(role, set())
        return [
            entry
            for entry in self._known
            if role == ADMIN or entry.key in own or (self._inferred and not entry.mutation)
        ]
