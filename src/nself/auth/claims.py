"""Custom claims: paths into a user's GraphQL data, and their values as session variables.

`AUTH_JWT_CUSTOM_CLAIMS={"org-id": "profile.org.id", "orgs": "memberships[].orgId"}` becomes one query over `user(id)`
and two claims, `x-hasura-org-id: "1"` and `x-hasura-orgs: {"1","2"}`.
"""

from __future__ import annotations

import json
import logging
import re
from collections.abc import Iterable, Mapping
from typing import Any
from uuid import UUID

from nself.auth.engine import Engine
from nself.auth.settings import AuthSettings
from nself.errors import ConfigError, NselfError
from nself.records import dataclass

log = logging.getLogger("nself.auth")

_STEP = re.compile(
    r"(?P<name>[A-Za-z_][\w-]*)"
    r"(?:(?P<each>\[\*?\])|\[\?\(@\.(?P<field>[A-Za-z_]\w*)\s*==\s*(?P<quote>['\"])(?P<value>.*?)(?P=quote)\)\])?"
    r"(?:\.(?=.)|\Z)"
)
_GRAPHQL_NAME = re.compile(r"[A-Za-z_]\w*")
WHOLE = "metadata"
"""A JSON column: GraphQL gives it whole and the rest of the path is followed here."""


@dataclass(frozen=True, slots=True)
class Step:
    """One name of a path. `many` follows every item of a list; `where` only those whose field has that value."""

    name: str
    many: bool = False
    where: tuple[str, str] | None = None


Path = tuple[Step, ...]
Selection = dict[str, Any]


@dataclass(frozen=True, slots=True)
class CustomClaims:
    """What is asked of the engine for each token. `defaults` stand in for absent data."""

    paths: Mapping[str, Path]
    defaults: Mapping[str, Any]
    engine: Engine | None

    @classmethod
    def from_settings(cls, settings: AuthSettings, engine: Engine | None) -> CustomClaims:
        paths = {claim_name(name): parse(name, path) for name, path in (settings.custom_claims or {}).items()}
        defaults = {claim_name(name): value for name, value in (settings.custom_claims_defaults or {}).items()}
        return cls(paths, defaults, engine)

    async def of(self, user_id: UUID) -> dict[str, str]:
        """A token without custom claims is better than no token: failures are logged, not raised."""
        if not self.paths:
            return {}
        try:
            if self.engine is None:
                raise ConfigError("AUTH_JWT_CUSTOM_CLAIMS needs HASURA_GRAPHQL_GRAPHQL_URL")
            data = await self.engine.query(document(self.paths.values()), {"id": str(user_id)})
        except NselfError as error:
            log.error("no custom claims for user %s: %s", user_id, error)
            return {}
        return {name: self._value(name, path, data.get("user")) for name, path in self.paths.items()}

    def _value(self, name: str, path: Path, user: Any) -> str:
        found = follow(user, path)
        if any(step.many for step in path):
            return as_array(found)
        value = found[0] if found else None
        return as_text(self.defaults.get(name) if value is None else value)


def claim_name(name: str) -> str:
    lowered = name.lower()
    return lowered if lowered.startswith("x-hasura-") else f"x-hasura-{lowered}"


def parse(claim: str, text: Any) -> Path:
    """`memberships[?(@.kind=='team')].org.id`; ConfigError names the claim whose path is none."""
    steps: list[Step] = []
    position = 0
    while isinstance(text, str) and position < len(text):
        match = _STEP.match(text, position)
        if not match or not (_GRAPHQL_NAME.fullmatch(match["name"]) or _below_whole(steps)):
            break
        where = (match["field"], match["value"]) if match["field"] else None
        steps.append(Step(match["name"], bool(match["each"] or where), where))
        position = match.end()
    if not steps or position < len(text):
        raise ConfigError(
            f"AUTH_JWT_CUSTOM_CLAIMS: the path of {claim} cannot be read: {json.dumps(text)}",
            fixes=["write names joined by dots, [] after a list: memberships[].org.id"],
        )
    return tuple(steps)


def document(paths: Iterable[Path]) -> str:
    """One query for all paths."""
    selection: Selection = {}
    for path in paths:
        _select(selection, path)
    return f"query CustomClaims($id: uuid!) {{ user(id: $id) {_braces(selection)} }}"


def follow(value: Any, path: Path) -> list[Any]:
    """Every value at the end of a path; none where it breaks off."""
    if not path:
        return [] if value is None else [value]
    step, rest = path[0], path[1:]
    inner = value.get(step.name) if isinstance(value, dict) else None
    if not step.many:
        return follow(inner, rest)
    items = inner if isinstance(inner, list) else []
    return [found for item in items if _chosen(item, step.where) for found in follow(item, rest)]


def as_text(value: Any) -> str:
    """A claim's value: scalars as text, lists as PostgreSQL array literals, objects as JSON."""
    match value:
        case None:
            return "null"
        case str():
            return value
        case list():
            return as_array(value)
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def as_array(values: Iterable[Any]) -> str:
    quoted = (as_text(value).replace("\\", "\\\\").replace('"', '\\"') for value in values if value is not None)
    return "{" + ",".join(f'"{text}"' for text in quoted) + "}"


def _below_whole(steps: list[Step]) -> bool:
    return any(step.name == WHOLE for step in steps)


def _select(selection: Selection, path: Path) -> None:
    if not path:
        return
    step = path[0]
    inner = selection.setdefault(step.name, {})
    if step.name == WHOLE:
        return
    if step.where:
        inner.setdefault(step.where[0], {})
    _select(inner, path[1:])


def _braces(selection: Selection) -> str:
    fields = (name + (f" {_braces(inner)}" if inner else "") for name, inner in selection.items())
    return "{ " + " ".join(fields) + " }"


def _chosen(item: Any, where: tuple[str, str] | None) -> bool:
    return where is None or (isinstance(item, dict) and as_text(item.get(where[0])) == where[1])
