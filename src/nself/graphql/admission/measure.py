"""How large an operation is: its depth, its nodes, and what it may cost.

A node is a field with a selection set. The cost is the number of objects the answer can hold: a list counts as many as
its `limit` says, or `ASSUMED_ROWS` without one, and what is selected below it counts once for each of them. Looking at
the schema (`__schema`, `__type`) counts nothing.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import field
from typing import Any, Final

from graphql import FieldNode, FragmentSpreadNode, InlineFragmentNode, IntValueNode, SelectionSetNode, VariableNode

from nself.graphql.errors import ApiError
from nself.graphql.language.document import Operation
from nself.graphql.language.types import Field, Interface, ListOf, Object, Union, named, nullable
from nself.records import dataclass

ASSUMED_ROWS: Final = 20
INTROSPECTION: Final = frozenset({"__schema", "__type"})
_SDL: Final = "_service"
"""Tells a federation's gateway the same, as text."""
_WIDE: Final = frozenset({"types", "fields", "interfaces", "possibleTypes", "inputFields"})
"""What of the schema leads to many types at once, from which there is a way back to all of them."""
_WIDE_INSIDE: Final = 3
"""How many of these may stand inside each other: the schema of a few tables is endless otherwise."""
_WIDE_TOGETHER: Final = 8
"""And how many in one operation. The usual introspection has five."""
_MOST_FIELDS: Final = 20_000
"""Fields looked at, fragments spread out: fragments can multiply without bounds."""
_ENDLESS: Final = 10**18

Parent = Object | Interface | Union


@dataclass(slots=True)
class Measured:
    """`introspects` are the fields of the schema itself that it asks for. `terms` are costs that hang on variables:
    (factor, names of the variables it is multiplied with)."""

    depth: int = 0
    nodes: int = 0
    constant: int = 0
    terms: list[tuple[int, tuple[str, ...]]] = field(default_factory=list)
    introspects: list[str] = field(default_factory=list)

    def cost(self, variables: Mapping[str, Any]) -> int:
        total = self.constant
        for factor, names in self.terms:
            for name in names:
                factor = min(factor * _rows(variables.get(name)), _ENDLESS)
            total += factor
        return total


def measured(operation: Operation, root: Parent) -> Measured:
    """`root` is the type that the operation's fields belong to; fields that it does not have count once."""
    walk = _Walk(operation)
    walk.below(operation.node.selection_set, root, _Rows(), depth=1)
    return walk.found


@dataclass(frozen=True, slots=True)
class _Rows:
    """How many times something is answered. `pending` is the limit of an aggregate, which bounds its nodes."""

    factor: int = 1
    variables: tuple[str, ...] = ()
    pending: int | str | None = None

    def times(self, rows: int | str | None) -> _Rows:
        match rows:
            case str():
                return _Rows(self.factor, (*self.variables, rows))
            case int():
                return _Rows(min(self.factor * rows, _ENDLESS), self.variables)
            case None:
                return _Rows(min(self.factor * ASSUMED_ROWS, _ENDLESS), self.variables)


class _Walk:
    def __init__(self, operation: Operation) -> None:
        self.found = Measured()
        self._fragments, self._left, self._wide = operation.fragments, _MOST_FIELDS, 0

    def below(self, selections: SelectionSetNode, parent: Parent | None, rows: _Rows, *, depth: int) -> None:
        for node, owner in self._fields(selections, parent):
            name = node.name.value
            if name == _SDL and depth == 1:
                self.found.introspects.append(name)
            if name in INTROSPECTION and depth == 1:
                self.found.introspects.append(name)
                if node.selection_set:
                    self._described(node.selection_set, inside=0)
                continue
            self.found.depth = max(self.found.depth, depth)
            if node.selection_set is None:
                continue
            definition = owner.fields.get(name) if owner else None
            inside = _answered(node, definition, rows)
            self._count(inside)
            type_ = named(definition.type) if definition else None
            self.below(node.selection_set, type_ if isinstance(type_, Parent) else None, inside, depth=depth + 1)

    def _described(self, selections: SelectionSetNode, *, inside: int) -> None:
        for node, _ in self._fields(selections, None):
            if node.selection_set is None:
                continue
            wide = node.name.value in _WIDE
            self._wide += wide
            if inside + wide > _WIDE_INSIDE or self._wide > _WIDE_TOGETHER:
                raise ApiError("validation-failed", "the operation asks for too much of the schema at once")
            self._described(node.selection_set, inside=inside + wide)

    def _count(self, rows: _Rows) -> None:
        self.found.nodes += 1
        if rows.variables:
            self.found.terms.append((rows.factor, rows.variables))
        else:
            self.found.constant += rows.factor

    def _fields(self, selections: SelectionSetNode, parent: Parent | None) -> Iterator[tuple[FieldNode, Parent | None]]:
        """The fields of one level with the type each belongs to, fragments spread out."""
        for node in selections.selections:
            self._left -= 1
            if self._left < 0:
                raise ApiError("validation-failed", f"the operation selects more than {_MOST_FIELDS} fields")
            match node:
                case FieldNode():
                    yield node, parent
                case InlineFragmentNode(type_condition=condition, selection_set=inner):
                    yield from self._fields(inner, _narrowed(parent, condition.name.value if condition else None))
                case FragmentSpreadNode() if node.name.value in self._fragments:
                    fragment = self._fragments[node.name.value]
                    narrowed = _narrowed(parent, fragment.type_condition.name.value)
                    yield from self._fields(fragment.selection_set, narrowed)


def _narrowed(parent: Parent | None, condition: str | None) -> Parent | None:
    if parent is None or condition in (None, parent.name):
        return parent
    possible = () if isinstance(parent, Object) else parent.possible
    return next((type_ for type_ in possible if type_.name == condition), None)


def _answered(node: FieldNode, definition: Field | None, rows: _Rows) -> _Rows:
    """How many objects the field stands for."""
    if definition is None:
        return _Rows(rows.factor, rows.variables)
    asked = _limit(node)
    if isinstance(nullable(definition.type), ListOf):
        return rows.times(rows.pending if asked is None else asked)
    return _Rows(rows.factor, rows.variables, pending=asked)


def _limit(node: FieldNode) -> int | str | None:
    """The number, or the name of the variable that holds it."""
    for argument in node.arguments or ():
        if argument.name.value == "limit":
            match argument.value:
                case IntValueNode(value=text):
                    return _rows(int(text)) if len(text) < 19 else _ENDLESS
                case VariableNode(name=name):
                    return name.value
    return None


def _rows(value: Any) -> int:
    return value if isinstance(value, int) and not isinstance(value, bool) and value >= 0 else ASSUMED_ROWS
