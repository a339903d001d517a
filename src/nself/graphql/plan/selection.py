"""Selection sets: fragments spread out, @include and @skip obeyed, equal fields merged."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import field

from graphql import (
    DirectiveNode,
    FieldNode,
    FragmentSpreadNode,
    InlineFragmentNode,
    SelectionSetNode,
)
from graphql.language import print_ast

from nself.graphql.language.scalars import BOOL, invalid, scalar, scalar_name
from nself.graphql.language.types import Composite, Field, InputField, NonNull, Object, find, named
from nself.graphql.plan.arguments import Coerced, coerced_arguments, flag
from nself.graphql.plan.context import Context
from nself.records import dataclass

TYPENAME = "__typename"
_CONDITION = {"if": InputField(name="if", type=NonNull(scalar(scalar_name(BOOL))))}


@dataclass(frozen=True, slots=True)
class Selected:
    """A field under its response key. `of` is its definition, None for __typename; `nodes` are all that select it."""

    key: str
    of: Field | None
    path: str
    nodes: list[FieldNode] = field(default_factory=list)
    typename: str = ""
    """Of the object it is a field of."""

    @property
    def node(self) -> FieldNode:
        return self.nodes[0]

    @property
    def selections(self) -> list[SelectionSetNode]:
        return [node.selection_set for node in self.nodes if node.selection_set]


def selected(ctx: Context, parent: Object, selections: Sequence[SelectionSetNode], path: str) -> list[Selected]:
    """The fields of an object, in the order in which the answer has them."""
    found: dict[str, Selected] = {}
    for node in _flat(ctx, parent, selections, path):
        name, key = node.name.value, (node.alias or node.name).value
        where = f"{path}.selectionSet.{key}"
        definition = None if name == TYPENAME else find(parent.fields, name)
        if definition is None and name != TYPENAME:
            raise invalid(f"field '{name}' not found in type: '{parent.name}'", where)
        check_field(node, definition, where)
        known = found.setdefault(key, Selected(key, definition, where, typename=parent.name))
        if known.nodes:
            _refuse_difference(known.node, node, where)
        known.nodes.append(node)
    return list(found.values())


def arguments_of(ctx: Context, one: Selected) -> dict[str, Coerced]:
    fields = one.of.arguments if one.of else {}
    return coerced_arguments(ctx, one.node.arguments or (), fields, one.node.name.value, one.path)


def fields_of(ctx: Context, one: Selected) -> list[Selected]:
    """What is selected below a field."""
    assert one.of is not None
    type_ = named(one.of.type)
    assert isinstance(type_, Object)
    return selected(ctx, type_, one.selections, one.path)


def _flat(ctx: Context, parent: Object, selections: Sequence[SelectionSetNode], path: str) -> Iterator[FieldNode]:
    for selection_set in selections:
        for node in selection_set.selections:
            ctx.count_field()
            if not wanted(ctx, node.directives or (), path):
                continue
            match node:
                case FieldNode():
                    yield node
                case InlineFragmentNode(type_condition=condition, selection_set=inner):
                    if condition is None or applies(parent, condition.name.value):
                        yield from _flat(ctx, parent, [inner], path)
                case FragmentSpreadNode(name=name):
                    yield from _spread(ctx, parent, name.value, path)


def _spread(ctx: Context, parent: Object, name: str, path: str) -> Iterator[FieldNode]:
    fragment = ctx.operation.fragments.get(name)
    if fragment is None:
        raise invalid(f"reference to undefined fragment '{name}'", f"{path}.selectionSet")
    if applies(parent, fragment.type_condition.name.value):
        yield from _flat(ctx, parent, [fragment.selection_set], path)


def applies(parent: Object, condition: str) -> bool:
    """Whether a fragment on the type of that name holds for an object."""
    return condition == parent.name or any(type_.name == condition for type_ in parent.abstract)


def wanted(ctx: Context, directives: Sequence[DirectiveNode], path: str) -> bool:
    kept = True
    for node in directives:
        name = node.name.value
        if name not in {"include", "skip"}:
            raise invalid(f"directive '{name}' is not defined in the schema", f"{path}.selectionSet")
        value = flag(coerced_arguments(ctx, node.arguments or (), _CONDITION, name, f"{path}.{name}")["if"])
        kept = kept and value == (name == "include")
    return kept


def check_field(node: FieldNode, definition: Field | None, path: str) -> None:
    is_object = definition is not None and isinstance(named(definition.type), Composite)
    if is_object and not node.selection_set:
        raise invalid(f"missing selection set for '{node.name.value}'", path)
    if node.selection_set and not is_object:
        raise invalid("unexpected subselection set for non-object field", path)
    # Nobody reads the arguments of a field that takes none.
    if node.arguments and not (definition and definition.arguments):
        raise invalid(f"'{node.name.value}' has no argument named '{node.arguments[0].name.value}'", path)


def _question(node: FieldNode) -> tuple[str, list[str]]:
    return node.name.value, sorted(map(print_ast, node.arguments or ()))


def _refuse_difference(one: FieldNode, other: FieldNode, path: str) -> None:
    if _question(one) != _question(other):
        raise invalid(
            f"inconsistent arguments or fields share the response key '{(one.alias or one.name).value}'", path
        )
