"""All remote schemas of one load: their root fields in every role's schema, and what is inconsistent about them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence, Set
from dataclasses import replace

from nself.graphql.errors import ApiError
from nself.graphql.language.types import Field
from nself.graphql.lineage import Lineage, agreed
from nself.graphql.metadata.consistency import disagreement
from nself.graphql.metadata.model import Inconsistency, Metadata, Source
from nself.graphql.metadata.remote_schemas import RemoteSchema, export_definition, export_permission
from nself.graphql.remote import problems
from nself.graphql.remote.bridge import Bridge
from nself.graphql.remote.naming import Naming
from nself.graphql.remote.registry import RemoteSchemas, Served
from nself.graphql.remote.relations import RoleRelations
from nself.graphql.remote.roots import RemotePlace
from nself.graphql.remote.upstream import Upstream
from nself.graphql.schema.means import RoleTable
from nself.graphql.schema.role import RoleSchema
from nself.graphql.sessions.session import ADMIN
from nself.pg.catalog import Catalog


class RemoteRoots:
    """Belongs to one load, and goes with it: running requests keep the remotes they began with."""

    def __init__(self, registry: RemoteSchemas, metadata: Metadata) -> None:
        self._permissions = registry.permissions
        self.inconsistencies: list[Inconsistency] = []
        self._served: dict[str, Served] = {}
        self._metadata = metadata
        for name, entry in metadata.remote_schemas.items():
            found = registry.served(entry)
            if isinstance(found, ApiError):
                self.inconsistencies.append(_inconsistent(entry, found))
                continue
            self.inconsistencies += _refused(found)
            self._served[name] = self._with_heirs(found, Lineage.of(metadata.inherited_roles))
        self.inconsistencies += problems.of_remote_types(metadata, self._served)

    def _with_heirs(self, served: Served, lineage: Lineage) -> Served:
        """An inherited role gets the part that its parents were given, if they were all given the same."""
        name = served.entry.name
        stated: dict[str, Upstream | None] = {**served.roles, **dict.fromkeys(served.refused)}

        def combine(role: str, key: str, parts: list[Upstream]) -> Upstream | None:
            found = agreed(parts)
            if found is None and self._permissions:
                self.inconsistencies.append(disagreement(role, f"remote schema permission, remote schema: {name}"))
            return found

        derived = lineage.derive({role: {name: part} for role, part in stated.items()}, combine)
        return replace(served, roles={role: parts[name] for role, parts in derived.items() if name in parts})

    def __bool__(self) -> bool:
        """Whether there is anything to serve."""
        return bool(self._served)

    def leave(self, roots: Mapping[str, set[str]], types: Set[str]) -> None:
        """These names are taken by others: a remote schema that wants one too is left out. Among remote schemas the
        first has it."""
        claimed = {root: set(names) for root, names in roots.items()}
        for name, served in list(self._served.items()):
            objection = _conflict(served, claimed, types)
            if objection:
                del self._served[name]
                self.inconsistencies.append(_inconsistent(served.entry, objection))

    @property
    def roles(self) -> frozenset[str]:
        """Roles that a remote schema knows."""
        return frozenset(role for served in self._served.values() for role in served.roles)

    def problems_of(self, source: Source, catalog: Catalog) -> Iterator[Inconsistency]:
        """What is inconsistent about the remote relationships of a source's tables."""
        return problems.of_tables(self._metadata, source, catalog, self._served)

    def queries(self, schema: RoleSchema) -> Iterator[Field]:
        for place in self.places(schema).values():
            yield from place.fields(place.bridge.upstream.query)

    def mutations(self, schema: RoleSchema) -> Iterator[Field]:
        for place in self.places(schema).values():
            yield from place.fields(place.bridge.upstream.mutation)

    def subscriptions(self, schema: RoleSchema) -> Iterator[Field]:
        """None: a remote service's subscriptions are not merged, as in Hasura."""
        return iter(())

    def places(self, schema: RoleSchema) -> Mapping[str, RemotePlace]:
        """The remote schemas that a role may use, by name."""
        found: dict[str, RemotePlace] | None = schema.kept.get(self)
        if found is None:
            made = {name: self._place(schema, served) for name, served in self._served.items()}
            found = schema.kept[self] = {name: place for name, place in made.items() if place}
        return found

    def _place(self, schema: RoleSchema, served: Served) -> RemotePlace | None:
        whole = schema.role == ADMIN or not self._permissions
        upstream = served.upstream if whole else served.roles.get(schema.role)
        if upstream is None:
            return None
        return RemotePlace(Bridge(served.entry.name, upstream, served.naming, self._relations(schema)), served.endpoint)

    def of_rows(self, schema: RoleSchema, table: RoleTable) -> Iterator[Field]:
        if table.model.tracked.remote_relationships:
            yield from self._relations(schema).of_rows(table)

    def _relations(self, schema: RoleSchema) -> RoleRelations:
        types = {name: served.entry.relationships for name, served in self._served.items()}
        return RoleRelations(schema, lambda name: self.places(schema).get(name), types)


def _conflict(served: Served, claimed: Mapping[str, set[str]], types: Set[str]) -> ApiError | None:
    """Why a remote schema cannot be beside the others; else its root fields are claimed now."""
    wanted = {
        "query_root": _root_names(served.naming, served.upstream.query),
        "mutation_root": _root_names(served.naming, served.upstream.mutation),
    }
    for root, names in wanted.items():
        taken = sorted(claimed[root] & names)
        if taken:
            listed = ", ".join(f'"{name}"' for name in taken)
            hint = "give the remote schema a root_fields_namespace, or its fields other names"
            return ApiError("remote-schema-conflicts", f"Duplicate remote field {listed} in {root}: {hint}")
    roots = {served.upstream.query, served.upstream.mutation}
    for name in served.upstream.types.keys() - roots:
        if served.naming.types[name] in types:
            hint = "give the types of the remote schema a prefix"
            message = f'Found conflicting definitions for "{served.naming.types[name]}": {hint}'
            return ApiError("remote-schema-conflicts", message)
    for root, names in wanted.items():
        claimed[root].update(names)
    return None


def _root_names(naming: Naming, root: str | None) -> set[str]:
    if root is None or root not in naming.upstream.types:
        return set()
    if naming.customization.namespace:
        return {naming.customization.namespace}
    return {naming.field(root, name) for name in naming.upstream.types[root].fields}


def _inconsistent(entry: RemoteSchema, error: ApiError) -> Inconsistency:
    definition = {"name": entry.name, "definition": export_definition(entry.definition), "comment": entry.comment}
    return Inconsistency(
        kind="remote_schema",
        name=f"remote_schema {entry.name}",
        reason=f"Inconsistent object: {error.message}",
        definition=definition,
    )


def _refused(served: Served) -> Sequence[Inconsistency]:
    return [
        Inconsistency(
            kind="remote_schema_permission",
            name=f"remote_schema_permission {permission.role} in remote schema {served.entry.name}",
            reason=f"Inconsistent object: {served.refused[permission.role].message}",
            definition={**export_permission(permission), "remote_schema": served.entry.name},
        )
        for permission in served.entry.permissions
        if permission.role in served.refused
    ]
