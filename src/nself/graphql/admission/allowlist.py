"""The allow list: operations compared without regard to layout and `__typename`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import lru_cache

from graphql import FieldNode, FragmentDefinitionNode, Node, OperationDefinitionNode
from graphql.language import REMOVE, Visitor, VisitorAction, print_ast, visit

from nself.graphql.language.document import Operation, definitions
from nself.graphql.metadata.collections import AllowedCollection, QueryCollection


class _WithoutTypenames(Visitor):
    def enter_field(self, node: FieldNode, *_: object) -> VisitorAction:
        return REMOVE if node.name.value == "__typename" else None


def fingerprint(operation: Operation) -> str:
    """The same for operations that differ in layout, in `__typename` fields or in the order of fragments only. The
    order of fields counts."""
    return "\n".join([_normal(operation.node), *sorted(map(_normal, operation.fragments.values()))])


def allowed_operations(
    collections: Mapping[str, QueryCollection], allowed: Iterable[AllowedCollection]
) -> frozenset[str]:
    """Fingerprints of everything in the collections that are open to everybody."""
    texts = (
        text
        for entry in allowed
        if entry.roles is None and entry.collection in collections
        for text in collections[entry.collection].queries.values()
    )
    return frozenset(found for text in texts for found in _fingerprints(text))


@lru_cache(maxsize=1024)
def _fingerprints(text: str) -> tuple[str, ...]:
    return tuple(map(fingerprint, definitions(text)))


def _normal(node: OperationDefinitionNode | FragmentDefinitionNode) -> str:
    stripped: Node = visit(node, _WithoutTypenames())
    return print_ast(stripped)
