"""A selection of remote fields -> the document that asks for them, under the remote's own names.

Objects are sent as the planner merged them: fragments spread out, @include and @skip decided. Below an interface or a
union what depends on the type stays in inline fragments. Values stay where they are: literals in the document, the
request's variables as variables of the document, those that only a run knows (presets) as variables of our own.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import field
from typing import Any, Final

from graphql import (
    ArgumentNode,
    FieldNode,
    FragmentSpreadNode,
    InlineFragmentNode,
    ListTypeNode,
    NamedTypeNode,
    NameNode,
    NonNullTypeNode,
    SelectionNode,
    SelectionSetNode,
    TypeNode,
    ValueNode,
    VariableDefinitionNode,
    VariableNode,
)
from graphql.language import Visitor, visit
from msgspec import Struct

from nself.graphql.joins import promise
from nself.graphql.language.scalars import invalid
from nself.graphql.language.types import Composite, Object, named
from nself.graphql.plan.arguments import Coerced, Leaf
from nself.graphql.plan.context import Context
from nself.graphql.plan.selection import Selected, applies, arguments_of, check_field, selected, wanted
from nself.graphql.remote.bridge import Bridge, JoinField, RemoteValue
from nself.graphql.remote.presets import Given, Preset
from nself.graphql.remote.upstream import Argument, Ref
from nself.graphql.sql.values import Variable
from nself.records import dataclass

TYPENAME: Final = "__typename"
_OURS: Final = "nself_"
"""Variables of our own begin with it."""


class TypeName(Struct, frozen=True):
    """At the end of these response keys stands a type's name, which is another here."""

    at: tuple[str, ...]


class JoinKey(Struct, frozen=True):
    """At the end of these keys stands the first part of a join's key; `others` are the keys of its further parts."""

    at: tuple[str, ...]
    others: tuple[str, ...]


class Drop(Struct, frozen=True):
    """What stands there was asked only because GraphQL does not allow to ask for nothing."""

    at: tuple[str, ...]


Edit = TypeName | JoinKey | Drop


@dataclass
class Writer:
    """One document being written. `at` of edits is relative to where writing began."""

    ctx: Context
    bridge: Bridge
    used: dict[str, VariableDefinitionNode] = field(default_factory=dict)
    made: dict[str, Given | Preset] = field(default_factory=dict)
    """Our own variables: where their values come from."""
    checked: list[Variable] = field(default_factory=list)
    edits: list[Edit] = field(default_factory=list)

    def fields(self, ones: Sequence[Selected], at: tuple[str, ...] = ()) -> Iterator[FieldNode]:
        for one in ones:
            yield from self.field(one, at)

    def field(self, one: Selected, at: tuple[str, ...] = ()) -> Iterator[FieldNode]:
        here = (*at, one.key)
        if one.of is None:
            if self.bridge.naming.renames_types:
                self.edits.append(TypeName(here))
            yield _field(one.key, TYPENAME)
            return
        if isinstance(one.of.means, RemoteValue):
            remote = one.of.means.field
            yield _field(
                one.key,
                remote.name,
                tuple(self.arguments(one, remote.arguments)),
                self.below(one, here),
            )
            return
        assert isinstance(one.of.means, JoinField)
        first, *rest = one.of.means.keys
        others = tuple(f"{one.key}__{_OURS}{number}" for number, _ in enumerate(rest, 1))
        promise(self.ctx, one, one.of.means.plan(self.ctx, one))
        self.edits.append(JoinKey(here, others))
        yield _field(one.key, first)
        for key, name in zip(others, rest, strict=True):
            yield _field(key, name)

    def below(self, one: Selected, at: tuple[str, ...]) -> SelectionSetNode | None:
        assert one.of is not None
        type_ = named(one.of.type)
        if not isinstance(type_, Composite):
            return None
        return self.selection_set(tuple(self.selections(type_, one.selections, one.path, at)), at)

    def selection_set(self, found: tuple[SelectionNode, ...], at: tuple[str, ...]) -> SelectionSetNode:
        if not found:
            self.edits.append(Drop((*at, TYPENAME)))
        return SelectionSetNode(selections=found or (_field(TYPENAME, TYPENAME),))

    def selections(
        self, parent: Composite, chosen: Sequence[SelectionSetNode], path: str, at: tuple[str, ...]
    ) -> Iterator[SelectionNode]:
        if isinstance(parent, Object):
            yield from self.fields(selected(self.ctx, parent, chosen, path), at)
            return
        for node in _flat(self.ctx, parent, chosen, path):
            if isinstance(node, FieldNode):
                yield from self._abstract_field(parent, node, path, at)
            else:
                yield from self._fragment(*node, path, at)

    def _abstract_field(
        self, parent: Composite, node: FieldNode, path: str, at: tuple[str, ...]
    ) -> Iterator[SelectionNode]:
        key, name = (node.alias or node.name).value, node.name.value
        where = f"{path}.selectionSet.{key}"
        definition = None if name == TYPENAME else parent.fields.get(name)
        if definition is None and name != TYPENAME:
            # The objects are asked, as Hasura does: the first that does not have the field is named.
            assert not isinstance(parent, Object)
            lacking = next((type_ for type_ in parent.possible if name not in type_.fields), parent)
            raise invalid(f"field '{name}' not found in type: '{lacking.name}'", where)
        check_field(node, definition, where)
        yield from self.field(Selected(key, definition, where, [node]), at)

    def _fragment(
        self, condition: str, chosen: SelectionSetNode, path: str, at: tuple[str, ...]
    ) -> Iterator[SelectionNode]:
        original = self.bridge.originals[condition]
        inner = tuple(self.selections(self.bridge.composite(original), [chosen], path, at))
        if inner:
            below = SelectionSetNode(selections=inner)
            yield InlineFragmentNode(type_condition=named_type(original), selection_set=below, directives=())

    def arguments(self, one: Selected, declared: Mapping[str, Argument]) -> Iterator[ArgumentNode]:
        """As given, and those the role has preset."""
        coerced = arguments_of(self.ctx, one)
        given = {node.name.value: node.value for node in one.node.arguments or ()}
        for name, argument in declared.items():
            if argument.preset is not None:
                yield self.argument(argument, Preset(argument.preset, argument.type, self.bridge.upstream))
            elif argument.type.name in self.bridge.with_presets:
                node = given.get(name) if name in coerced else None
                yield self.argument(argument, Given(node, argument.type, self.bridge.upstream))
            elif name in coerced:
                self._use(given[name], coerced[name])
                yield ArgumentNode(name=NameNode(value=name), value=given[name])

    def presets(self, declared: Mapping[str, Argument]) -> Iterator[ArgumentNode]:
        """Of a field on the way, to which the client gives nothing."""
        for argument in declared.values():
            if argument.preset is not None:
                yield self.argument(argument, Preset(argument.preset, argument.type, self.bridge.upstream))

    def argument(self, argument: Argument, value: Given | Preset) -> ArgumentNode:
        """One whose value is a variable of our own."""
        name = f"{_OURS}{len(self.made)}"
        while name in self.ctx.declared:
            name += "_"
        self.made[name] = value
        self.used[name] = declared_variable(name, argument.type)
        return ArgumentNode(name=NameNode(value=argument.name), value=variable(name))

    def _use(self, node: ValueNode, value: Coerced) -> None:
        for leaf in _leaves(value):
            if leaf.value is not None:
                leaf.source()
                if leaf.variable is not None:
                    self.checked.append(Variable(leaf.variable, leaf.steps, leaf.encode, leaf.path))
        names = _Variables()
        visit(node, names)
        for name in names.found:
            self.used[name] = self._declared(self.ctx.declared[name])

    def _declared(self, definition: VariableDefinitionNode) -> VariableDefinitionNode:
        """Under the remote's name of its type. Without the default: the value is always sent."""
        return VariableDefinitionNode(
            variable=definition.variable, type=self._renamed(definition.type), default_value=None, directives=()
        )

    def _renamed(self, node: TypeNode) -> TypeNode:
        match node:
            case NonNullTypeNode(type=inner):
                return _required(self._renamed(inner))
            case ListTypeNode(type=inner):
                return ListTypeNode(type=self._renamed(inner))
            case _:
                assert isinstance(node, NamedTypeNode)
                return named_type(self.bridge.originals.get(node.name.value, node.name.value))


def _flat(
    ctx: Context, parent: Composite, chosen: Sequence[SelectionSetNode], path: str
) -> Iterator[FieldNode | tuple[str, SelectionSetNode]]:
    """Fields of an abstract type itself, and what is asked of some of its objects only."""
    for selection_set in chosen:
        for node in selection_set.selections:
            ctx.count_field()
            if not wanted(ctx, node.directives or (), path):
                continue
            if isinstance(node, FieldNode):
                yield node
                continue
            condition, inner = _spread(ctx, node, path)
            if condition is None or condition == parent.name:
                yield from _flat(ctx, parent, [inner], path)
            elif not isinstance(parent, Object) and _concerns(parent, condition):
                yield condition, inner


def _spread(ctx: Context, node: SelectionNode, path: str) -> tuple[str | None, SelectionSetNode]:
    if isinstance(node, InlineFragmentNode):
        return node.type_condition.name.value if node.type_condition else None, node.selection_set
    assert isinstance(node, FragmentSpreadNode)
    fragment = ctx.operation.fragments.get(node.name.value)
    if fragment is None:
        raise invalid(f"reference to undefined fragment '{node.name.value}'", f"{path}.selectionSet")
    return fragment.type_condition.name.value, fragment.selection_set


def _concerns(parent: Composite, condition: str) -> bool:
    """Whether any object of an abstract type can be what the fragment is for; else it is left out, as Hasura does."""
    assert not isinstance(parent, Object)
    return any(applies(type_, condition) for type_ in parent.possible)


def _leaves(value: Any) -> Iterator[Leaf]:
    if isinstance(value, Leaf):
        if not isinstance(value.value, list):
            yield value
    elif isinstance(value, dict):
        for item in value.values():
            yield from _leaves(item)
    elif isinstance(value, list):
        for item in value:
            yield from _leaves(item)


class _Variables(Visitor):
    """Collects the variables inside a value."""

    def __init__(self) -> None:
        super().__init__()
        self.found: dict[str, None] = {}

    def enter_variable(self, node: VariableNode, *_: Any) -> None:
        self.found[node.name.value] = None


def _field(
    key: str,
    name: str,
    arguments: tuple[ArgumentNode, ...] = (),
    below: SelectionSetNode | None = None,
) -> FieldNode:
    return FieldNode(
        alias=None if key == name else NameNode(value=key),
        name=NameNode(value=name),
        arguments=arguments,
        directives=(),
        selection_set=below,
    )


def variable(name: str) -> VariableNode:
    return VariableNode(name=NameNode(value=name))


def named_type(name: str) -> NamedTypeNode:
    return NamedTypeNode(name=NameNode(value=name))


def declared_variable(name: str, ref: Ref) -> VariableDefinitionNode:
    type_: NamedTypeNode | ListTypeNode | NonNullTypeNode = named_type(ref.name)
    for wrap in ref.wraps:
        type_ = _required(type_) if wrap == "!" else ListTypeNode(type=type_)
    return VariableDefinitionNode(variable=variable(name), type=type_, default_value=None, directives=())


def _required(type_: TypeNode) -> NonNullTypeNode:
    assert isinstance(type_, NamedTypeNode | ListTypeNode)
    return NonNullTypeNode(type=type_)
