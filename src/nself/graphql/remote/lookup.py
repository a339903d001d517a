"""A remote schema asked by the keys of a relationship: one document, an alias for each different key."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any, Final

import msgspec
from graphql import (
    ArgumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    NameNode,
    OperationType,
    SelectionSetNode,
    VariableDefinitionNode,
)
from msgspec import Struct, field

from nself.graphql import joins
from nself.graphql.joins import Join
from nself.graphql.plan.context import Context
from nself.graphql.plan.selection import Selected
from nself.graphql.remote.bridge import Bridge, RemoteValue
from nself.graphql.remote.document import Writer, declared_variable, named_type, variable
from nself.graphql.remote.endpoint import Endpoint, RemoteErrorsError
from nself.graphql.remote.path import Step
from nself.graphql.remote.request import Edits, Inputs, ask
from nself.graphql.remote.request import printed as document
from nself.graphql.run import Run

_SHARED: Final = "fields"
"""The fragment with what is selected: the same for every key."""
_AT_ONCE: Final = 100
"""Keys from which printing the document takes noticeable time."""
_MOST_KEPT: Final = 500
"""Keys of a document that is worth its memory."""


class RemoteByKey(Struct, frozen=True, kw_only=True):
    """A Lookup. `names` are those of the key's parts; `given` are the other arguments of each step."""

    endpoint: Endpoint
    steps: tuple[Step, ...]
    names: tuple[str, ...]
    given: tuple[tuple[ArgumentNode, ...], ...]
    declared: tuple[VariableDefinitionNode, ...]
    inputs: Inputs
    below: SelectionSetNode | None
    edits: Edits
    joins: tuple[Join, ...]
    printed: dict[int, str] = field(default_factory=dict)
    """The last document, by how many keys it is for."""

    async def find(self, run: Run, keys: Sequence[list[Any]]) -> Sequence[Any]:
        text = await self._printed(len(keys))
        variables = self.inputs.values(run)
        for number, key in enumerate(keys):
            variables |= self._variables(number, dict(zip(self.names, key, strict=True)))
        try:
            data = await ask(self.endpoint, run, text, variables)
        except RemoteErrorsError as error:
            raise error.unplaced() from error
        found = [self._value(data.get(f"k{number}")) for number in range(len(keys))]
        filled: list[Any] = await joins.filled(run, self.edits.applied(found), self.joins)
        return filled

    async def _printed(self, count: int) -> str:
        """A page of rows tends to have the same number of keys again."""
        known = self.printed.get(count)
        if known is None:
            known = await asyncio.to_thread(self._text, count) if count > _AT_ONCE else self._text(count)
            self.printed.clear()
            if count <= _MOST_KEPT:
                self.printed[count] = known
        return known

    def _value(self, raw: msgspec.Raw | None) -> Any:
        if raw is None:
            return None
        if len(self.steps) == 1 and not self.edits.edits and not self.joins:
            return raw
        value = joins.decode(raw)
        for step in self.steps[1:]:
            value = value.get(step.field.name) if isinstance(value, dict) else None
        return value

    def _variables(self, number: int, key: Mapping[str, Any]) -> dict[str, Any]:
        return {
            _name(number, depth, place): mapped.value(key)
            for depth, step in enumerate(self.steps)
            for place, mapped in enumerate(step.mapped)
        }

    def _text(self, count: int) -> str:
        declared = [
            declared_variable(_name(number, depth, place), mapped.argument.type)
            for number in range(count)
            for depth, step in enumerate(self.steps)
            for place, mapped in enumerate(step.mapped)
        ]
        fragments = () if self.below is None else (self._fragment(self.below),)
        fields = [self._field(number, 0) for number in range(count)]
        return document(OperationType.QUERY, None, [*self.declared, *declared], fields, fragments)

    def _fragment(self, below: SelectionSetNode) -> FragmentDefinitionNode:
        return FragmentDefinitionNode(
            name=NameNode(value=_SHARED),
            type_condition=named_type(self.steps[-1].field.type.name),
            directives=(),
            variable_definitions=(),
            selection_set=below,
        )

    def _field(self, number: int, depth: int) -> FieldNode:
        step = self.steps[depth]
        mapped = tuple(
            ArgumentNode(name=NameNode(value=one.argument.name), value=variable(_name(number, depth, place)))
            for place, one in enumerate(step.mapped)
        )
        return FieldNode(
            alias=None if depth else NameNode(value=f"k{number}"),
            name=NameNode(value=step.field.name),
            arguments=(*mapped, *self.given[depth]),
            directives=(),
            selection_set=self._selected(number, depth),
        )

    def _selected(self, number: int, depth: int) -> SelectionSetNode | None:
        if depth + 1 < len(self.steps):
            return SelectionSetNode(selections=(self._field(number, depth + 1),))
        if self.below is None:
            return None
        return SelectionSetNode(selections=(FragmentSpreadNode(name=NameNode(value=_SHARED), directives=()),))


def _name(number: int, depth: int, place: int) -> str:
    return f"k{number}_{depth}_{place}"


def by_key(
    ctx: Context, one: Selected, bridge: Bridge, endpoint: Endpoint, steps: tuple[Step, ...], names: tuple[str, ...]
) -> RemoteByKey:
    """For a relationship's field: what is selected of it, asked for at the end of the steps."""
    assert one.of is not None
    writer = Writer(ctx, bridge)
    given = []
    for step in steps:
        taken = {mapped.argument.name for mapped in step.mapped}
        declared = {name: argument for name, argument in step.field.arguments.items() if name not in taken}
        last = step is steps[-1]
        own = Selected(one.key, msgspec.structs.replace(one.of, means=RemoteValue(step.field)), one.path, one.nodes)
        given.append(tuple(writer.arguments(own, declared) if last else writer.presets(declared)))
    below = writer.below(one, ())
    return RemoteByKey(
        endpoint=endpoint,
        steps=steps,
        names=names,
        given=tuple(given),
        declared=tuple(writer.used.values()),
        inputs=Inputs.of(writer),
        below=below,
        edits=Edits(tuple(writer.edits), bridge.naming.types),
        joins=joins.taken(ctx, one.path),
    )
