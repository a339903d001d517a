"""Plans kept by what they depend on: role, text of the operation, and the shape of its variables."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Hashable
from dataclasses import dataclass, field
from typing import Any, Final, Generic, TypeVar

from nself.graphql import document
from nself.graphql.admission.gate import Gate
from nself.graphql.admission.measure import Measured
from nself.graphql.document import Operation
from nself.graphql.plan import operation as planning
from nself.graphql.plan.context import Context
from nself.graphql.plan.operation import Plan
from nself.graphql.plan.shape import of_variables
from nself.graphql.relay.schema import of_relay
from nself.graphql.schema.role import RoleSchema
from nself.graphql.types import Type

_MOST: Final = 1000
_LONGEST: Final = 100_000
"""Longer texts hold their data in themselves: they will not come again."""

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")


class Recent(Generic[K, V]):
    """As many entries as fit, the longest unused goes first."""

    def __init__(self, most: int) -> None:
        self._most, self._entries = most, OrderedDict[K, V]()

    def __len__(self) -> int:
        return len(self._entries)

    def get(self, key: K) -> V | None:
        found = self._entries.get(key)
        if found is not None:
            self._entries.move_to_end(key)
        return found

    def put(self, key: K, value: V) -> V:
        self._entries[key] = value
        if len(self._entries) > self._most:
            self._entries.popitem(last=False)
        return value


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
        self._prepared: Recent[Hashable, Prepared] = Recent(_MOST)
        self._plans: Recent[Hashable, Plan] = Recent(_MOST)

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
        prepared = self._prepared.get(key)
        if prepared is None:
            prepared = Prepared(document.operation(text, name))
            if not row_command:
                prepared.measured = self._gate.check(prepared.operation, self._schema(role, backend, relay=relay))
        variables = planning.variables_of(prepared.operation, given)
        if prepared.measured is not None:
            self._gate.check_cost(prepared.measured, role, variables)
        plan = self._plans.get((key, of_variables(variables, prepared.used)))
        if plan is None:
            schema = self._schema(role, backend, relay=relay)
            plan, reusable = self._plan(prepared, variables, schema.of_row_commands if row_command else schema)
            # Only what was valid is worth remembering.
            if reusable and len(text) <= _LONGEST:
                self._prepared.put(key, prepared)
                self._plans.put((key, of_variables(variables, prepared.used)), plan)
        return plan, variables

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
        )
        plan = planning.plan(ctx)
        prepared.used.update(ctx.used)
        return plan, ctx.reusable
