"""Which actions and types of the metadata can be served. The others are reported, and left out."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import field

from nself.graphql.metadata.action_checks import objection, problem, type_names, types_problem
from nself.graphql.metadata.actions import Action
from nself.graphql.metadata.custom_types import CustomTypes
from nself.graphql.metadata.model import Inconsistency, Metadata
from nself.graphql.schema.names import is_taken
from nself.graphql.webhooks.env_templates import Environ, unset
from nself.pg.catalog import Catalog
from nself.records import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Usable:
    actions: Sequence[Action] = ()
    types: CustomTypes = field(default_factory=CustomTypes)
    problems: Sequence[Inconsistency] = ()
    """Those that the metadata alone does not show."""


def usable(
    metadata: Metadata,
    catalogs: Mapping[str, Catalog],
    bases: Collection[str],
    environ: Environ,
    known: Iterable[Inconsistency],
) -> Usable:
    """`bases` are what tables' GraphQL names begin with; `known` is what was found wrong already."""
    if not metadata.actions and not metadata.custom_types:
        return Usable()
    broken = {(entry.kind, entry.name) for entry in known}
    problems: list[Inconsistency] = []
    types = metadata.custom_types
    if taken := _taken(types, bases):
        problems.append(types_problem(types, taken))
    if problems or ("custom_types", "custom_types custom_types") in broken:
        types = CustomTypes()
    actions = []
    for action in metadata.actions.values():
        if ("action", f"action {action.name}") in broken or objection(action, types, catalogs) is not None:
            continue
        if missing := _unset(action, environ):
            names = ", ".join(missing)
            problems.append(problem(action, f"environment variables not set: {names}"))
        else:
            actions.append(action)
    return Usable(actions=actions, types=types, problems=problems)


def _taken(types: CustomTypes, bases: Collection[str]) -> list[str]:
    names = type_names(types)
    return [f'the name "{name}" is already taken by another GraphQL type' for name in names if is_taken(name, bases)]


def _unset(action: Action, environ: Environ) -> list[str]:
    definition = action.definition
    return unset(definition.handler, environ) + [
        header.from_env for header in definition.headers if header.from_env and header.from_env not in environ
    ]
