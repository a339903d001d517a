"""The types that actions take and give: the typed model, and JSON both ways."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import field
from typing import Any, Literal, TypeVar

from nself.graphql.metadata import graphql_text
from nself.graphql.metadata.reader import Reader
from nself.pg.catalog import Name
from nself.records import dataclass

T = TypeVar("T")
Json = Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class TypeField:
    """`type` is GraphQL text: `[Address!]`."""

    name: str
    type: str
    description: str | None = None
    rest: Json = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class CustomScalar:
    name: str
    description: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class EnumMember:
    value: str
    description: str | None = None
    deprecated: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class CustomEnum:
    name: str
    values: tuple[EnumMember, ...]
    description: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CustomInput:
    name: str
    fields: tuple[TypeField, ...]
    description: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TypeRelationship:
    """From an object that a webhook made to rows: `mapping` is {field of the object: column of the table}."""

    name: str
    kind: Literal["object", "array"]
    table: Name
    mapping: Mapping[str, str]
    source: str = "default"


@dataclass(frozen=True, slots=True, kw_only=True)
class CustomObject:
    name: str
    fields: tuple[TypeField, ...]
    relationships: tuple[TypeRelationship, ...] = ()
    description: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CustomTypes:
    scalars: tuple[CustomScalar, ...] = ()
    enums: tuple[CustomEnum, ...] = ()
    input_objects: tuple[CustomInput, ...] = ()
    objects: tuple[CustomObject, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.scalars or self.enums or self.input_objects or self.objects)


def custom_types(reader: Reader) -> CustomTypes:
    return CustomTypes(
        scalars=_each(reader, "scalars", _scalar),
        enums=_each(reader, "enums", _enum),
        input_objects=_each(reader, "input_objects", _input),
        objects=_each(reader, "objects", _object),
    )


def _scalar(reader: Reader) -> CustomScalar:
    return CustomScalar(name=graphql_text.name(reader.at("name")), description=_description(reader))


def _enum(reader: Reader) -> CustomEnum:
    values = _each(reader, "values", _member)
    return CustomEnum(name=graphql_text.name(reader.at("name")), values=values, description=_description(reader))


def _member(reader: Reader) -> EnumMember:
    deprecated = reader.get("is_deprecated")
    return EnumMember(
        value=graphql_text.name(reader.at("value")),
        description=_description(reader),
        deprecated=deprecated.boolean() if deprecated else False,
    )


def _input(reader: Reader) -> CustomInput:
    reader.at("fields")
    fields = _each(reader, "fields", _field)
    return CustomInput(name=graphql_text.name(reader.at("name")), fields=fields, description=_description(reader))


def _object(reader: Reader) -> CustomObject:
    reader.at("fields")
    return CustomObject(
        name=graphql_text.name(reader.at("name")),
        fields=_each(reader, "fields", _field),
        relationships=_each(reader, "relationships", _relationship),
        description=_description(reader),
    )


def _field(reader: Reader) -> TypeField:
    return TypeField(
        name=graphql_text.name(reader.at("name")),
        type=graphql_text.type_text(reader.at("type")),
        description=_description(reader),
        rest={key: value for key, value in reader.others("name", "type", "description").items() if value is not None},
    )


def _relationship(reader: Reader) -> TypeRelationship:
    kind, mapping, source = reader.at("type"), reader.at("field_mapping"), reader.get("source")
    if kind.text() not in ("object", "array"):
        kind.fail(f"expected one of object and array, encountered {kind.value}")
    return TypeRelationship(
        name=graphql_text.name(reader.at("name")),
        kind=kind.value,
        table=reader.at("remote_table").qualified(),
        mapping={here: mapping.at(here).name() for here in mapping.object()},
        source=source.name() if source else "default",
    )


def _each(reader: Reader, key: str, read: Callable[[Reader], T]) -> tuple[T, ...]:
    found = reader.get(key)
    return tuple(read(item) for item in found.items()) if found else ()


def _description(reader: Reader) -> str | None:
    found = reader.get("description")
    return found.text() if found else None


def export_custom_types(entry: CustomTypes) -> dict[str, Any]:
    """Without what is empty; `custom_types` of the answer is equal to `entry`."""
    return _filled(_whole(entry))


def described_custom_types(entry: CustomTypes) -> dict[str, Any]:
    """With everything, as the list of inconsistent objects shows it."""
    return {
        "input_objects": [
            {"name": one.name, "description": one.description, "fields": [_told(member) for member in one.fields]}
            for one in entry.input_objects
        ],
        "objects": [
            {
                "name": one.name,
                "description": one.description,
                "fields": [{**_told(member), "arguments": member.rest.get("arguments")} for member in one.fields],
                "relationships": [_export_relationship(relation) for relation in one.relationships],
            }
            for one in entry.objects
        ],
        "scalars": [{"name": one.name, "description": one.description} for one in entry.scalars],
        "enums": [
            {
                "name": one.name,
                "description": one.description,
                "values": [
                    {"value": value.value, "description": value.description, "is_deprecated": value.deprecated or None}
                    for value in one.values
                ],
            }
            for one in entry.enums
        ],
    }


def _whole(entry: CustomTypes) -> dict[str, Any]:
    return {
        "input_objects": [
            {"name": one.name, **_filled({"description": one.description}), "fields": [_export(f) for f in one.fields]}
            for one in entry.input_objects
        ],
        "objects": [_export_object(one) for one in entry.objects],
        "scalars": [_filled({"name": one.name, "description": one.description}) for one in entry.scalars],
        "enums": [
            {
                **_filled({"name": one.name, "description": one.description}),
                "values": [
                    _filled({"value": value.value, "description": value.description, "is_deprecated": value.deprecated})
                    for value in one.values
                ],
            }
            for one in entry.enums
        ],
    }


def _export_object(one: CustomObject) -> dict[str, Any]:
    relations = [_export_relationship(relation) for relation in one.relationships]
    return {
        "name": one.name,
        **_filled({"description": one.description}),
        "fields": [_export(member) for member in one.fields],
        **_filled({"relationships": relations}),
    }


def _export_relationship(relation: TypeRelationship) -> dict[str, Any]:
    return {
        "name": relation.name,
        "type": relation.kind,
        "source": relation.source,
        "remote_table": {"schema": relation.table.schema, "name": relation.table.name},
        "field_mapping": dict(relation.mapping),
    }


def _export(member: TypeField) -> dict[str, Any]:
    return {**_filled({"name": member.name, "type": member.type, "description": member.description}), **member.rest}


def _told(member: TypeField) -> dict[str, Any]:
    return {"name": member.name, "type": member.type, "description": member.description}


def _filled(parts: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in parts.items() if value not in (None, False, [], {})}
