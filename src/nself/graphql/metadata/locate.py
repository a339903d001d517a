"""Where in a metadata document an inconsistent object stands."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from nself.graphql.metadata.reader import Reader

Steps = tuple[str | int, ...]

_OF_TABLE: Final[Mapping[str, tuple[str, str]]] = {
    "object_relation": ("object_relationships", "name"),
    "array_relation": ("array_relationships", "name"),
    "computed_field": ("computed_fields", "name"),
    "remote_relationship": ("remote_relationships", "name"),
    "event_trigger": ("event_triggers", "name"),
    "select_permission": ("select_permissions", "role"),
    "insert_permission": ("insert_permissions", "role"),
    "update_permission": ("update_permissions", "role"),
    "delete_permission": ("delete_permissions", "role"),
}
_OF_DOCUMENT: Final[Mapping[str, tuple[str, str]]] = {
    "remote_schema": ("remote_schemas", "name"),
    "action": ("actions", "name"),
    "cron_trigger": ("cron_triggers", "name"),
    "inherited_role": ("inherited_roles", "role_name"),
    "rest_endpoint": ("rest_endpoints", "name"),
    "allowlist": ("allowlist", "collection"),
}
"""{type of the object: (list that holds it, key that names it)}."""


def steps_to(document: Mapping[str, Any], entry: Mapping[str, Any]) -> Steps:
    """The way to an entry of `get_inconsistent_metadata`, as far as its definition tells."""
    kind, definition = str(entry.get("type")), entry.get("definition")
    fields: Mapping[str, Any] = definition if isinstance(definition, dict) else {}
    if kind == "query_collections":
        return _stored_query(document, str(entry.get("name")))
    if kind in _OF_DOCUMENT:
        return _named(document, *_OF_DOCUMENT[kind], fields)
    if kind.startswith("remote_schema_"):
        return _named(document, "remote_schemas", "name", {"name": fields.get("remote_schema")})
    source = _source(document, str(fields.get("source") or (fields.get("name") if kind == "source" else "default")))
    if kind == "source" or len(source) < 2:
        return source
    below = _at(document, source)
    if kind == "function":
        return (*source, *_same_name(below, "functions", fields.get("function", fields)))
    table = _same_name(below, "tables", fields.get("table", fields))
    if kind not in _OF_TABLE or len(table) < 2:
        return (*source, *table)
    return (*source, *table, *_named(_at(below, table), *_OF_TABLE[kind], fields))


def _stored_query(document: Mapping[str, Any], called: str) -> Steps:
    """Its own name does not tell the collection, that of the inconsistency does: `query_collections Q in C`."""
    for number, collection in enumerate(document.get("query_collections") or ()):
        for place, query in enumerate(collection["definition"]["queries"]):
            if called == f"query_collections {query['name']} in {collection['name']}":
                return "query_collections", number, "definition", "queries", place
    return ("query_collections",)


def _source(document: Mapping[str, Any], name: str) -> Steps:
    return _named(document, "sources", "name", {"name": name})


def _named(value: Any, part: str, key: str, fields: Mapping[str, Any]) -> Steps:
    for number, item in enumerate(value.get(part) or ()):
        if isinstance(item, dict) and item.get(key) == fields.get(key):
            return part, number
    return (part,)


def _same_name(value: Any, part: str, wanted: Any) -> Steps:
    singular = part.removesuffix("s")
    for number, item in enumerate(value.get(part) or ()):
        own = item.get(singular, item) if isinstance(item, dict) else item
        if _qualified(own) is not None and _qualified(own) == _qualified(wanted):
            return part, number
    return (part,)


def _qualified(value: Any) -> tuple[str, str] | None:
    if not (isinstance(value, str) or (isinstance(value, dict) and "name" in value)):
        return None
    name = Reader(value).qualified()
    return name.schema, name.name


def _at(value: Any, steps: Sequence[str | int]) -> Any:
    for step in steps:
        value = value[step]
    return value
