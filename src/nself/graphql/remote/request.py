"""A document with what it needs to be sent again and again, and what has to be done to each answer."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Final

import msgspec
from graphql import (
    DefinitionNode,
    DocumentNode,
    NameNode,
    OperationDefinitionNode,
    OperationType,
    SelectionNode,
    SelectionSetNode,
    VariableDefinitionNode,
)
from graphql.language import print_ast
from msgspec import Struct

from nself.graphql.joins import decode, encode
from nself.graphql.remote.document import Drop, Edit, JoinKey, TypeName, Writer
from nself.graphql.remote.endpoint import Endpoint
from nself.graphql.remote.presets import Given, Preset
from nself.graphql.run import Run
from nself.graphql.sql.values import Variable

_NULL: Final = msgspec.Raw(b"null")


class Inputs(Struct, frozen=True):
    """`used` variables of the request go along, `made` ones are worked out, `checked` values must fit their types."""

    used: tuple[str, ...]
    made: Mapping[str, Given | Preset]
    checked: tuple[Variable, ...]

    @classmethod
    def of(cls, writer: Writer) -> Inputs:
        used = tuple(name for name in writer.used if name not in writer.made)
        return cls(used, writer.made, tuple(writer.checked))

    def values(self, run: Run) -> dict[str, Any]:
        for variable in self.checked:
            variable.bind(run.bindings)
        given = run.bindings.variables
        values = {name: given[name] for name in self.used if name in given}
        return values | {name: made.value(run.bindings) for name, made in self.made.items()}


def printed(
    kind: OperationType,
    name: str | None,
    variables: Sequence[VariableDefinitionNode],
    selections: Sequence[SelectionNode],
    fragments: Sequence[DefinitionNode] = (),
) -> str:
    operation = OperationDefinitionNode(
        operation=kind,
        name=NameNode(value=name) if name else None,
        variable_definitions=tuple(variables),
        directives=(),
        selection_set=SelectionSetNode(selections=tuple(selections)),
    )
    return print_ast(DocumentNode(definitions=(operation, *fragments)))


async def ask(
    endpoint: Endpoint, run: Run, text: str, variables: Mapping[str, Any], name: str | None = None
) -> dict[str, msgspec.Raw]:
    """The answer's data. Cookies go to the client."""
    document: dict[str, Any] = {"query": text, "variables": variables}
    if name:
        document["operationName"] = name
    answer, cookies = await endpoint.ask(document, run.bindings.session, run.headers)
    run.pass_on(headers=cookies)
    return answer.data or {}


class Edits(Struct, frozen=True):
    """`names` are {the remote's name of a type: ours}."""

    edits: tuple[Edit, ...]
    names: Mapping[str, str]

    def applied(self, value: Any) -> Any:
        """The value, changed in place."""
        for edit in self.edits:
            change = self._change(edit)
            for holder in _holders(value, edit.at[:-1]):
                if edit.at[-1] in holder:
                    change(holder, edit.at[-1])
        return value

    def within(self, key: str, value: msgspec.Raw) -> bytes:
        """The same for the value of a response key, with which all edits begin."""
        return encode(self.applied({key: decode(value)})[key]) if self.edits else bytes(value)

    def _change(self, edit: Edit) -> Callable[[dict[str, Any], str], None]:
        match edit:
            case TypeName():
                return self._rename
            case Drop():
                return _drop
            case JoinKey(others=others):
                return lambda holder, key: _key(holder, key, others)

    def _rename(self, holder: dict[str, Any], key: str) -> None:
        name = holder[key]
        if isinstance(name, str):
            holder[key] = self.names.get(name, name)


def _drop(holder: dict[str, Any], key: str) -> None:
    del holder[key]


def _key(holder: dict[str, Any], key: str, others: Sequence[str]) -> None:
    """A join's key with an unknown part leads nowhere."""
    parts = [holder[key], *(holder.pop(other, None) for other in others)]
    holder[key] = None if any(part is None for part in parts) else parts


def _holders(value: Any, at: Sequence[str]) -> Iterator[dict[str, Any]]:
    """The objects at the end of these keys; a remote that answers with something else than an object has none."""
    if isinstance(value, list):
        for item in value:
            yield from _holders(item, at)
    elif isinstance(value, dict):
        if not at:
            yield value
        elif at[0] in value:
            yield from _holders(value[at[0]], at[1:])


def picked(data: Mapping[str, msgspec.Raw], key: str) -> msgspec.Raw:
    return data.get(key, _NULL)
