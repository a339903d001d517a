"""GraphQL text -> the operation to run. Syntax, operation names and fragment cycles; no schema yet."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Final

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLSyntaxError,
    InlineFragmentNode,
    OperationDefinitionNode,
    OperationType,
    SelectionSetNode,
    VariableDefinitionNode,
    parse,
)

from nself.graphql.errors import ApiError
from nself.records import dataclass

TOO_DEEP = "the request is nested too deeply"
TOO_LONG: Final = "the operation is too long: more than {} {}. Send its data in variables"
_CHARACTERS_A_TOKEN: Final = 20
"""On the average, and with room: what stands between tokens and in long strings takes its time as well."""


@dataclass(frozen=True, slots=True)
class Operation:
    node: OperationDefinitionNode
    fragments: Mapping[str, FragmentDefinitionNode]

    @property
    def variables(self) -> tuple[VariableDefinitionNode, ...]:
        return self.node.variable_definitions or ()

    @property
    def kind(self) -> OperationType:
        return self.node.operation


@lru_cache(maxsize=1024)
def definitions(text: str) -> tuple[Operation, ...]:
    """Every operation of a stored text. Remembered: each change of the metadata looks at all of them again."""
    document = _parsed(text)
    fragments = {node.name.value: node for node in document.definitions if isinstance(node, FragmentDefinitionNode)}
    _refuse_cycles(fragments)
    return tuple(
        Operation(node, fragments) for node in document.definitions if isinstance(node, OperationDefinitionNode)
    )


def operation(text: str, name: str | None, *, most_tokens: int | None = None) -> Operation:
    """The operation of that name, or the only one. Reading takes its time, in which nobody else is answered: texts of
    people who are not trusted are to have an end."""
    document = _parsed(text, most_tokens)
    fragments = {node.name.value: node for node in document.definitions if isinstance(node, FragmentDefinitionNode)}
    operations = [node for node in document.definitions if isinstance(node, OperationDefinitionNode)]
    _refuse_cycles(fragments)
    return Operation(_chosen(operations, name), fragments)


def _parsed(text: str, most_tokens: int | None = None) -> DocumentNode:
    if most_tokens is not None and len(text) > most_tokens * _CHARACTERS_A_TOKEN:
        raise _too_long(most_tokens * _CHARACTERS_A_TOKEN, "characters")
    try:
        return parse(text, no_location=True, max_tokens=most_tokens)
    except GraphQLSyntaxError as error:
        if most_tokens is not None and f"more than {most_tokens} tokens" in error.message:
            raise _too_long(most_tokens, "tokens") from error
        told = {"message": error.message, "locations": [list(found) for found in error.locations or ()]}
        raise ApiError("validation-failed", "not a valid graphql query", path="$.query", internal=told) from error
    except RecursionError as error:
        raise ApiError("validation-failed", TOO_DEEP, path="$.query") from error


def _too_long(most: int, units: str) -> ApiError:
    return ApiError("validation-failed", TOO_LONG.format(most, units), path="$.query")


def _chosen(operations: list[OperationDefinitionNode], name: str | None) -> OperationDefinitionNode:
    if name is None:
        if len(operations) != 1:
            raise ApiError(
                "validation-failed",
                "exactly one operation has to be present in the document when operationName is not specified",
            )
        return operations[0]
    named = [node for node in operations if node.name and node.name.value == name]
    if len(named) != 1:
        raise ApiError("validation-failed", f'no such operation found in the document: "{name}"')
    return named[0]


def _refuse_cycles(fragments: Mapping[str, FragmentDefinitionNode]) -> None:
    """Depth-first without recursion: a chain of fragments may be longer than Python's stack."""
    done: set[str] = set()
    for start in fragments:
        trail: dict[str, Iterator[str]] = {}
        current = start
        while True:
            if current not in trail and current not in done and current in fragments:
                trail[current] = iter(list(_spreads(fragments[current].selection_set)))
            if not trail:
                break
            top = next(reversed(trail))
            following = next(trail[top], None)
            if following is None:
                done.add(top)
                del trail[top]
                current = next(reversed(trail), top)
            elif following in trail:
                names = ", ".join(list(trail)[list(trail).index(following) :])
                raise ApiError("validation-failed", f"the fragment definition(s) {names} form a cycle")
            else:
                current = following


def _spreads(selections: SelectionSetNode) -> Iterator[str]:
    waiting = [selections]
    while waiting:
        for node in waiting.pop().selections:
            if isinstance(node, FragmentSpreadNode):
                yield node.name.value
            elif isinstance(node, FieldNode | InlineFragmentNode) and node.selection_set:
                waiting.append(node.selection_set)
