"""Values of arguments that only a run knows: a role's presets, alone or inside what the client gives."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from graphql import ListValueNode, ObjectValueNode, ValueNode, VariableNode
from msgspec import Struct

from nself.graphql.language.scalars import invalid
from nself.graphql.plan.arguments import literal_json
from nself.graphql.remote import upstream
from nself.graphql.remote.upstream import Ref, Upstream
from nself.graphql.sql.values import Bindings, SessionVariable


class Preset(Struct, frozen=True):
    """An argument whose value is the role's, not the client's."""

    preset: upstream.Preset
    type: Ref
    schema: Upstream

    def value(self, bindings: Bindings) -> Any:
        return _preset(self.preset, self.type, bindings)


class Given(Struct, frozen=True):
    """What the client gives, if anything, with the presets of its input objects put in. A client that gives nothing
    (or null) does not get around them."""

    node: ValueNode | None
    type: Ref
    schema: Upstream

    def value(self, bindings: Bindings) -> Any:
        given = None if self.node is None else literal(self.node, bindings.variables)
        return self._completed(given, self.type, bindings, ())

    def _completed(self, value: Any, ref: Ref, bindings: Bindings, above: tuple[str, ...]) -> Any:
        type_ = self.schema.types.get(ref.name)
        if type_ is None or type_.kind != "INPUT_OBJECT":
            return value
        if isinstance(value, list):
            return [self._completed(item, Ref(ref.name), bindings, ()) for item in value]
        if value is None and (ref.listed or ref.name in above):
            return None
        found = dict(value) if isinstance(value, Mapping) else {}
        for name, field in type_.inputs.items():
            if field.preset is not None:
                found[name] = _preset(field.preset, field.type, bindings)
            elif (inner := self._completed(found.get(name), field.type, bindings, (*above, ref.name))) is not None:
                found[name] = inner
        return found or value


def _preset(preset: upstream.Preset, type_: Ref, bindings: Bindings) -> Any:
    if not preset.session:
        return preset.value
    text = SessionVariable(str(preset.value).lower()).bind(bindings)
    return as_type(text, type_.name, str(preset.value))


def as_type(value: Any, type_: str, what: str) -> Any:
    """A text (or number) as the scalar of that name takes it. Other scalars take what there is."""
    try:
        match type_:
            case "Int" if isinstance(value, str):
                return int(value)
            case "Float" if isinstance(value, str):
                return float(value)
            case "Boolean" if isinstance(value, str):
                return {"true": True, "false": False}[value.lower()]
            case "String" | "ID" if not isinstance(value, str | list | dict | bool) and value is not None:
                return str(value)
            case _:
                return value
    except (ValueError, KeyError) as error:
        raise invalid(f"{what}: expected a value of type '{type_}', but found {value!r}", "$") from error


def literal(node: ValueNode, variables: Mapping[str, Any]) -> Any:
    """The JSON of a value in the document, variables put in."""
    match node:
        case VariableNode():
            return variables.get(node.name.value)
        case ListValueNode(values=values):
            return [literal(item, variables) for item in values]
        case ObjectValueNode(fields=fields):
            return {
                field.name.value: literal(field.value, variables)
                for field in fields
                if not isinstance(field.value, VariableNode) or field.value.name.value in variables
            }
        case _:
            return literal_json(node)
