"""Fields under the names that clients know them by. What a person named keeps its name."""

from __future__ import annotations

from functools import partial
from typing import TypeVar

from msgspec import structs

from nself.graphql.language.types import Field, InputField, InputObject, Object
from nself.graphql.schema.computed import ScalarField
from nself.graphql.schema.means import (
    ColumnValue,
    ComputedAggregate,
    ComputedRows,
    ComputedValue,
    RelatedAggregate,
    RelatedCount,
    RelatedRow,
    RelatedRows,
)
from nself.graphql.schema.naming import Naming
from nself.graphql.schema.tables import TableColumn

_NAMED = (ColumnValue, ComputedRows, ComputedValue, RelatedRow, RelatedRows, ScalarField, TableColumn)
"""What fields stand for whose names the source decided before."""
F = TypeVar("F", Field, InputField)


def respell(type_: object, naming: Naming) -> None:
    """Have the type show its fields as the naming spells them."""
    if not naming.graphql:
        return
    if isinstance(type_, Object):
        type_.respelled = partial(shown, naming)
    elif isinstance(type_, InputObject):
        type_.respelled = partial(_spelled, naming)


def shown(naming: Naming, field: Field) -> Field:
    """The field and its arguments, spelled. Planners go on calling them by `name`."""
    arguments = {name: _spelled(naming, argument) for name, argument in field.arguments.items()}
    return structs.replace(_spelled(naming, field), arguments=arguments)


def _spelled(naming: Naming, field: F) -> F:
    if isinstance(field.means, _NAMED) or not naming.graphql:
        return field
    return structs.replace(field, shown=_spelling(naming, field))


def _spelling(naming: Naming, field: Field | InputField) -> str:
    match field.means:
        case RelatedAggregate(relation) | RelatedCount(relation):
            return f"{relation.name}Aggregate"
        case ComputedAggregate(rows):
            return f"{rows.name}Aggregate"
        case _:
            return naming.word(field.name)
