"""Metadata and catalog put together: what every role may ask, and the plans made so far. Replaced as a whole."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType

from nself.graphql.actions.roots import ActionRoots
from nself.graphql.actions.usable import usable
from nself.graphql.admission.gate import Gate, Policy
from nself.graphql.elsewhere import Roots, RowFields
from nself.graphql.events.problems import has_event_triggers, objections
from nself.graphql.federation.roots import Federation
from nself.graphql.lineage import Lineage
from nself.graphql.metadata import consistency, export
from nself.graphql.metadata.model import Inconsistency, Metadata, Source
from nself.graphql.plans import Plans
from nself.graphql.remote.schema import RemoteRoots
from nself.graphql.rest.router import Router, router
from nself.graphql.schema import names, stored_queries
from nself.graphql.schema.functions import FunctionGrants, functions
from nself.graphql.schema.inheritance import with_inherited
from nself.graphql.schema.naming import Conventions
from nself.graphql.schema.role import RoleSchema
from nself.graphql.schema.roots import mutation_root, query_root
from nself.graphql.schema.rules import Rules, stated_rules
from nself.graphql.schema.tables import EnumRows, TableKey, TableModel, tables
from nself.graphql.sessions.session import ADMIN
from nself.graphql.sources.enums import unusable
from nself.graphql.sources.found import Found
from nself.graphql.sources.pools import Failures
from nself.graphql.webhooks.env_templates import Environ
from nself.pg.catalog import Catalog
from nself.pg.database import Database
from nself.records import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Loaded:
    """`databases` are those its plans may ask, by the name of their source."""

    databases: Mapping[str, Database]
    catalogs: Mapping[str, Catalog]
    inconsistencies: Sequence[Inconsistency]
    plans: Plans
    gate: Gate
    rest: Router
    schema_of: Callable[[str, bool], RoleSchema]
    actions: ActionRoots
    captured: frozenset[str] = frozenset()
    """Sources in which database triggers write events of changed rows."""


def load(
    metadata: Metadata,
    found: Mapping[str, Found],
    failures: Failures,
    policy: Policy,
    *,
    remote: RemoteRoots,
    stringify_numerics: bool,
    environ: Environ = MappingProxyType({}),
    infer_functions: bool = True,
    conventions: Conventions = Conventions(),  # noqa: B008 - frozen
    federation: bool = False,
) -> Loaded:
    """What does not fit is left out; what depends on it does not fit either."""
    catalogs = {name: one.catalog for name, one in found.items()}
    enums = {key: rows for one in found.values() for key, rows in one.enums.items()}
    broken = names.unusable([metadata.sources[name] for name in found], catalogs, conventions) | unusable(enums)
    sound = {name: _without(metadata.sources[name], broken) for name in found}
    known = [consistency.out_of_reach(name, reason) for name, reason in sorted(failures.items())]
    known += [_table(key, reason) for key, reason in sorted(broken.items())]
    known += consistency.check(replace(metadata, sources={**metadata.sources, **sound}), catalogs)
    lineage = Lineage.of(metadata.inherited_roles)
    schemas = _Schemas(enums, lineage, infer_functions=infer_functions)
    problems = [entry for source in sound.values() for entry in schemas.add(source, catalogs[source.name], conventions)]
    known += [entry for entry in objections(metadata, environ) if entry.name not in {other.name for other in known}]
    named = {(entry.kind, entry.name) for entry in known}
    actions = usable(metadata, catalogs, schemas.bases, environ, known)
    known += actions.problems
    allowed = [replace(action, roles=lineage.heirs(action.roles)) for action in actions.actions]
    roots = ActionRoots(allowed, actions.types)
    federated = (Federation(),) if federation else ()
    schemas.elsewhere = (roots, *federated)
    if remote:
        remote.leave(schemas.root_names(), schemas.bases)
    known += remote.inconsistencies
    for source in sound.values():
        known += remote.problems_of(source, catalogs[source.name])
    schemas.elsewhere = (roots, remote, *federated)
    schemas.row_fields = (remote,)
    if metadata.query_collections:
        known += stored_queries.broken(metadata, schemas.of(ADMIN, True))
    gate = Gate(policy, metadata)
    return Loaded(
        databases={name: one.database for name, one in found.items()},
        catalogs=catalogs,
        inconsistencies=(*known, *(entry for entry in problems if (entry.kind, entry.name) not in named)),
        plans=Plans(schemas.of, gate, stringify_numerics=stringify_numerics),
        gate=gate,
        rest=router(metadata),
        schema_of=schemas.of,
        actions=roots,
        captured=frozenset(source.name for source in sound.values() if has_event_triggers(source)),
    )


def _without(source: Source, broken: Mapping[TableKey, str]) -> Source:
    kept = {name: one for name, one in source.tables.items() if TableKey(source.name, name) not in broken}
    return replace(source, tables=kept)


def _table(key: TableKey, reason: str) -> Inconsistency:
    return Inconsistency(
        kind="table",
        name=f"table {key.name} in source {key.source}",
        reason=f"Inconsistent object: {reason}",
        definition=export.qualified(key.name),
        source=key.source,
    )


class _Schemas:
    """One schema a role, made when the role first asks."""

    def __init__(self, enums: EnumRows, lineage: Lineage, *, infer_functions: bool) -> None:
        self.elsewhere: Sequence[Roots] = ()
        self.row_fields: Sequence[RowFields] = ()
        self._enums = enums
        self._tables: dict[TableKey, TableModel] = {}
        self._rules: dict[str, dict[TableKey, Rules]] = {}
        self._lineage = lineage
        self._functions = FunctionGrants(lineage, inferred=infer_functions)
        self._made: dict[tuple[str, bool], RoleSchema] = {}

    def add(self, source: Source, catalog: Catalog, conventions: Conventions) -> list[Inconsistency]:
        """What a source contributes. Permissions that cannot be are returned and left out."""
        found = tables(source, catalog, self._enums, conventions.of(source.customization))
        stated, problems = stated_rules(found, source.name)
        rules, disagreements = with_inherited(stated, self._lineage)
        self._tables |= {table.key: table for table in found.values()}
        for role, by_table in rules.items():
            self._rules.setdefault(role, {}).update(by_table)
        self._functions.add(functions(source, catalog, found))
        return [*problems, *disagreements]

    @property
    def bases(self) -> set[str]:
        """What the GraphQL names of tables begin with."""
        return {table.name for table in self._tables.values()}

    def root_names(self) -> dict[str, set[str]]:
        """The root fields there are so far."""
        schema = self._schema(ADMIN, backend=True)
        return {root.name: set(root.fields) for root in (query_root(schema), mutation_root(schema))}

    def _knows(self, role: str) -> bool:
        return role == ADMIN or role in self._rules or any(role in roots.roles for roots in self.elsewhere)

    def of(self, role: str, backend: bool) -> RoleSchema:
        key = (role, backend)
        if key not in self._made:
            schema = self._schema(role, backend=backend)
            if not self._knows(role):
                # Anyone may claim a role that metadata does not know: do not keep a schema for each.
                return schema
            self._made[key] = schema
        return self._made[key]

    def _schema(self, role: str, *, backend: bool) -> RoleSchema:
        return RoleSchema(
            role,
            self._tables,
            self._rules.get(role, {}),
            self._enums,
            backend=backend,
            functions=self._functions.of(role),
            elsewhere=self.elsewhere,
            row_fields=self.row_fields,
        )
