"""What an operation selects and which types its variables have, for the description of an endpoint."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from graphql import (
    FieldNode,
    FragmentSpreadNode,
    InlineFragmentNode,
    ListValueNode,
    ObjectValueNode,
    SelectionSetNode,
    ValueNode,
    VariableNode,
)

from nself.graphql.language.document import Operation
from nself.graphql.language.types import (
    Field,
    InputField,
    InputObject,
    Interface,
    ListOf,
    NonNull,
    Object,
    Type,
    Union,
    named,
    nullable,
)
from nself.graphql.rest.schemas import Components, Json

Parent = Object | Interface | Union
_MOST_FIELDS = 5000
"""Fields described of one operation: fragments can multiply without bounds."""


def properties(operation: Operation, root: Object, components: Components) -> Json:
    """The answer's fields as schemas, by response key."""
    return _Selections(operation, components).described([operation.node.selection_set], root)


def variable_types(operation: Operation, root: Object) -> dict[str, Type]:
    """The types at the places where the variables are used."""
    found: dict[str, Type] = {}
    for node, field in _Selections(operation, Components()).everything(operation.node.selection_set, root):
        for argument in node.arguments or ():
            if argument.name.value in field.arguments:
                _note(argument.value, field.arguments[argument.name.value].type, found)
    return found


class _Selections:
    def __init__(self, operation: Operation, components: Components) -> None:
        self._fragments, self._components = operation.fragments, components
        self._left = _MOST_FIELDS

    def described(self, selections: Iterable[SelectionSetNode], parent: Parent) -> Json:
        together: dict[str, tuple[Field | None, list[SelectionSetNode]]] = {}
        for selection_set in selections:
            for node, field in self.fields(selection_set, parent):
                key = (node.alias or node.name).value
                _, below = together.setdefault(key, (field, []))
                if node.selection_set:
                    below.append(node.selection_set)
        return {key: self._property(field, below) for key, (field, below) in together.items()}

    def everything(self, selections: SelectionSetNode, parent: Parent) -> Iterator[tuple[FieldNode, Field]]:
        """Every field of the operation with its definition."""
        for node, field in self.fields(selections, parent):
            if field is None:
                continue
            yield node, field
            type_ = named(field.type)
            if node.selection_set and isinstance(type_, Parent):
                yield from self.everything(node.selection_set, type_)

    def fields(self, selections: SelectionSetNode, parent: Parent) -> Iterator[tuple[FieldNode, Field | None]]:
        """The fields of one level, fragments spread out; `__typename` has no definition."""
        for node in selections.selections:
            self._left -= 1
            if self._left < 0:
                return
            match node:
                case FieldNode() if node.name.value == "__typename":
                    yield node, None
                case FieldNode() if node.name.value in parent.fields:
                    yield node, parent.fields[node.name.value]
                case InlineFragmentNode(type_condition=condition, selection_set=inner):
                    yield from self._within(condition.name.value if condition else parent.name, inner, parent)
                case FragmentSpreadNode() if node.name.value in self._fragments:
                    fragment = self._fragments[node.name.value]
                    yield from self._within(fragment.type_condition.name.value, fragment.selection_set, parent)

    def _within(
        self, condition: str, inner: SelectionSetNode, parent: Parent
    ) -> Iterator[tuple[FieldNode, Field | None]]:
        possible = () if isinstance(parent, Object) else parent.possible
        for type_ in (parent, *possible):
            if type_.name == condition:
                yield from self.fields(inner, type_)

    def _property(self, field: Field | None, below: list[SelectionSetNode]) -> Json:
        if field is None:
            return {"type": "string", "title": "String", "nullable": False}
        return self._schema(field.type, below)

    def _schema(self, type_: Type, below: list[SelectionSetNode]) -> Json:
        required, inner = isinstance(type_, NonNull), nullable(type_)
        if isinstance(inner, ListOf):
            return {"type": "array", "nullable": not required, "items": self._schema(inner.of, below)}
        if not isinstance(inner, Parent):
            return self._components.input(type_)
        found: Json = {"title": inner.name, "type": "object", "nullable": not required}
        if inner.description:
            found["description"] = inner.description
        found["properties"] = self.described(below, inner)
        return found


def _note(value: ValueNode, type_: Type, found: dict[str, Type]) -> None:
    match value:
        case VariableNode():
            found.setdefault(value.name.value, type_)
        case ListValueNode(values=values):
            inner = nullable(type_)
            for item in values:
                _note(item, inner.of if isinstance(inner, ListOf) else type_, found)
        case ObjectValueNode(fields=nodes):
            members = _members(type_)
            for node in nodes:
                if node.name.value in members:
                    _note(node.value, members[node.name.value].type, found)


def _members(type_: Type) -> Mapping[str, InputField]:
    inner = named(type_)
    return inner.fields if isinstance(inner, InputObject) else {}
