"""Metadata and catalog put together: what every role may ask, and the plans made so far. Replaced as a whole."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from nself.graphql.admission.gate import Gate, Policy
from nself.graphql.elsewhere import Roots
from nself.graphql.enums import unusable
from nself.graphql.metadata import consistency, export
from nself.graphql.metadata.model import Inconsistency, Metadata
from nself.graphql.plans import Plans
from nself.graphql.remote.schema import RemoteRoots
from nself.graphql.rest.router import Router, router
from nself.graphql.schema import names, stored_queries
from nself.graphql.schema.role import RoleSchema
from nself.graphql.schema.rules import RulesByTable, all_rules
from nself.graphql.schema.tables import EnumRows, Tables, of_source, tables
from nself.graphql.session import ADMIN
from nself.pg.catalog import Catalog, Name


@dataclass(frozen=True, slots=True, kw_only=True)
class Loaded:
    catalog: Catalog
    inconsistencies: Sequence[Inconsistency]
    plans: Plans
    rest: Router
    schema_of: Callable[[str, bool], RoleSchema]


def load(
    metadata: Metadata,
    catalog: Catalog,
    enums: EnumRows,
    policy: Policy,
    *,
    remote: RemoteRoots,
    stringify_numerics: bool,
) -> Loaded:
    """What does not fit is left out; what depends on it does not fit either."""
    source = of_source(metadata)
    broken = names.unusable(source, catalog) | unusable(enums)
    source = replace(source, tables={name: one for name, one in source.tables.items() if name not in broken})
    found = tables(source, catalog, enums)
    rules, problems = all_rules(found, source.name)
    known = [_table(name, reason, source.name) for name, reason in sorted(broken.items())]
    known += consistency.check(replace(metadata, sources={**metadata.sources, source.name: source}), catalog)
    named = {(entry.kind, entry.name) for entry in known}
    known += remote.inconsistencies
    schemas = _Schemas(found, rules, enums, (remote,), remote.roles)
    if metadata.query_collections:
        known += stored_queries.broken(metadata, schemas.of(ADMIN, True))
    return Loaded(
        catalog=catalog,
        inconsistencies=(*known, *(entry for entry in problems if (entry.kind, entry.name) not in named)),
        plans=Plans(schemas.of, Gate(policy, metadata), stringify_numerics=stringify_numerics),
        rest=router(metadata),
        schema_of=schemas.of,
    )


def _table(name: Name, reason: str, source: str) -> Inconsistency:
    return Inconsistency(
        kind="table",
        name=f"table {name} in source {source}",
        reason=f"Inconsistent object: {reason}",
        definition=export.qualified(name),
    )


class _Schemas:
    """One schema a role, made when the role first asks."""

    def __init__(
        self,
        tables: Tables,
        rules: RulesByTable,
        enums: EnumRows,
        elsewhere: Sequence[Roots],
        roles: frozenset[str],
    ) -> None:
        self._tables, self._rules, self._enums, self._elsewhere = tables, rules, enums, elsewhere
        self._roles = roles | rules.keys()
        self._made: dict[tuple[str, bool], RoleSchema] = {}

    def of(self, role: str, backend: bool) -> RoleSchema:
        key = (role, backend)
        if key not in self._made:
            rules = self._rules.get(role, {})
            schema = RoleSchema(role, self._tables, rules, self._enums, backend=backend, elsewhere=self._elsewhere)
            if role not in self._roles:
                # Anyone may claim a role that metadata does not know: do not keep a schema for each.
                return schema
            self._made[key] = schema
        return self._made[key]
