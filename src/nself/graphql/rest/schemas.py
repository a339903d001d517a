"""GraphQL types as OpenAPI schemas. Types with names of the database's own become components, shared by reference."""

from __future__ import annotations

from typing import Any, Final

from nself.graphql.language.types import Enum, InputObject, ListOf, Named, NonNull, Type, text

Json = dict[str, Any]

_SCALARS: Final[dict[str, Json]] = {
    "Int": {"type": "integer"},
    "Float": {"type": "number"},
    "Boolean": {"type": "boolean"},
    "String": {"type": "string"},
    "ID": {"type": "string"},
}
_KNOWN: Final[dict[str, Json]] = {
    "uuid": {"type": "string", "pattern": "[a-f0-9]{8}-[a-f0-9]{4}-4[a-f0-9]{3}-[89aAbB][a-f0-9]{3}-[a-f0-9]{12}"},
    "date": {"type": "string", "format": "date"},
    "timestamptz": {"type": "string", "format": "date-time"},
    "smallint": {"type": "integer"},
}


def scalar(name: str) -> Json:
    """Its bare schema; of a type that JSON cannot describe nothing is promised."""
    return dict(_SCALARS.get(name) or _KNOWN.get(name) or {})


class Components:
    """Collects what is referred to. `uuid` and `uuid!` are two: nothing may stand beside a reference."""

    def __init__(self) -> None:
        self.schemas: dict[str, Json] = {}

    def input(self, type_: Type) -> Json:
        """The schema of a type without selections: inputs, scalars, enums."""
        required = isinstance(type_, NonNull)
        inner = type_.of if isinstance(type_, NonNull) else type_
        if isinstance(inner, ListOf):
            return {"type": "array", "nullable": not required, "items": self.input(inner.of)}
        assert not isinstance(inner, NonNull)
        if inner.name in _SCALARS:
            return {**_SCALARS[inner.name], "title": inner.name, "nullable": not required}
        return self._reference(inner, text(type_), required=required)

    def _reference(self, type_: Named, key: str, *, required: bool) -> Json:
        if key not in self.schemas:
            self.schemas[key] = found = {"title": type_.name, "nullable": not required}
            if type_.description:
                found["description"] = type_.description
            match type_:
                case Enum(values=values):
                    found |= {"type": "string", "enum": list(values)}
                case InputObject(fields=fields):
                    # Known by its name before its fields are looked at: a type may hold itself.
                    found |= {"type": "object", "properties": {name: self.input(f.type) for name, f in fields.items()}}
                case _:
                    found |= scalar(type_.name)
        return {"$ref": f"#/components/schemas/{key}"}
