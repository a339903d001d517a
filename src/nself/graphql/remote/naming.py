"""What a remote's types and fields are called here: a schema's customization, both ways."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from functools import cached_property

from nself.graphql.language.types import is_graphql_name
from nself.graphql.metadata.remote_schemas import Customization, FieldNames
from nself.graphql.remote.introspection import IntrospectionError
from nself.graphql.remote.upstream import BUILT_IN, RemoteType, Upstream
from nself.records import dataclass


@dataclass(frozen=True)
class Naming:
    """`upstream` is the remote's whole schema: a role's part of it is named the same."""

    customization: Customization
    upstream: Upstream

    @cached_property
    def types(self) -> Mapping[str, str]:
        """{the remote's name: ours}."""
        names = set(self.upstream.types) | BUILT_IN
        return {name: self._type(name) for name in names}

    @cached_property
    def originals(self) -> Mapping[str, str]:
        return {ours: name for name, ours in self.types.items()}

    @cached_property
    def renames_types(self) -> bool:
        return any(name != ours for name, ours in self.types.items())

    def _type(self, name: str) -> str:
        custom = self.customization
        if name in custom.type_mapping:
            return custom.type_mapping[name]
        if custom.namespace and name == self.upstream.query:
            return f"{custom.namespace}_query"
        if custom.namespace and name == self.upstream.mutation:
            return f"{custom.namespace}_mutation"
        return name if name in BUILT_IN else f"{custom.type_prefix}{name}{custom.type_suffix}"

    def field(self, type_: str, name: str) -> str:
        rule = self._rules.get(type_)
        if rule is None:
            return name
        return rule.mapping.get(name) or f"{rule.prefix}{name}{rule.suffix}"

    @cached_property
    def _rules(self) -> Mapping[str, FieldNames]:
        return {rule.parent_type: rule for rule in self.customization.field_names}


def check(naming: Naming) -> None:
    """Raises the first objection to a customization."""
    for objection in _objections(naming):
        raise IntrospectionError(objection)


def _objections(naming: Naming) -> Iterator[str]:
    custom = naming.customization
    if custom.namespace is not None and not is_graphql_name(custom.namespace):
        yield f'"{custom.namespace}" is not a valid GraphQL identifier'
    twice = _repeated(Counter(custom.type_mapping.values())) or _repeated(Counter(naming.types.values()))
    if twice:
        yield f"Type name mappings are not distinct; the following types appear more than once: {twice}"
    for name in naming.types.values():
        if not is_graphql_name(name):
            yield f'"{name}" is not a valid GraphQL identifier'
    twice = _repeated(Counter(rule.parent_type for rule in custom.field_names))
    if twice:
        yield f"Field name mappings are not distinct; the following types appear more than once: {twice}"
    for type_ in naming.upstream.types.values():
        yield from _fields(naming, type_)


def _fields(naming: Naming, type_: RemoteType) -> Iterator[str]:
    names = [naming.field(type_.name, name) for name in type_.fields]
    twice = _repeated(Counter(names))
    if twice:
        yield (
            f'Field name mappings for object type "{type_.name}" are not distinct; '
            f"the following fields appear more than once: {twice}"
        )
    for name in names:
        if not is_graphql_name(name):
            yield f'"{name}" is not a valid GraphQL identifier'
    for interface in type_.interfaces:
        for name in naming.upstream.fields_of(interface):
            if name in type_.fields and naming.field(interface, name) != naming.field(type_.name, name):
                yield (
                    f'Remote schema customization: the field "{name}" of interface "{interface}" is named '
                    f'"{naming.field(interface, name)}", but "{naming.field(type_.name, name)}" '
                    f'in the type "{type_.name}" that implements it'
                )


def _repeated(counted: Counter[str]) -> str:
    return ", ".join(f'"{name}"' for name, times in counted.items() if times > 1)
