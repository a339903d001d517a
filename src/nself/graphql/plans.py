"""Plans kept by what they depend on: role, text of the operation, and the shape of its variables."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Hashable
from dataclasses import field
from typing import Any, Final, Generic, TypeVar

from nself.graphql.admission.gate import Gate
from nself.graphql.admission.measure import Measured
from nself.graphql.language import document
from nself.graphql.language.document import Operation
from nself.graphql.language.types import Type
from nself.graphql.plan import operation as planning
from nself.graphql.plan.context import Context
from nself.graphql.plan.operation import Plan
from nself.graphql.plan.shape import of_variables
from nself.graphql.relay.schema import of_relay
from nself.graphql.schema.role import RoleSchema
from nself.graphql.sessions.session import ADMIN
from nself.records import dataclass

_MOST: Final = 1000
_TEXT: Final = 2_000_000
"""Characters of all remembered operations. Their trees take a hundred times as much memory."""
_SQL: Final = 8_000_000
"""The same of plans."""
_LONGEST: Final = 100_000
"""Longer texts hold their data in themselves: they will not come again."""
_PART: Final = 16
"""Characters that a part of a shape counts as."""

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")


class Recent(Generic[K, V]):
    """As many entries as fit, by number and by weight; the longest unused goes first."""

    def __init__(self, most: int, heaviest: int) -> None:
        self._most, self._heaviest, self._weight = most, heaviest, 0
        self._entries = OrderedDict[K, tuple[V, int]]()

    def __len__(self) -> int:
        return len(self._entries)

    def get(self, key: K) -> V | None:
        found = self._entries.get(key)
        if found is None:
            return None
        self._entries.move_to_end(key)
        return found[0]

    def put(self, key: K, value: V, weight: int) -> None:
        _, before = self._entries.pop(key, (None, 0))
        self._entries[key] = value, weight
        self._weight += weight - before
        while len(self._entries) > self._most or self._weight > self._heaviest:
            _, (_, gone) = self._entries.popitem(last=False)
            self._weight -= gone


@dataclass(slots=True)
class Prepared:
    """One operation as one role asks it."""

    operation: Operation
    used: dict[str, Type] = field(default_factory=dict)
    measured: Measured | None = None
    """What the values of a request's variables may still make too large."""


class Plans:
    """Belongs to one loaded schema, and goes with it."""

    def __init__(self, schema_of: Callable[[str, bool], RoleSchema], gate: Gate, *, stringify_numerics: bool) -> None:
        self.schema_of, self._gate, self._stringify = schema_of, gate, stringify_numerics
        self._prepared: Recent[Hashable, Prepared] = Recent(_MOST, _TEXT)
        self._plans: Recent[Hashable, Plan] = Recent(_MOST, _SQL)

    def counts(self) -> dict[str, int]:
        return {"operations": len(self._prepared), "plans": len(self._plans)}

    def find(
        self,
        text: str,
        name: str | None,
        given: Any,
        *,
        role: str,
        backend: bool,
        row_command: bool = False,
        relay: bool = False,
    ) -> tuple[Plan, dict[str, Any]]:
        """The plan for a request, and its variables with defaults put in."""
        key = (role, backend, row_command, relay, text, name)
        prepared = known = self._prepared.get(key)
        if prepared is None:
            prepared = Prepared(document.operation(text, name, most_tokens=self._gate.most_tokens(role)))
            if not row_command:
                prepared.measured = self._gate.check(prepared.operation, self._schema(role, backend, relay=relay))
        variables = planning.variables_of(prepared.operation, given)
        if prepared.measured is not None:
            self._gate.check_cost(prepared.measured, role, variables)
        shape = of_variables(variables, prepared.used) if known else None
        plan = self._plans.get((key, shape.of)) if shape else None
        if plan is None:
            schema = self._schema(role, backend, relay=relay)
            plan, reusable = self._plan(prepared, variables, schema.of_row_commands if row_command else schema)
            # Only what was valid is worth remembering.
            if reusable and len(text) <= _LONGEST:
                self._keep(key, prepared, variables, plan)
        return plan, variables

    def _keep(self, key: tuple[Any, ...], prepared: Prepared, variables: dict[str, Any], plan: Plan) -> None:
        text: str = key[-2]
        self._prepared.put(key, prepared, len(text))
        shape = of_variables(variables, prepared.used)
        if shape is not None:
            self._plans.put((key, shape.of), plan, len(text) + shape.size * _PART + plan.size)

    def _schema(self, role: str, backend: bool, *, relay: bool) -> RoleSchema:
        schema = self.schema_of(role, backend)
        return of_relay(schema) if relay else schema

    def _plan(self, prepared: Prepared, variables: dict[str, Any], schema: RoleSchema) -> tuple[Plan, bool]:
        ctx = Context(
            schema=schema,
            operation=prepared.operation,
            declared=planning.declared(prepared.operation),
            variables=variables,
            stringify_numerics=self._stringify,
            bounded=schema.role != ADMIN,
        )
        plan = planning.plan(ctx)
        prepared.used.update(ctx.used)
        return plan, ctx.reusable
