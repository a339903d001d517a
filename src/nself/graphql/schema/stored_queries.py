"""Queries of collections against the schema: fields and types that are not there (any more)."""

from __future__ import annotations

from collections.abc import Iterator

from graphql import FieldNode, FragmentSpreadNode, InlineFragmentNode, SelectionSetNode

from nself.graphql.language.document import Operation, definitions
from nself.graphql.language.types import Interface, Object, Union, named
from nself.graphql.metadata.model import Inconsistency, Metadata
from nself.graphql.schema.role import RoleSchema
from nself.graphql.schema.roots import root_of

_META = frozenset({"__typename", "__schema", "__type"})


def broken(metadata: Metadata, schema: RoleSchema) -> Iterator[Inconsistency]:
    """One for each query that does not fit. `schema` is the administrator's."""
    for collection in metadata.query_collections.values():
        for name, text in collection.queries.items():
            found = [problem for operation in definitions(text) for problem in problems(operation, schema)]
            if found:
                errors = ", ".join(f'"{problem}"' for problem in found)
                reason = (
                    f'Inconsistent object: In query collection "{collection.name}" the query "{name}" is invalid '
                    f"with the following error(s): {errors}"
                )
                yield Inconsistency(
                    kind="query_collections",
                    name=f"query_collections {name} in {collection.name}",
                    reason=reason + _used_in(metadata, collection.name, name),
                    definition={"name": name, "query": text},
                )


def problems(operation: Operation, schema: RoleSchema) -> list[str]:
    return list(
        dict.fromkeys(_Walk(operation).fields(operation.node.selection_set, root_of(schema, operation.kind), "$"))
    )


class _Walk:
    """`seen` keeps a fragment from being walked again for the same type: fragments can multiply without bounds."""

    def __init__(self, operation: Operation) -> None:
        self._fragments = operation.fragments
        self._seen: set[tuple[str, str]] = set()

    def fields(self, selections: SelectionSetNode, parent: Object | Interface | Union, path: str) -> Iterator[str]:
        for node in selections.selections:
            match node:
                case FieldNode():
                    yield from self._field(node, parent, path)
                case InlineFragmentNode(type_condition=condition, selection_set=inner):
                    yield from self._within(condition.name.value if condition else parent.name, inner, parent, path)
                case FragmentSpreadNode():
                    yield from self._spread(node.name.value, parent, path)

    def _field(self, node: FieldNode, parent: Object | Interface | Union, path: str) -> Iterator[str]:
        name = node.name.value
        if name in _META:
            return
        field = parent.fields.get(name)
        if field is None:
            yield f"{path}.{name}: field '{name}' not found in object '{parent.name}'"
            return
        type_ = named(field.type)
        if node.selection_set and isinstance(type_, Object | Interface | Union):
            yield from self.fields(node.selection_set, type_, f"{path}.{name}")

    def _spread(self, name: str, parent: Object | Interface | Union, path: str) -> Iterator[str]:
        fragment = self._fragments.get(name)
        if fragment is None:
            yield f"{path}: reference to undefined fragment '{name}'"
        elif (name, parent.name) not in self._seen:
            self._seen.add((name, parent.name))
            yield from self._within(fragment.type_condition.name.value, fragment.selection_set, parent, path)

    def _within(
        self, condition: str, inner: SelectionSetNode, parent: Object | Interface | Union, path: str
    ) -> Iterator[str]:
        possible = () if isinstance(parent, Object) else parent.possible
        for type_ in (parent, *possible):
            if type_.name == condition:
                yield from self.fields(inner, type_, path)


def _used_in(metadata: Metadata, collection: str, query: str) -> str:
    users = ", ".join(
        f'"{entry.name}"'
        for entry in metadata.rest_endpoints.values()
        if entry.collection == collection and entry.query == query
    )
    return f". This query is being used in the following REST endpoint(s): {users}" if users else ""
