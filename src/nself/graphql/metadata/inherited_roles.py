"""Inherited roles in the metadata: read, written, and refused when they go round in a circle."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from nself.graphql.errors import ApiError
from nself.graphql.lineage import cycles
from nself.graphql.metadata.reader import Reader
from nself.web.json import encode

CONFLICT = "inherited role permission inconsistency"
"""The kind of inconsistency that changes may leave behind: the role only does without what its parents disagree on."""

InheritedRoles = Mapping[str, tuple[str, ...]]
"""{role: the roles it inherits from}."""


def read(items: Sequence[Reader]) -> InheritedRoles:
    found: dict[str, tuple[str, ...]] = {}
    for item in items:
        role, parents = entry(item)
        if role in found:
            item.fail(f'multiple declarations exist for the following inherited role: "{role}"')
        found[role] = parents
    return found


def entry(reader: Reader) -> tuple[str, tuple[str, ...]]:
    """`{role_name, role_set}`."""
    return reader.at("role_name").name(), tuple(dict.fromkeys(reader.at("role_set").names()))


def render(roles: InheritedRoles) -> list[dict[str, Any]]:
    return [{"role_name": role, "role_set": list(parents)} for role, parents in roles.items()]


def refuse_cycles(roles: InheritedRoles) -> None:
    found = cycles(roles)
    if found:
        message = f"found cycle(s) in roles: {encode(found).decode()}"
        raise ApiError("cyclic-dependency", message, path="$.args")
