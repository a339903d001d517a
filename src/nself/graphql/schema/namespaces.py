"""Root fields of a source with a namespace: all of them in one field, which is an object of its own."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Literal

from nself.graphql.language.types import Field, NonNull, Object
from nself.graphql.schema.means import FunctionRoot, Namespace, RoleTable, Root
from nself.graphql.schema.role import RoleSchema


def gathered(
    schema: RoleSchema, fields: Iterable[Field], root: Literal["query", "mutation", "subscription"]
) -> Iterator[Field]:
    """The fields of a root type, those that belong into a namespace gathered there."""
    spaces: dict[str, tuple[RoleTable, list[Field]]] = {}
    for field in fields:
        table = _table(field)
        space = table.naming.customization.namespace if table else None
        if table is None or space is None:
            yield field
        else:
            spaces.setdefault(space, (table, []))[1].append(field)
    for space, (table, found) in spaces.items():
        yield _space(schema, space, table, found, root)


def _space(schema: RoleSchema, space: str, table: RoleTable, fields: list[Field], root: str) -> Field:
    naming = table.naming
    name = naming.customization.type(naming.shared_type(f"{space}_{root}"))
    type_ = schema.type(name, lambda name: Object(name, lambda: fields))
    return Field(name=space, type=NonNull(type_), means=Namespace(table.model.source))


def _table(field: Field) -> RoleTable | None:
    return field.means.table if isinstance(field.means, Root | FunctionRoot) else None
