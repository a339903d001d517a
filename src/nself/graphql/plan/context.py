"""What the planning of one operation shares: schema, variables, aliases, and what was learnt on the way."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from graphql import VariableDefinitionNode
from nself.graphql.conditions import Aliases
from nself.graphql.document import Operation
from nself.graphql.errors import ApiError
from nself.graphql.joins import Join
from nself.graphql.schema.role import RoleSchema
from nself.graphql.types import Type

_MOST_FIELDS: Final = 20_000
"""Selected fields of one operation, fragments spread out: fragments can multiply without bounds."""


@dataclass(slots=True, kw_only=True)
class Context:
    """`variables` are the values as sent, defaults put in. `used` collects each variable's type where it is used;
    `reusable` becomes False when a value went into the plan itself."""

    schema: RoleSchema
    operation: Operation
    declared: Mapping[str, VariableDefinitionNode]
    variables: Mapping[str, Any]
    stringify_numerics: bool = False
    aliases: Aliases = field(default_factory=Aliases)
    used: dict[str, Type] = field(default_factory=dict)
    joins: list[Join] = field(default_factory=list)
    """Fields met so far whose value another place than the field's own will put in: see `joins`."""
    reusable: bool = True
    _fields: int = 0

    def count_field(self) -> None:
        self._fields += 1
        if self._fields > _MOST_FIELDS:
            raise ApiError("validation-failed", f"the operation selects more than {_MOST_FIELDS} fields")
