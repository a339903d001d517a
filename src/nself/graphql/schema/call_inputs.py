"""The `args` of fields that call SQL functions."""

from __future__ import annotations

from collections.abc import Iterator

from nself.graphql.language.scalars import array, encoder, scalar_name
from nself.graphql.language.types import InputField, InputObject, NonNull, Scalar
from nself.graphql.schema.columns import scalar_type
from nself.graphql.schema.naming import Naming
from nself.graphql.schema.role import RoleSchema
from nself.graphql.schema.routines import Routine
from nself.pg import catalog

ARGS = "args"


def args_field(
    schema: RoleSchema, called: Routine, type_name: str, description: str, naming: Naming
) -> InputField | None:
    """What a client may say to the function, None when there is nothing. Nulls are values: SQL judges them."""
    if not called.inputs:
        return None

    def fields() -> Iterator[InputField]:
        for name in called.inputs:
            yield InputField(name=name, type=_argument_type(schema, called.argument(name).type))

    own = schema.type(type_name, lambda name: InputObject(name, fields), naming)
    return InputField(name=ARGS, type=NonNull(own) if called.requires_input else own, description=description)


def _argument_type(schema: RoleSchema, type_: catalog.Type) -> Scalar:
    """An array is a scalar of its own, `_text`; a row is `users_scalar`, as the table's own name is an object's."""
    name = scalar_name(type_)
    if type_.kind == "composite":
        name = f"{name}_scalar"
    if type_.array:
        element = encoder(catalog.Type(name=type_.name, schema=type_.schema))
        return schema.type(f"_{type_.name}", lambda name: Scalar(name=name, encode=array(element)))
    return scalar_type(schema, name)
