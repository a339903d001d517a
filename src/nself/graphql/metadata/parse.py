"""JSON of metadata version 3 (and the flat versions 1 and 2) -> the typed model. What is not known stays in `rest`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any, TypeVar

from nself.graphql.events import schedules, triggers
from nself.graphql.metadata import api_limits, collections, inherited_roles, rest_endpoints
from nself.graphql.metadata.actions import action
from nself.graphql.metadata.custom_types import CustomTypes, custom_types
from nself.graphql.metadata.customization import customization
from nself.graphql.metadata.model import (
    ColumnConfig,
    Columns,
    ComputedField,
    DeletePermission,
    ForeignKeyUsing,
    InsertPermission,
    ManualUsing,
    Metadata,
    Relationship,
    SelectPermission,
    Source,
    TableConfig,
    TrackedFunction,
    TrackedTable,
    UpdatePermission,
)
from nself.graphql.metadata.reader import Reader
from nself.graphql.metadata.remote_schemas import relationship as remote_relationship
from nself.graphql.metadata.remote_schemas import remote_schema
from nself.graphql.webhooks import input_checks
from nself.pg.catalog import Name

T = TypeVar("T")

ROOT_FIELDS = (
    "select",
    "select_by_pk",
    "select_aggregate",
    "select_stream",
    "insert",
    "insert_one",
    "update",
    "update_by_pk",
    "update_many",
    "delete",
    "delete_by_pk",
)
_SOURCE_PARTS = ("tables", "functions")
_PARTS = (
    "actions", "custom_types", "remote_schemas", "query_collections", "allowlist", "rest_endpoints", "api_limits",
    "graphql_schema_introspection", "cron_triggers", "inherited_roles",
)  # fmt: skip


def metadata(raw: Any, *, default_source: Source | None = None) -> Metadata:
    """The whole of it. Versions 1 and 2 hold the parts of one source, which then takes `default_source`'s settings."""
    reader = Reader(raw)
    stated = reader.get("version")
    version = stated.natural() if stated else 2
    if version not in (1, 2, 3):
        assert stated is not None
        stated.fail(f"expected 1, 2 or 3, encountered {version}")
    if "sources" in reader.object() or version == 3:
        sources = [source(item) for item in _list(reader, "sources")]
        return Metadata(
            sources=_unique(reader, sources),
            rest=reader.others("version", "sources", *_PARTS),
            **beside_sources(reader),
        )
    return _flat(reader, default_source or Source())


def beside_sources(reader: Reader) -> dict[str, Any]:
    """The typed parts beside the sources, as fields of Metadata."""
    limits, introspection = reader.get("api_limits"), reader.get("graphql_schema_introspection")
    types = reader.get("custom_types")
    return {
        "remote_schemas": _by_name(reader, "remote_schemas", "remote schema", remote_schema),
        "cron_triggers": _by_name(reader, "cron_triggers", "cron trigger", schedules.parsed),
        "actions": _by_name(reader, "actions", "action", action),
        "custom_types": custom_types(types) if types else CustomTypes(),
        "query_collections": _by_name(reader, "query_collections", "query collection", collections.collection),
        "allowlist": _by_name(reader, "allowlist", "collection in the allowlist", collections.allowed, "collection"),
        "rest_endpoints": _by_name(reader, "rest_endpoints", "REST endpoint", rest_endpoints.endpoint),
        "inherited_roles": inherited_roles.read(_list(reader, "inherited_roles")),
        **({"api_limits": api_limits.read(limits)} if limits else {}),
        **({"no_introspection": without_introspection(introspection)} if introspection else {}),
    }


def without_introspection(reader: Reader) -> tuple[str, ...]:
    disabled = reader.get("disabled_for_roles")
    return tuple(dict.fromkeys(disabled.names())) if disabled else ()


def source(reader: Reader) -> Source:
    tables: dict[Name, TrackedTable] = {}
    for item in _list(reader, "tables"):
        tracked = table(item)
        if tracked.table in tables:
            item.fail(f'multiple declarations exist for the following table: "{tracked.table}"')
        tables[tracked.table] = tracked
    kind = reader.get("kind")
    return Source(
        name=reader.at("name").name(),
        kind=kind.text() if kind else "postgres",
        tables=tables,
        functions={entry.function: entry for entry in map(function, _list(reader, "functions"))},
        customization=customization(reader.get("customization")),
        rest=reader.others("name", "kind", "tables", "functions", "customization"),
    )


def table(reader: Reader) -> TrackedTable:
    is_enum = reader.get("is_enum")
    return TrackedTable(
        table=reader.at("table").qualified(),
        is_enum=is_enum.boolean() if is_enum else False,
        config=config(reader.get("configuration")),
        object_relationships=tuple(relationship(item) for item in _list(reader, "object_relationships")),
        array_relationships=tuple(relationship(item) for item in _list(reader, "array_relationships")),
        select_permissions=tuple(select_permission(item) for item in _list(reader, "select_permissions")),
        insert_permissions=tuple(insert_permission(item) for item in _list(reader, "insert_permissions")),
        update_permissions=tuple(update_permission(item) for item in _list(reader, "update_permissions")),
        delete_permissions=tuple(delete_permission(item) for item in _list(reader, "delete_permissions")),
        computed_fields=tuple(computed_field(item) for item in _list(reader, "computed_fields")),
        remote_relationships=tuple(remote_relationship(item) for item in _list(reader, "remote_relationships")),
        event_triggers=tuple(triggers.parsed(item) for item in _list(reader, "event_triggers")),
        rest=reader.others(
            "table", "is_enum", "configuration", "object_relationships", "array_relationships", "computed_fields",
            "select_permissions", "insert_permissions", "update_permissions", "delete_permissions",
            "remote_relationships", "event_triggers",
        ),
    )  # fmt: skip


def function(reader: Reader) -> TrackedFunction:
    """`"search"`, `{schema, name}` or `{function, configuration, permissions, comment}`."""
    if isinstance(reader.value, str) or "function" not in reader.object():
        return TrackedFunction(function=reader.qualified())
    return TrackedFunction(
        function=reader.at("function").qualified(),
        configuration=function_configuration(reader.get("configuration")),
        roles=tuple(item.at("role").name() for item in _list(reader, "permissions")),
        comment=_text(reader, "comment"),
        rest=reader.others("function", "configuration", "permissions", "comment"),
    )


def function_configuration(reader: Reader | None) -> dict[str, Any]:
    """Kept as it was given, its known parts looked at."""
    if reader is None:
        return {}
    for key in ("custom_name", "session_argument"):
        _text(reader, key)
    exposed, roots = reader.get("exposed_as"), reader.get("custom_root_fields")
    if exposed and exposed.text() not in ("query", "mutation"):
        exposed.fail(f"expected one of query and mutation, encountered {exposed.value}")
    for key in ("function", "function_aggregate") if roots else ():
        assert roots is not None
        _text(roots, key)
    return reader.object()


def computed_field(reader: Reader) -> ComputedField:
    definition = reader.at("definition")
    return ComputedField(
        name=reader.at("name").name(),
        function=definition.at("function").qualified(),
        table_argument=_text(definition, "table_argument"),
        session_argument=_text(definition, "session_argument"),
        comment=_text(reader, "comment"),
        rest=reader.others("name", "definition", "comment"),
    )


def config(reader: Reader | None) -> TableConfig:
    if reader is None:
        return TableConfig()
    root, columns = reader.get("custom_root_fields"), dict[str, ColumnConfig]()
    for key, read in (("custom_column_names", _custom_name), ("column_config", column_config)):
        entries = reader.get(key)
        for name in entries.object() if entries else ():
            assert entries is not None
            columns[name] = read(entries.at(name))
    names, comments = _root_fields(root) if root else ({}, {})
    return TableConfig(
        custom_name=_text(reader, "custom_name"),
        comment=_text(reader, "comment"),
        root_fields=names,
        root_field_comments=comments,
        columns=columns,
        rest=reader.others("custom_name", "comment", "custom_root_fields", "custom_column_names", "column_config"),
    )


def column_config(reader: Reader) -> ColumnConfig:
    return ColumnConfig(
        custom_name=_text(reader, "custom_name"),
        comment=_text(reader, "comment"),
        rest=reader.others("custom_name", "comment"),
    )


def relationship(reader: Reader) -> Relationship:
    return Relationship(
        name=reader.at("name").name(),
        using=using(reader.at("using")),
        comment=_text(reader, "comment"),
        rest=reader.others("name", "using", "comment"),
    )


def using(reader: Reader) -> ForeignKeyUsing | ManualUsing:
    over, manual = reader.get("foreign_key_constraint_on"), reader.get("manual_configuration")
    if over and not manual:
        return _foreign_key(over)
    if not manual or over:
        reader.fail("using must have exactly one of foreign_key_constraint_on and manual_configuration")
    mapping, order = manual.at("column_mapping"), manual.get("insertion_order")
    if order and order.text() not in ("before_parent", "after_parent"):
        order.fail(f"expected one of before_parent and after_parent, encountered {order.value}")
    return ManualUsing(
        table=manual.at("remote_table").qualified(),
        mapping={here: mapping.at(here).name() for here in mapping.object()},
        insertion_order=order.value if order else None,
    )


def select_permission(reader: Reader) -> SelectPermission:
    allowed = reader.at("permission")
    limit, aggregations = allowed.get("limit"), allowed.get("allow_aggregations")
    query, subscription = allowed.get("query_root_fields"), allowed.get("subscription_root_fields")
    computed = allowed.get("computed_fields")
    return SelectPermission(
        role=reader.at("role").name(),
        columns=columns(allowed.get("columns")),
        filter=allowed.at("filter").object(),
        computed_fields=computed.names() if computed else (),
        limit=limit.natural() if limit else None,
        allow_aggregations=aggregations.boolean() if aggregations else False,
        query_root_fields=query.names() if query else None,
        subscription_root_fields=subscription.names() if subscription else None,
        comment=_text(reader, "comment"),
        rest=allowed.others(
            "columns", "filter", "computed_fields", "limit", "allow_aggregations", "query_root_fields",
            "subscription_root_fields",
        ),
    )  # fmt: skip


def insert_permission(reader: Reader) -> InsertPermission:
    allowed = reader.at("permission")
    _refuse_bad_check(allowed)
    return InsertPermission(
        role=reader.at("role").name(),
        check=allowed.at("check").object(),
        columns=columns(allowed.get("columns"), absent=Columns(every=True)),
        set=_object(allowed, "set"),
        backend_only=_flag(allowed, "backend_only"),
        comment=_text(reader, "comment"),
        rest=allowed.others("check", "columns", "set", "backend_only"),
    )


def update_permission(reader: Reader) -> UpdatePermission:
    allowed = reader.at("permission")
    check = allowed.get("check")
    _refuse_bad_check(allowed)
    return UpdatePermission(
        role=reader.at("role").name(),
        filter=allowed.at("filter").object(),
        columns=columns(allowed.get("columns")),
        check=check.object() if check else None,
        set=_object(allowed, "set"),
        backend_only=_flag(allowed, "backend_only"),
        comment=_text(reader, "comment"),
        rest=allowed.others("filter", "check", "columns", "set", "backend_only"),
    )


def delete_permission(reader: Reader) -> DeletePermission:
    allowed = reader.at("permission")
    _refuse_bad_check(allowed)
    return DeletePermission(
        role=reader.at("role").name(),
        filter=allowed.at("filter").object(),
        backend_only=_flag(allowed, "backend_only"),
        comment=_text(reader, "comment"),
        rest=allowed.others("filter", "backend_only"),
    )


def _refuse_bad_check(allowed: Reader) -> None:
    """`validate_input` is kept as it came; what it cannot mean is said here, with its path."""
    given = allowed.get("validate_input")
    if given is not None:
        input_checks.read(given)


def columns(reader: Reader | None, *, absent: Columns = Columns()) -> Columns:  # noqa: B008 - frozen
    """`"*"` or a list of names."""
    if reader is None:
        return absent
    if reader.value == "*":
        return Columns(every=True)
    return Columns(names=reader.names())


def _foreign_key(reader: Reader) -> ForeignKeyUsing:
    if isinstance(reader.value, str):
        return ForeignKeyUsing(columns=(reader.name(),))
    if isinstance(reader.value, list):
        return ForeignKeyUsing(columns=reader.names())
    named = reader.get("columns") or reader.at("column")
    there = (named.name(),) if isinstance(named.value, str) else named.names()
    return ForeignKeyUsing(columns=there, table=reader.at("table").qualified())


def _root_fields(reader: Reader) -> tuple[dict[str, str], dict[str, str]]:
    """Each is a name, or `{name, comment}`."""
    names: dict[str, str] = {}
    comments: dict[str, str] = {}
    for key in reader.object():
        if key not in ROOT_FIELDS:
            reader.fail(f"unknown root field {key!r}; expected one of {', '.join(ROOT_FIELDS)}")
        entry = reader.get(key)
        if entry is None:
            continue
        if isinstance(entry.value, str):
            names[key] = entry.name()
            continue
        name, comment = entry.get("name"), entry.get("comment")
        names |= {key: name.name()} if name else {}
        comments |= {key: comment.text()} if comment else {}
    return names, comments


def _flat(reader: Reader, default: Source) -> Metadata:
    parts = {key: reader.value[key] for key in _SOURCE_PARTS if reader.value.get(key)}
    settings = {key: value for key, value in default.rest.items() if key not in _SOURCE_PARTS}
    only = source(Reader({"name": default.name, "kind": default.kind, **settings, **parts}))
    only = replace(only, customization=default.customization)
    return Metadata(
        sources={only.name: only}, rest=reader.others("version", *_SOURCE_PARTS, *_PARTS), **beside_sources(reader)
    )


def _by_name(reader: Reader, key: str, noun: str, read: Callable[[Reader], T], name: str = "name") -> dict[str, T]:
    """The entries of a list that all have different names, as the attribute `name` gives them."""
    found: dict[str, T] = {}
    for item in _list(reader, key):
        entry = read(item)
        called = getattr(entry, name)
        if called in found:
            item.fail(f'multiple declarations exist for the following {noun}: "{called}"')
        found[called] = entry
    return found


def _unique(reader: Reader, sources: list[Source]) -> dict[str, Source]:
    by_name = {entry.name: entry for entry in sources}
    if len(by_name) < len(sources):
        reader.at("sources").fail("multiple declarations exist for the same source name")
    return by_name


def _list(reader: Reader, key: str) -> list[Reader]:
    found = reader.get(key)
    return found.items() if found else []


def _text(reader: Reader, key: str) -> str | None:
    found = reader.get(key)
    return found.text() if found else None


def _object(reader: Reader, key: str) -> dict[str, Any]:
    found = reader.get(key)
    return found.object() if found else {}


def _flag(reader: Reader, key: str) -> bool:
    found = reader.get(key)
    return found.boolean() if found else False


def _custom_name(reader: Reader) -> ColumnConfig:
    return ColumnConfig(custom_name=reader.name())
