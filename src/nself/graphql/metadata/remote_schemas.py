"""Remote schemas and remote relationships in the metadata: the typed model, and JSON both ways."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import field, replace
from typing import Any

from nself.graphql.metadata.reader import Reader
from nself.graphql.webhooks import env_templates
from nself.graphql.webhooks.env_templates import Header
from nself.pg.catalog import Name
from nself.records import dataclass

Json = Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldNames:
    """How the fields of one type (under its own name) are called."""

    parent_type: str
    prefix: str = ""
    suffix: str = ""
    mapping: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Customization:
    namespace: str | None = None
    type_prefix: str = ""
    type_suffix: str = ""
    type_mapping: Mapping[str, str] = field(default_factory=dict)
    field_names: tuple[FieldNames, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Definition:
    """Where the schema is and how it is asked. `url` may hold `{{NAME}}` of environment variables."""

    url: str | None = None
    url_from_env: str | None = None
    headers: tuple[Header, ...] = ()
    forward_client_headers: bool = False
    timeout_s: int | None = None
    customization: Customization = Customization()
    rest: Json = field(default_factory=dict)

    @property
    def shown_url(self) -> str:
        """For messages: never the value of a variable, which may be a secret."""
        return self.url if self.url is not None else f"{{{{{self.url_from_env}}}}}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Permission:
    """`sdl` is the part of the schema that the role may use, in GraphQL's schema language with `@preset`."""

    role: str
    sdl: str
    comment: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ToSource:
    source: str
    table: Name
    many: bool
    mapping: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class ToRemoteSchema:
    """`remote_field` is `{field: {arguments: {...}, field: {...}}}`; `older` ones are written as before version 2.1."""

    remote_schema: str
    lhs_fields: tuple[str, ...]
    remote_field: Json
    older: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class RemoteRelationship:
    """A field of a table or of a remote type that is answered elsewhere."""

    name: str
    definition: ToSource | ToRemoteSchema
    rest: Json = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class RemoteSchema:
    name: str
    definition: Definition
    comment: str | None = None
    permissions: tuple[Permission, ...] = ()
    relationships: Mapping[str, tuple[RemoteRelationship, ...]] = field(default_factory=dict)
    """By the type they are fields of."""
    rest: Json = field(default_factory=dict)


def remote_schema(reader: Reader) -> RemoteSchema:
    return RemoteSchema(
        name=reader.at("name").name(),
        definition=definition(reader.at("definition")),
        comment=_text(reader, "comment"),
        permissions=tuple(permission(item) for item in _items(reader, "permissions")),
        relationships={
            item.at("type_name").name(): tuple(relationship(entry) for entry in _items(item, "relationships"))
            for item in _items(reader, "remote_relationships")
        },
        rest=reader.others("name", "definition", "comment", "permissions", "remote_relationships"),
    )


def definition(reader: Reader) -> Definition:
    url, from_env = _text(reader, "url"), _text(reader, "url_from_env")
    if (url is None) == (from_env is None):
        reader.fail("expecting exactly one of url or url_from_env")
    timeout, forward, naming = (
        reader.get(key) for key in ("timeout_seconds", "forward_client_headers", "customization")
    )
    return Definition(
        url=url,
        url_from_env=from_env,
        headers=env_templates.headers(reader.get("headers")),
        forward_client_headers=forward.boolean() if forward else False,
        timeout_s=timeout.natural() if timeout else None,
        customization=customization(naming) if naming else Customization(),
        rest=reader.others(
            "url", "url_from_env", "headers", "forward_client_headers", "timeout_seconds", "customization"
        ),
    )


def customization(reader: Reader) -> Customization:
    types = reader.get("type_names") or Reader({})
    return Customization(
        namespace=_text(reader, "root_fields_namespace"),
        type_prefix=_text(types, "prefix") or "",
        type_suffix=_text(types, "suffix") or "",
        type_mapping=_names(types, "mapping"),
        field_names=tuple(_field_names(item) for item in _items(reader, "field_names")),
    )


def _field_names(reader: Reader) -> FieldNames:
    return FieldNames(
        parent_type=reader.at("parent_type").name(),
        prefix=_text(reader, "prefix") or "",
        suffix=_text(reader, "suffix") or "",
        mapping=_names(reader, "mapping"),
    )


def permission(reader: Reader) -> Permission:
    return Permission(
        role=reader.at("role").name(),
        sdl=reader.at("definition").at("schema").text(),
        comment=_text(reader, "comment"),
    )


def relationship(reader: Reader) -> RemoteRelationship:
    """`{name, definition}`; the older form has the definition's keys beside the name as well."""
    inner = reader.get("definition") or reader
    return RemoteRelationship(
        name=reader.at("name").name(),
        definition=target(inner),
        rest=reader.others(
            "name", "definition", "table", "source", "remote_schema", "hasura_fields", "remote_field", "type_name"
        ),
    )


def target(reader: Reader) -> ToSource | ToRemoteSchema:
    source, remote = reader.get("to_source"), reader.get("to_remote_schema")
    if source and remote:
        reader.fail("expecting exactly one of to_source or to_remote_schema")
    if source:
        kind = source.at("relationship_type")
        if kind.text() not in ("object", "array"):
            kind.fail(f"expected one of object and array, encountered {kind.value}")
        return ToSource(
            source=source.at("source").name(),
            table=source.at("table").qualified(),
            many=kind.value == "array",
            mapping=_names(source, "field_mapping"),
        )
    older = remote is None
    entry = remote or reader
    return ToRemoteSchema(
        remote_schema=entry.at("remote_schema").name(),
        lhs_fields=entry.at("hasura_fields" if older else "lhs_fields").names(),
        remote_field=_remote_field(entry.at("remote_field")),
        older=older,
    )


def _remote_field(reader: Reader) -> Json:
    """`{field: {arguments, field?}}`, each level with exactly one field."""
    found = reader.object()
    if len(found) != 1:
        reader.fail("expecting one single mapping for a field")
    (name,) = found
    inner = reader.at(name)
    inner.at("arguments").object()
    below = inner.get("field")
    if below:
        _remote_field(below)
    return found


def export_remote_schema(entry: RemoteSchema) -> dict[str, Any]:
    relations = [
        {"type_name": name, "relationships": [export_relationship(relation) for relation in relations]}
        for name, relations in entry.relationships.items()
        if relations
    ]
    parts = {
        "comment": entry.comment,
        "permissions": [export_permission(permission) for permission in entry.permissions],
        "remote_relationships": relations,
    }
    return {"name": entry.name, "definition": export_definition(entry.definition), **_filled(parts), **entry.rest}


def export_definition(entry: Definition) -> dict[str, Any]:
    parts = {
        "url": entry.url,
        "url_from_env": entry.url_from_env,
        "timeout_seconds": entry.timeout_s,
        "customization": _export_customization(entry.customization),
        "headers": env_templates.exported(entry.headers),
        "forward_client_headers": entry.forward_client_headers,
    }
    return {**_filled(parts), **entry.rest}


def _export_customization(entry: Customization) -> dict[str, Any]:
    types = {"prefix": entry.type_prefix, "suffix": entry.type_suffix, "mapping": dict(entry.type_mapping)}
    fields = [
        {
            "parent_type": names.parent_type,
            **_filled({"prefix": names.prefix, "suffix": names.suffix, "mapping": dict(names.mapping)}),
        }
        for names in entry.field_names
    ]
    return _filled({"root_fields_namespace": entry.namespace, "type_names": _filled(types), "field_names": fields})


def export_permission(entry: Permission) -> dict[str, Any]:
    return {"role": entry.role, "definition": {"schema": entry.sdl}, **_filled({"comment": entry.comment})}


def export_relationship(entry: RemoteRelationship) -> dict[str, Any]:
    return {"name": entry.name, "definition": export_target(entry.definition), **entry.rest}


def export_target(entry: ToSource | ToRemoteSchema) -> dict[str, Any]:
    match entry:
        case ToSource():
            inner = {
                "source": entry.source,
                "table": {"schema": entry.table.schema, "name": entry.table.name},
                "relationship_type": "array" if entry.many else "object",
                "field_mapping": dict(entry.mapping),
            }
            return {"to_source": inner}
        case ToRemoteSchema(older=older):
            fields = list(entry.lhs_fields)
            inner = {
                "remote_schema": entry.remote_schema,
                "hasura_fields" if older else "lhs_fields": fields,
                "remote_field": dict(entry.remote_field),
            }
            return inner if older else {"to_remote_schema": inner}


def left(relation: RemoteRelationship) -> tuple[str, ...]:
    """The fields here whose values make the join's key, in order."""
    match relation.definition:
        case ToSource(mapping=mapping):
            return tuple(mapping)
        case ToRemoteSchema(lhs_fields=names):
            return names


def with_left_renamed(relation: RemoteRelationship, new: Callable[[str], str]) -> RemoteRelationship:
    """The same when the fields here are called otherwise."""
    match relation.definition:
        case ToSource() as definition:
            mapping = {new(here): there for here, there in definition.mapping.items()}
            return replace(relation, definition=replace(definition, mapping=mapping))
        case ToRemoteSchema() as definition:
            names = tuple(map(new, definition.lhs_fields))
            field = _variables_renamed(definition.remote_field, new)
            return replace(relation, definition=replace(definition, lhs_fields=names, remote_field=field))


def _variables_renamed(template: Any, new: Callable[[str], str]) -> Any:
    match template:
        case str() if template.startswith("$"):
            return f"${new(template[1:])}"
        case dict():
            return {key: _variables_renamed(item, new) for key, item in template.items()}
        case list():
            return [_variables_renamed(item, new) for item in template]
        case _:
            return template


def with_relationships(entry: RemoteSchema, type_name: str, relations: Sequence[RemoteRelationship]) -> RemoteSchema:
    kept = {**entry.relationships, type_name: tuple(relations)}
    return replace(entry, relationships={name: found for name, found in kept.items() if found})


def _names(reader: Reader, key: str) -> dict[str, str]:
    found = reader.get(key)
    return {name: found.at(name).name() for name in found.object()} if found else {}


def _items(reader: Reader, key: str) -> list[Reader]:
    found = reader.get(key)
    return found.items() if found else []


def _text(reader: Reader, key: str) -> str | None:
    found = reader.get(key)
    return found.text() if found else None


def _filled(parts: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in parts.items() if value not in (None, "", False, [], {})}
