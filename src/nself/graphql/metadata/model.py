"""Metadata v3 as frozen dataclasses. Boolean expressions and presets stay JSON: the schema compiles them per table.

Parts that this engine stores and gives back but does not run yet are kept as plain JSON in `rest`, so that a metadata
directory survives a round trip.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from typing import Any, Literal

from nself.graphql.events.schedules import CronTrigger
from nself.graphql.events.triggers import EventTrigger
from nself.graphql.metadata.actions import Action
from nself.graphql.metadata.api_limits import ApiLimits
from nself.graphql.metadata.collections import AllowedCollection, QueryCollection
from nself.graphql.metadata.custom_types import CustomTypes
from nself.graphql.metadata.customization import Customization
from nself.graphql.metadata.remote_schemas import RemoteRelationship, RemoteSchema
from nself.graphql.metadata.rest_endpoints import RestEndpoint
from nself.pg.catalog import Name
from nself.records import dataclass

BoolExp = Mapping[str, Any]
Json = Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Columns:
    """A permission's columns: all of them (`"*"`) or these."""

    every: bool = False
    names: tuple[str, ...] = ()

    def __contains__(self, column: str) -> bool:
        return self.every or column in self.names


@dataclass(frozen=True, slots=True, kw_only=True)
class SelectPermission:
    role: str
    columns: Columns
    filter: BoolExp = field(default_factory=dict)
    computed_fields: tuple[str, ...] = ()
    limit: int | None = None
    allow_aggregations: bool = False
    query_root_fields: tuple[str, ...] | None = None
    subscription_root_fields: tuple[str, ...] | None = None
    comment: str | None = None
    rest: Json = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class InsertPermission:
    role: str
    check: BoolExp
    columns: Columns
    set: Json = field(default_factory=dict)
    backend_only: bool = False
    comment: str | None = None
    rest: Json = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class UpdatePermission:
    role: str
    filter: BoolExp
    columns: Columns
    check: BoolExp | None = None
    set: Json = field(default_factory=dict)
    backend_only: bool = False
    comment: str | None = None
    rest: Json = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class DeletePermission:
    role: str
    filter: BoolExp
    backend_only: bool = False
    comment: str | None = None
    rest: Json = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class ForeignKeyUsing:
    """Over a foreign key: `columns` of this table, or with `table` given, columns of that table pointing here."""

    columns: tuple[str, ...]
    table: Name | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ManualUsing:
    """`mapping` is {column here: column there}."""

    table: Name
    mapping: Mapping[str, str]
    insertion_order: Literal["before_parent", "after_parent"] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Relationship:
    name: str
    using: ForeignKeyUsing | ManualUsing
    comment: str | None = None
    rest: Json = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class ColumnConfig:
    custom_name: str | None = None
    comment: str | None = None
    rest: Json = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class TableConfig:
    """`root_fields` is {select | select_by_pk | select_aggregate | select_stream | insert | insert_one | update |
    update_by_pk | update_many | delete | delete_by_pk: its custom name}, `root_field_comments` the same for texts."""

    custom_name: str | None = None
    comment: str | None = None
    root_fields: Mapping[str, str] = field(default_factory=dict)
    columns: Mapping[str, ColumnConfig] = field(default_factory=dict)
    root_field_comments: Mapping[str, str] = field(default_factory=dict)
    rest: Json = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class ComputedField:
    """A function of a row shown as a field. Without `table_argument` the row is the function's first argument."""

    name: str
    function: Name
    table_argument: str | None = None
    session_argument: str | None = None
    comment: str | None = None
    rest: Json = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class TrackedFunction:
    """`configuration` is custom_name, custom_root_fields, exposed_as, session_argument; `roles` may call it."""

    function: Name
    configuration: Json = field(default_factory=dict)
    roles: tuple[str, ...] = ()
    comment: str | None = None
    rest: Json = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class TrackedTable:
    table: Name
    is_enum: bool = False
    config: TableConfig = field(default_factory=TableConfig)
    object_relationships: tuple[Relationship, ...] = ()
    array_relationships: tuple[Relationship, ...] = ()
    select_permissions: tuple[SelectPermission, ...] = ()
    insert_permissions: tuple[InsertPermission, ...] = ()
    update_permissions: tuple[UpdatePermission, ...] = ()
    delete_permissions: tuple[DeletePermission, ...] = ()
    computed_fields: tuple[ComputedField, ...] = ()
    remote_relationships: tuple[RemoteRelationship, ...] = ()
    event_triggers: tuple[EventTrigger, ...] = ()
    rest: Json = field(default_factory=dict)
    """apollo_federation_config, …"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    name: str = "default"
    kind: str = "postgres"
    tables: Mapping[Name, TrackedTable] = field(default_factory=dict)
    functions: Mapping[Name, TrackedFunction] = field(default_factory=dict)
    customization: Customization = field(default_factory=Customization)
    rest: Json = field(default_factory=dict)
    """configuration, native_queries, …"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Metadata:
    """The whole of it. `rest` holds what this engine does not know."""

    version: int = 3
    sources: Mapping[str, Source] = field(default_factory=dict)
    remote_schemas: Mapping[str, RemoteSchema] = field(default_factory=dict)
    cron_triggers: Mapping[str, CronTrigger] = field(default_factory=dict)
    actions: Mapping[str, Action] = field(default_factory=dict)
    custom_types: CustomTypes = field(default_factory=CustomTypes)
    query_collections: Mapping[str, QueryCollection] = field(default_factory=dict)
    allowlist: Mapping[str, AllowedCollection] = field(default_factory=dict)
    rest_endpoints: Mapping[str, RestEndpoint] = field(default_factory=dict)
    api_limits: ApiLimits = field(default_factory=ApiLimits)
    inherited_roles: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """{role: the roles it inherits from}."""
    no_introspection: tuple[str, ...] = ()
    """Roles that may not ask for the schema."""
    rest: Json = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Inconsistency:
    """An object that metadata names and the database (or other metadata) does not support; it is left out."""

    kind: str
    name: str
    reason: str
    definition: Json = field(default_factory=dict)
    source: str = "default"
    """Where a table or function is; what else is in a source says so in its definition."""
