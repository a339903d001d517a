"""From a URL to the endpoint it means. Belongs to one loaded state of the metadata."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import field

from graphql import VariableDefinitionNode

from nself.graphql.language.document import Operation, definitions
from nself.graphql.metadata import endpoint_consistency
from nself.graphql.metadata.model import Metadata
from nself.graphql.metadata.rest_endpoints import VARIABLE, RestEndpoint, text_of
from nself.records import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Served:
    """An endpoint with its query at hand."""

    endpoint: RestEndpoint
    text: str
    operation: Operation

    @property
    def variables(self) -> Mapping[str, VariableDefinitionNode]:
        return {definition.variable.name.value: definition for definition in self.operation.variables}


@dataclass(slots=True)
class _Node:
    """One segment deep. `ends` are the endpoints whose URL ends here, by method."""

    literal: dict[str, _Node] = field(default_factory=dict)
    variable: _Node | None = None
    ends: dict[str, Served] = field(default_factory=dict)


class Router:
    def __init__(self, served: Iterable[Served]) -> None:
        self.served = tuple(served)
        self._root = _Node()
        for one in self.served:
            self._add(one)

    def find(self, segments: Sequence[str]) -> dict[str, tuple[Served, dict[str, str]]]:
        """{method: (endpoint, values of the URL's variables)} of what these segments can mean."""
        found: dict[str, tuple[Served, dict[str, str]]] = {}
        for node, values in _walk(self._root, segments, ()):
            for method, one in node.ends.items():
                found.setdefault(method, (one, dict(zip(one.endpoint.variables, values, strict=True))))
        return found

    def _add(self, one: Served) -> None:
        node = self._root
        for segment in one.endpoint.segments:
            if segment.startswith(VARIABLE):
                node.variable = node.variable or _Node()
                node = node.variable
            else:
                node = node.literal.setdefault(segment, _Node())
        node.ends |= dict.fromkeys(one.endpoint.methods, one)


def router(metadata: Metadata) -> Router:
    """Over the endpoints that nothing is wrong with."""
    return Router(_served(metadata))


def _served(metadata: Metadata) -> Iterator[Served]:
    for endpoint in endpoint_consistency.served(metadata) if metadata.rest_endpoints else ():
        text = text_of(endpoint, metadata.query_collections)
        if text is not None:
            yield Served(endpoint=endpoint, text=text, operation=definitions(text)[0])


def _walk(node: _Node, segments: Sequence[str], values: tuple[str, ...]) -> Iterator[tuple[_Node, tuple[str, ...]]]:
    if not segments:
        yield node, values
        return
    first, rest = segments[0], segments[1:]
    if first in node.literal:
        yield from _walk(node.literal[first], rest, values)
    if node.variable is not None and first:
        yield from _walk(node.variable, rest, (*values, first))
