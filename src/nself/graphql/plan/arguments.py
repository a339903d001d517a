"""Input values against their types, with Hasura's words when they do not fit.

The result keeps where a scalar comes from instead of the scalar itself, so that a plan can be run again with others.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any, Final, TypeAlias

from graphql import (
    ArgumentNode,
    BooleanValueNode,
    EnumValueNode,
    FloatValueNode,
    IntValueNode,
    ListTypeNode,
    ListValueNode,
    NamedTypeNode,
    NonNullTypeNode,
    NullValueNode,
    ObjectValueNode,
    StringValueNode,
    TypeNode,
    ValueNode,
    VariableNode,
)
from graphql.language import print_ast

from nself.graphql.language.scalars import found, invalid
from nself.graphql.language.types import (
    Encode,
    Enum,
    EnumValue,
    InputField,
    InputObject,
    Interface,
    ListOf,
    NonNull,
    Object,
    Scalar,
    Type,
    Union,
    find,
    named,
    nullable,
    text,
)
from nself.graphql.plan.context import Context
from nself.graphql.schema.columns import encoder_of
from nself.graphql.sql.values import Constant, Constants, Source, Together, Variable, VariableList
from nself.records import dataclass


@dataclass(frozen=True, slots=True)
class Leaf:
    """A scalar, or a list of them given as a whole. `value` is this request's; `variable` and `steps` say where the
    next one's will be, unless it is written in the document."""

    value: Any
    path: str
    encode: Encode
    variable: str | None = None
    steps: tuple[str | int, ...] = ()

    def source(self, encode: Encode | None = None) -> Source:
        encode = encode or self.encode
        text = None if self.value is None else encode(self.value, self.path)
        return Constant(text) if self.variable is None else Variable(self.variable, self.steps, encode, self.path)

    def sources(self) -> Source:
        """For a list: its elements as one array of texts."""
        values = self.value if isinstance(self.value, list) else [self.value]
        texts = tuple(self.encode(value, f"{self.path}[{index}]") for index, value in enumerate(values))
        if self.variable is None:
            return Constants(texts)
        return VariableList(Variable(self.variable, self.steps, self.encode, self.path))


class RowList(list["Coerced"]):
    """Objects of a list that came as one variable: `origin` is where they all are."""

    origin: Leaf | None = None


Coerced: TypeAlias = "Leaf | EnumValue | dict[str, Coerced] | list[Coerced] | RowList | None"


def coerced_arguments(
    ctx: Context, nodes: tuple[ArgumentNode, ...], fields: Mapping[str, InputField], owner: str, path: str
) -> dict[str, Coerced]:
    """A field's arguments by name; those left out are absent. `owner` is the field's name."""
    given = {}
    for node in nodes:
        name = node.name.value
        if find(fields, name) is None:
            raise invalid(f"'{owner}' has no argument named '{name}'", path)
        if name in given:
            raise invalid(f"the argument '{name}' is given twice", f"{path}.args.{name}")
        given[name] = node.value
    return _members(ctx, given, fields, f"{path}.args")


def _members(
    ctx: Context, given: Mapping[str, ValueNode], fields: Mapping[str, InputField], path: str
) -> dict[str, Coerced]:
    members: dict[str, Coerced] = {}
    for name, node in given.items():
        field = find(fields, name)
        assert field is not None
        if isinstance(node, VariableNode) and _is_absent(ctx, node, field, f"{path}.{name}"):
            continue
        value = coerce(ctx, node, field.type, f"{path}.{name}", has_default=field.default is not None)
        members[field.name] = _checked(value, field, f"{path}.{name}")
    _refuse_missing(fields, members, path)
    return members


def _checked(value: Coerced, field: InputField, path: str) -> Coerced:
    return _null(NonNull(nullable(field.type)), path) if value is None and field.refuses_null else value


def _refuse_missing(fields: Mapping[str, InputField], members: Mapping[str, Coerced], path: str) -> None:
    for field in fields.values():
        if isinstance(field.type, NonNull) and field.default is None and field.name not in members:
            raise invalid(f"missing required field '{field.called}'", path)


def _is_absent(ctx: Context, node: VariableNode, field: InputField, path: str) -> bool:
    """A variable without a value counts as an argument not given."""
    name = node.name.value
    if name not in ctx.declared:
        raise invalid(f"unbound variable '{name}'", path)
    if name in ctx.variables:
        return False
    _check_use(ctx, name, field.type, path, has_default=field.default is not None)
    return True


def coerce(ctx: Context, node: ValueNode, type_: Type, path: str, *, has_default: bool = False) -> Coerced:
    """A value written in the document, which may be or hold variables."""
    if isinstance(node, VariableNode):
        return _variable(ctx, node.name.value, type_, path, has_default=has_default)
    if isinstance(node, NullValueNode):
        return _null(type_, path)
    match nullable(type_):
        case ListOf(of, literal):
            return _list(ctx, node, of, path, literal=literal)
        case InputObject() as type_object:
            return _object(ctx, node, type_object, path)
        case Enum() as enum:
            return _enum(node, enum, path)
        case Scalar() as scalar:
            return _scalar(ctx, node, scalar, path)
        case Object() | Interface() | Union() | NonNull() as other:
            raise AssertionError(other)


def _scalar(ctx: Context, node: ValueNode, scalar: Scalar, path: str) -> Leaf:
    if isinstance(node, EnumValueNode) and scalar.name not in {"json", "jsonb"}:
        raise invalid(f"unexpected enum value for type '{scalar.name}'", path)
    return Leaf(_constant(ctx, node, path), path, scalar.encode)


def _null(type_: Type, path: str) -> Coerced:
    if not isinstance(type_, NonNull):
        return None
    of = named(type_)
    if isinstance(of, InputObject) and not isinstance(type_.of, ListOf):
        raise invalid(f"expected an object for type '{of.name}', but found null", path)
    raise invalid(f"unexpected null value for type '{text(type_.of)}'", path)


def _list(ctx: Context, node: ValueNode, of: Type, path: str, *, literal: bool) -> Coerced:
    encode = encoder_of(of) if isinstance(named(of), Scalar) or _is_open(of) else None
    if literal and encode is not None:
        whole = encoder_of(ListOf(of, literal=True))
        return Leaf(_constant(ctx, node, path), path, whole)
    nodes = node.values if isinstance(node, ListValueNode) else (node,)
    if encode is not None and not any(isinstance(item, VariableNode) for item in nodes):
        if _is_open(of):
            return [coerce(ctx, item, of, f"{path}[{index}]") for index, item in enumerate(nodes)]
        values = [_constant(ctx, item, f"{path}[{index}]") for index, item in enumerate(nodes)]
        for index, value in enumerate(values):
            if value is None and isinstance(of, NonNull):
                raise invalid(f"unexpected null value for type '{text(of.of)}'", f"{path}[{index}]")
        return Leaf(values, path, encode)
    return [coerce(ctx, item, of, f"{path}[{index}]") for index, item in enumerate(nodes)]


def _is_open(type_: Type) -> bool:
    of = nullable(type_)
    return isinstance(of, Enum) and of.open


def _object(ctx: Context, node: ValueNode, type_: InputObject, path: str) -> Coerced:
    if not isinstance(node, ObjectValueNode):
        raise invalid(f"expected an object for type '{type_.name}', but found {_found(node)}", path)
    given: dict[str, ValueNode] = {}
    for field in node.fields:
        name = field.name.value
        if find(type_.fields, name) is None:
            raise invalid(f"field '{name}' not found in type: '{type_.name}'", f"{path}.{name}")
        if name in given:
            raise invalid(f"the field '{name}' is given twice", f"{path}.{name}")
        given[name] = field.value
    return _members(ctx, given, type_.fields, path)


def _enum(node: ValueNode, enum: Enum, path: str) -> Coerced:
    if not isinstance(node, EnumValueNode):
        raise invalid(f"expected an enum value for type '{enum.name}', but found {_found(node)}", path)
    return _member(node.value, enum, path)


def _member(name: str, enum: Enum, path: str, variable: Leaf | None = None) -> Leaf | EnumValue:
    if enum.open:
        leaf = variable or Leaf(name, path, encoder_of(enum))
        leaf.source()
        return leaf
    value = enum.values.get(name)
    if value is None:
        listed = ", ".join(f"'{known}'" for known in enum.values)
        raise invalid(f"expected one of the values [{listed}] for type '{enum.name}', but found '{name}'", path)
    return value


def _variable(ctx: Context, name: str, type_: Type, path: str, *, has_default: bool) -> Coerced:
    if name not in ctx.declared:
        raise invalid(f"unbound variable '{name}'", path)
    _check_use(ctx, name, type_, path, has_default=has_default)
    if name not in ctx.variables:
        return _null(type_, path)
    return from_json(ctx, ctx.variables[name], type_, path, name, ())


def from_json(ctx: Context, value: Any, type_: Type, path: str, variable: str, steps: tuple[str | int, ...]) -> Coerced:
    """A value inside the variables."""
    if value is None:
        return _null(type_, path)
    match nullable(type_):
        case ListOf(of, literal):
            return _json_list(ctx, value, of, path, variable, steps, literal=literal)
        case InputObject() as type_object:
            return _json_object(ctx, value, type_object, path, variable, steps)
        case Enum() as enum:
            if not isinstance(value, str):
                raise invalid(f"expected an enum value for type '{enum.name}', but found {found(value)}", path)
            return _member(
                value, enum, path, Leaf(value, path, encoder_of(enum), variable, steps) if enum.open else None
            )
        case Scalar() as scalar:
            return Leaf(value, path, scalar.encode, variable, steps)
        case Object() | Interface() | Union() | NonNull() as other:
            raise AssertionError(other)


def _json_list(
    ctx: Context, value: Any, of: Type, path: str, variable: str, steps: tuple[str | int, ...], *, literal: bool
) -> Coerced:
    if literal:
        return Leaf(value, path, encoder_of(ListOf(of, literal=True)), variable, steps)
    values = value if isinstance(value, list) else [value]
    if isinstance(nullable(of), Scalar) or _is_open(of) or isinstance(nullable(of), ListOf):
        for index, item in enumerate(values):
            if item is None and isinstance(of, NonNull):
                raise invalid(f"unexpected null value for type '{text(of.of)}'", f"{path}[{index}]")
        return Leaf(value, path, encoder_of(of), variable, steps)
    whole = isinstance(value, list)
    items = RowList(
        from_json(ctx, item, of, f"{path}[{index}]", variable, (*steps, index) if whole else steps)
        for index, item in enumerate(values)
    )
    items.origin = Leaf(value, path, _never, variable, steps)
    return items


def _never(value: Any, path: str) -> str:
    raise AssertionError("a list of objects has no text")


def _json_object(
    ctx: Context, given: Any, type_: InputObject, path: str, variable: str, steps: tuple[str | int, ...]
) -> Coerced:
    ctx.count_object(rows=type_.rows)
    if not isinstance(given, Mapping):
        raise invalid(f"expected an object for type '{type_.name}', but found {found(given)}", path)
    members: dict[str, Coerced] = {}
    for name, item in given.items():
        field = find(type_.fields, name)
        if field is None:
            raise invalid(f"field '{name}' not found in type: '{type_.name}'", f"{path}.{name}")
        value = from_json(ctx, item, field.type, f"{path}.{name}", variable, (*steps, name))
        members[field.name] = _checked(value, field, f"{path}.{name}")
    _refuse_missing(type_.fields, members, path)
    return members


def _check_use(ctx: Context, name: str, type_: Type, path: str, *, has_default: bool) -> None:
    definition = ctx.declared[name]
    given = definition.default_value is not None and not isinstance(definition.default_value, NullValueNode)
    wanted = nullable(type_) if given or has_default else type_
    if not _fits(definition.type, wanted):
        declared = print_ast(definition.type)
        raise invalid(
            f"variable '{name}' is declared as '{declared}', but used where '{text(type_)}' is expected", path
        )
    ctx.used.setdefault(name, type_)


def _fits(declared: TypeNode, wanted: Type) -> bool:
    if isinstance(wanted, NonNull):
        return isinstance(declared, NonNullTypeNode) and _fits(declared.type, wanted.of)
    if isinstance(declared, NonNullTypeNode):
        return _fits(declared.type, wanted)
    if isinstance(wanted, ListOf):
        if isinstance(declared, ListTypeNode):
            return _fits(declared.type, wanted.of)
        # A single value stands for a list of it; an array column also takes its literal, under the type's own name.
        return _fits(declared, nullable(wanted.of)) or _is_array_name(declared, wanted)
    return isinstance(declared, NamedTypeNode) and declared.name.value == text(wanted)


def _is_array_name(declared: TypeNode, wanted: ListOf) -> bool:
    return wanted.literal and isinstance(declared, NamedTypeNode) and declared.name.value.startswith("_")


def _constant(ctx: Context, node: ValueNode, path: str) -> Any:
    """The JSON value of a scalar's literal. Variables inside become part of it, so the plan holds for them only."""
    match node:
        case NullValueNode():
            return None
        case IntValueNode(value=value) | FloatValueNode(value=value):
            return _number(value)
        case StringValueNode(value=value) | BooleanValueNode(value=value):
            return value
        case ListValueNode(values=values):
            return [_constant(ctx, item, f"{path}[{index}]") for index, item in enumerate(values)]
        case ObjectValueNode(fields=fields):
            return {field.name.value: _constant(ctx, field.value, f"{path}.{field.name.value}") for field in fields}
        case VariableNode():
            name = node.name.value
            if name not in ctx.declared:
                raise invalid(f"unbound variable '{name}'", path)
            ctx.reusable = False
            return ctx.variables.get(name)
        case EnumValueNode(value=value):
            # In JSON a bare word reads as a string.
            return value
        case _:
            raise AssertionError(node)


_LONG: Final = 1000
"""Digits from which reading an integer takes noticeable time."""


def _number(text: str) -> int | Decimal:
    return int(text) if len(text) < _LONG and text.removeprefix("-").isdigit() else Decimal(text)


def literal_json(node: ValueNode) -> Any:
    """The default value of a variable as the JSON it could have been sent as."""
    return json_of(node, None)


def json_of(node: ValueNode, variables: Mapping[str, Any] | None) -> Any:
    """A value written in the document as JSON, with the values of its variables; None where it may have none."""
    match node:
        case NullValueNode():
            return None
        case IntValueNode(value=value) | FloatValueNode(value=value):
            return _number(value)
        case ListValueNode(values=values):
            return [json_of(item, variables) for item in values]
        case ObjectValueNode(fields=fields):
            return {
                field.name.value: json_of(field.value, variables)
                for field in fields
                if not (variables is not None and _is_left_out(field.value, variables))
            }
        case StringValueNode(value=value) | BooleanValueNode(value=value) | EnumValueNode(value=value):
            return value
        case VariableNode() if variables is not None:
            return variables.get(node.name.value)
        case _:
            raise invalid("a variable's default value cannot hold variables", "$")


def _is_left_out(node: ValueNode, variables: Mapping[str, Any]) -> bool:
    return isinstance(node, VariableNode) and node.name.value not in variables


def _found(node: ValueNode) -> str:
    match node:
        case EnumValueNode():
            return "an enum value"
        case ObjectValueNode():
            return "an object"
        case ListValueNode():
            return "a list"
        case IntValueNode():
            return "an integer"
        case FloatValueNode():
            return "a float"
        case BooleanValueNode():
            return "a boolean"
        case NullValueNode():
            return "null"
        case _:
            return "a string"


def source_of(value: Coerced) -> Source:
    """Of a scalar."""
    if value is None:
        return Constant(None)
    assert isinstance(value, Leaf)
    return value.source()


def sources_of(value: Coerced) -> Source:
    """Of a list of scalars, as one array."""
    if isinstance(value, Leaf):
        return value.sources()
    assert isinstance(value, list)
    parts = tuple(source_of(item) for item in value)
    if all(isinstance(part, Constant) for part in parts):
        return Constants(tuple(part.value for part in parts if isinstance(part, Constant)))
    return Together(parts)


def flag(value: Coerced) -> bool:
    """A Boolean that decides the statement's shape."""
    assert isinstance(value, Leaf)
    if not isinstance(value.value, bool):
        raise invalid(f"expected a boolean for type 'Boolean', but found {found(value.value)}", value.path)
    return value.value
