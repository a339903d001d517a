"""Root fields that another place than the database answers: actions, remote schemas.

`Roots` brings such fields into a role's schema; each field's `means` is an `Elsewhere`. The planner hands a place all
its root fields of one operation (in a mutation: all neighbours) and gets parts back, which go into the plan. A part
runs beside the SQL statement of a query; in a mutation, in its turn and outside of the database's transaction.

Parts are reused with the plan: they hold no values of a request but take them from `run.bindings`, like statements do
(`plan.arguments` gives `Leaf.source()`; where a value must go into the part itself, set `ctx.reusable = False`).
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Protocol

from msgspec import Struct

if TYPE_CHECKING:
    from nself.graphql.language.types import Field, Interface
    from nself.graphql.plan.context import Context
    from nself.graphql.plan.selection import Selected
    from nself.graphql.run import Run
    from nself.graphql.schema.means import RoleTable
    from nself.graphql.schema.role import RoleSchema


class Part(Protocol):
    """Answers one or more root fields of a plan."""

    async def run(self, run: Run) -> Mapping[str, bytes]:
        """JSON by response key. Raises ApiError when the whole operation must fail; errors that go out beside the data,
        and response headers, are for `run.pass_on`."""
        ...


class Place(Protocol):
    """Where fields are answered. Fields of the same place (the very object) are planned together."""

    def plan(self, ctx: Context, fields: Sequence[Selected]) -> Sequence[Part]:
        """Parts that answer these fields, in the order in which a mutation runs them."""
        ...


class EachAlone:
    """A place that answers each field by a part of its own."""

    def __init__(self, part: Callable[[Context, Selected], Part]) -> None:
        self._part = part

    def plan(self, ctx: Context, fields: Sequence[Selected]) -> Sequence[Part]:
        return [self._part(ctx, one) for one in fields]


class Elsewhere(Struct, frozen=True):
    """What such a root field stands for. `means` is the place's own."""

    place: Place
    means: Any = None


class RowFields(Protocol):
    """Brings fields into the rows of tables. Their `means` are `schema.means.Promised`."""

    def of_rows(self, schema: RoleSchema, table: RoleTable) -> Iterator[Field]: ...


class Roots(Protocol):
    """Brings root fields into the schema of a role. Asked once per schema. `roles` are those it knows, beside admin."""

    @property
    def roles(self) -> Collection[str]: ...

    def queries(self, schema: RoleSchema) -> Iterator[Field]: ...

    def mutations(self, schema: RoleSchema) -> Iterator[Field]: ...

    def subscriptions(self, schema: RoleSchema) -> Iterator[Field]:
        """Fields that may be subscribed to: their parts run again and again, and a changed answer is sent."""
        ...


class Dialect(RowFields, Protocol):
    """Another way to ask for the same tables: its `queries` stand in the place of theirs."""

    def queries(self, schema: RoleSchema) -> Iterator[Field]: ...

    def abstract(self, schema: RoleSchema, table: RoleTable) -> Iterator[Interface]:
        """The interfaces that rows of the table implement."""
        ...
