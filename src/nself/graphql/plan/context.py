"""What the planning of one operation shares: schema, variables, aliases, and what was learnt on the way."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from typing import Any, Final

from graphql import VariableDefinitionNode

from nself.graphql.errors import ApiError
from nself.graphql.joins import Join
from nself.graphql.language.document import Operation
from nself.graphql.language.types import Type
from nself.graphql.schema.role import RoleSchema
from nself.graphql.sql.conditions import Aliases
from nself.records import dataclass

_MOST_FIELDS: Final = 20_000
"""Selected fields of one operation, fragments spread out: fragments can multiply without bounds."""
MOST_OBJECTS: Final = 50_000
"""Objects in the variables that become part of the statement, such as the conditions of a `where`."""
_ROWS_AN_OBJECT: Final = 20
"""Rows to store are many by nature, and little work."""


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
    bounded: bool = False
    """Whether objects in the variables are counted: planning takes its time, in which nobody else is answered."""
    _fields: int = 0
    _objects: int = 0

    def count_field(self) -> None:
        self._fields += 1
        if self._fields > _MOST_FIELDS:
            raise ApiError("validation-failed", f"the operation selects more than {_MOST_FIELDS} fields")

    def count_object(self, *, rows: bool) -> None:
        self._objects += 1 if rows else _ROWS_AN_OBJECT
        if self.bounded and self._objects > MOST_OBJECTS * _ROWS_AN_OBJECT:
            raise ApiError("validation-failed", "the variables hold too many objects: send them in several requests")
