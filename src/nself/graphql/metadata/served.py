"""Which keys of metadata version 3 this engine serves, which it only keeps, and which nobody knows.

One row a key. The reference page of compatibility is printed from the same rows.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from difflib import get_close_matches
from typing import Any, Final

from nself.records import dataclass

Step = str | int


@dataclass(frozen=True, slots=True)
class Kept:
    """Stored and exported again, without an effect here."""

    reason: str


@dataclass(frozen=True, slots=True)
class Level:
    """The keys an object may have. `inside` leads on: to an object, or to each object of a list."""

    served: tuple[str, ...]
    kept: Mapping[str, Kept] | None = None
    inside: Mapping[str, Level] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Remark:
    """`steps` lead to the key from the top of the document."""

    steps: tuple[Step, ...]
    message: str


_COMMERCIAL: Final = Kept("belongs to Hasura's commercial editions")
_NATIVE: Final = Kept("native queries are not served: track a view or a function instead")

_SELECT = Level(
    (
        "columns",
        "filter",
        "limit",
        "allow_aggregations",
        "computed_fields",
        "query_root_fields",
        "subscription_root_fields",
    )
)
_INSERT = Level(("check", "set", "columns", "backend_only", "validate_input"))
_UPDATE = Level(("columns", "filter", "check", "set", "backend_only", "validate_input"))
_DELETE = Level(("filter", "backend_only", "validate_input"))


def _permission(level: Level) -> Level:
    return Level(("role", "permission", "comment"), inside={"permission": level})


_REPLY_TRANSFORM: Final = Kept("nobody but the log gets the reply of an event's webhook, and that shows it as it came")
_EVENT_TRIGGER = Level(
    (
        "name",
        "definition",
        "webhook",
        "webhook_from_env",
        "headers",
        "retry_conf",
        "comment",
        "cleanup_config",
        "trigger_on_replication",
        "request_transform",
    ),
    kept={"response_transform": _REPLY_TRANSFORM},
    inside={
        "cleanup_config": Level(
            ("schedule", "batch_size", "clear_older_than", "timeout", "clean_invocation_logs", "paused")
        )
    },
)
_CRON_TRIGGER = Level(
    (
        "name",
        "webhook",
        "schedule",
        "payload",
        "headers",
        "include_in_metadata",
        "retry_conf",
        "comment",
        "request_transform",
    ),
    kept={"response_transform": _REPLY_TRANSFORM},
)

TABLE: Final = Level(
    (
        "table",
        "is_enum",
        "configuration",
        "object_relationships",
        "array_relationships",
        "computed_fields",
        "remote_relationships",
        "select_permissions",
        "insert_permissions",
        "update_permissions",
        "delete_permissions",
        "event_triggers",
        "apollo_federation_config",
    ),
    kept={"logical_model": _NATIVE},
    inside={
        "configuration": Level(
            ("custom_name", "custom_root_fields", "custom_column_names", "column_config", "comment")
        ),
        "object_relationships": Level(("name", "using", "comment")),
        "array_relationships": Level(("name", "using", "comment")),
        "computed_fields": Level(("name", "definition", "comment")),
        "remote_relationships": Level(("name", "definition")),
        "select_permissions": _permission(_SELECT),
        "insert_permissions": _permission(_INSERT),
        "update_permissions": _permission(_UPDATE),
        "delete_permissions": _permission(_DELETE),
        "event_triggers": _EVENT_TRIGGER,
    },
)

SOURCE: Final = Level(
    ("name", "kind", "configuration", "customization", "tables", "functions"),
    kept={
        "native_queries": _NATIVE,
        "logical_models": _NATIVE,
        "stored_procedures": Kept("stored procedures are of other kinds of databases"),
        "health_check": _COMMERCIAL,
    },
    inside={
        "tables": TABLE,
        "functions": Level(("function", "configuration", "permissions", "comment")),
        "configuration": Level(
            ("connection_info", "extensions_schema"),
            kept={"read_replicas": _COMMERCIAL, "connection_template": _COMMERCIAL, "connection_set": _COMMERCIAL},
        ),
    },
)

DOCUMENT: Final = Level(
    (
        "version",
        "sources",
        "remote_schemas",
        "actions",
        "custom_types",
        "cron_triggers",
        "query_collections",
        "allowlist",
        "rest_endpoints",
        "inherited_roles",
        "api_limits",
        "graphql_schema_introspection",
        "network",
    ),
    kept={
        "metrics_config": _COMMERCIAL,
        "opentelemetry": Kept("traces are not exported"),
        "backend_configs": Kept("data connectors are not served"),
    },
    inside={"sources": SOURCE, "cron_triggers": _CRON_TRIGGER},
)


def remarks(document: Mapping[str, Any]) -> list[Remark]:
    """What of the document has no effect here, in its order: keys that are only kept, and keys nobody knows."""
    return [*_kinds(document), *_remarks(document, DOCUMENT, ())]


def _kinds(document: Mapping[str, Any]) -> Iterator[Remark]:
    sources = document.get("sources")
    for number, source in enumerate(sources if isinstance(sources, list) else ()):
        kind = source.get("kind", "postgres") if isinstance(source, dict) else "postgres"
        if kind not in ("postgres", "pg"):
            yield Remark(steps=("sources", number, "kind"), message=f"databases of kind {kind} are not served")


def _remarks(value: Mapping[str, Any], level: Level, above: tuple[Step, ...]) -> Iterator[Remark]:
    kept, inside = level.kept or {}, level.inside or {}
    for key, item in value.items():
        steps = (*above, key)
        if key in kept:
            if item:
                yield Remark(steps=steps, message=f"{key}: {kept[key].reason}; it is kept, without an effect")
        elif key not in level.served:
            yield Remark(steps=steps, message=_unknown(key, level))
        elif key in inside:
            for further, entry in _objects(item, steps):
                yield from _remarks(entry, inside[key], further)


def _objects(item: Any, steps: tuple[Step, ...]) -> Iterator[tuple[tuple[Step, ...], Mapping[str, Any]]]:
    if isinstance(item, dict):
        yield steps, item
    for number, entry in enumerate(item if isinstance(item, list) else ()):
        if isinstance(entry, dict):
            yield (*steps, number), entry


def _unknown(key: str, level: Level) -> str:
    near = get_close_matches(key, level.served, n=1)
    hint = f"; did you mean {near[0]}?" if near else ""
    return f"{key}: not a key of metadata version 3 here, it has no effect{hint}"
