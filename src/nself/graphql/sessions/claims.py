"""What a verified token says about a session: a namespace of x-hasura-* claims, or a map that finds them anywhere."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from nself.errors import ConfigError
from nself.graphql.errors import ApiError
from nself.records import dataclass
from nself.web.tokens import HASURA_CLAIMS

ALLOWED, DEFAULT = "x-hasura-allowed-roles", "x-hasura-default-role"
Path = tuple[str | int, ...]
_ABSENT = object()
_STEP = re.compile(r"""\.?(?P<name>[^.\[\]]+) | \[(?P<index>\d+)\] | \[(?P<quote>['"])(?P<key>.*?)(?P=quote)\]""", re.X)


@dataclass(frozen=True, slots=True)
class Mapped:
    """One entry of `claims_map`: a literal, or a path into the token with perhaps a default."""

    literal: Any = _ABSENT
    path: Path = ()
    default: Any = _ABSENT

    def find(self, payload: Mapping[str, Any]) -> Any:
        if self.literal is not _ABSENT:
            return self.literal
        found = lookup(payload, self.path)
        return self.default if found is _ABSENT else found


@dataclass(frozen=True, slots=True, kw_only=True)
class ClaimsForm:
    """How to read the claims: `namespace` leads to an object (or JSON text) of them, unless there is a `mapping`."""

    namespace: Path = (HASURA_CLAIMS,)
    shown: str = HASURA_CLAIMS
    stringified: bool = False
    mapping: Mapping[str, Mapped] | None = None

    @classmethod
    def of(cls, secret: Mapping[str, Any]) -> ClaimsForm:
        form = secret.get("claims_format", "json")
        if form not in ("json", "stringified_json"):
            raise ConfigError("HASURA_GRAPHQL_JWT_SECRET: `claims_format` must be json or stringified_json")
        if "claims_map" in secret:
            return cls(mapping={name.lower(): _mapped(entry) for name, entry in secret["claims_map"].items()})
        path = secret.get("claims_namespace_path")
        if path is not None:
            return cls(namespace=parse_path(path), shown=path, stringified=form == "stringified_json")
        name = secret.get("claims_namespace", HASURA_CLAIMS)
        return cls(namespace=(name,), shown=name, stringified=form == "stringified_json")

    def read(self, payload: Mapping[str, Any]) -> tuple[list[str], str, dict[str, str]]:
        """(the roles allowed, the default one, the other session variables)."""
        claims = self._mapped_claims(payload) if self.mapping is not None else self._namespaced(payload)
        allowed, default = _allowed(claims), _default(claims)
        others = {name: value for name, value in claims.items() if name not in (ALLOWED, DEFAULT)}
        return allowed, default, {name: self._text(name, value) for name, value in others.items()}

    def _namespaced(self, payload: Mapping[str, Any]) -> dict[str, Any]:
        found = lookup(payload, self.namespace)
        if found is _ABSENT:
            raise ApiError("jwt-invalid-claims", f"claims key: '{self.shown}' not found")
        if self.stringified:
            found = _unpacked(found)
        if not isinstance(found, dict):
            raise ApiError("jwt-invalid-claims", "expecting object when claims_format is json")
        return {name.lower(): value for name, value in found.items() if name.lower().startswith("x-hasura-")}

    def _mapped_claims(self, payload: Mapping[str, Any]) -> dict[str, Any]:
        found = {name: entry.find(payload) for name, entry in (self.mapping or {}).items()}
        for name, value in found.items():
            if value is _ABSENT and name not in (ALLOWED, DEFAULT):
                raise ApiError("jwt-invalid-claims", f"JWT claim from claims_map, {name} not found")
        return {name: value for name, value in found.items() if value is not _ABSENT}

    def _text(self, name: str, value: Any) -> str:
        if isinstance(value, str):
            return value
        if self.mapping is None:
            raise ApiError("jwt-invalid-claims", f"the claim {name} must be text")
        return json.dumps(value, separators=(",", ":"), ensure_ascii=False)


def parse_path(text: Any) -> Path:
    """`$.a.b[0]['c']`; `$` is the root."""
    if not isinstance(text, str) or not text.startswith("$"):
        raise ConfigError(f"HASURA_GRAPHQL_JWT_SECRET: {text!r} is not a JSON path: it must begin with $")
    steps: list[str | int] = []
    at = 1
    while at < len(text):
        match = _STEP.match(text, at)
        if match is None:
            raise ConfigError(f"HASURA_GRAPHQL_JWT_SECRET: {text!r} is not a JSON path")
        steps.append(int(match["index"]) if match["index"] else match["name"] or match["key"])
        at = match.end()
    return tuple(steps)


def lookup(value: Any, path: Path) -> Any:
    for step in path:
        match value, step:
            case dict(), str() if step in value:
                value = value[step]
            case list(), int() if step < len(value):
                value = value[step]
            case _:
                return _ABSENT
    return value


def _mapped(entry: Any) -> Mapped:
    match entry:
        case {"path": path}:
            return Mapped(path=parse_path(path), default=entry.get("default", _ABSENT))
        case str() | list():
            return Mapped(literal=entry)
        case _:
            raise ConfigError(
                "HASURA_GRAPHQL_JWT_SECRET: `claims_map` takes a text, a list or {path, default} per claim"
            )


def _unpacked(value: Any) -> Any:
    if not isinstance(value, str):
        raise ApiError("jwt-invalid-claims", "expecting a string when claims_format is stringified_json")
    try:
        return json.loads(value)
    except ValueError as error:
        raise ApiError("jwt-invalid-claims", "the stringified claims are not JSON") from error


def _allowed(claims: Mapping[str, Any]) -> list[str]:
    if ALLOWED not in claims:
        raise ApiError("jwt-missing-role-claims", f"JWT claim does not contain {ALLOWED}")
    roles = claims[ALLOWED]
    if not isinstance(roles, list):
        raise _misshapen(ALLOWED, "a list of roles", "[]", "Array", roles)
    for role in roles:
        if not isinstance(role, str):
            raise _misshapen(ALLOWED, "a list of roles", "Text", "String", role)
    return roles


def _default(claims: Mapping[str, Any]) -> str:
    if DEFAULT not in claims:
        raise ApiError("jwt-missing-role-claims", f"JWT claim does not contain {DEFAULT}")
    role = claims[DEFAULT]
    if not isinstance(role, str) or not role:
        raise _misshapen(DEFAULT, "a role", "Text", "String", role)
    return role


def _misshapen(claim: str, wanted: str, type_name: str, kind: str, value: Any) -> ApiError:
    kinds = {dict: "Object", list: "Array", str: "String", bool: "Boolean", int: "Number", float: "Number"}
    reason = f"parsing {type_name} failed, expected {kind}, but encountered {kinds.get(type(value), 'Null')}"
    return ApiError("jwt-invalid-claims", f"invalid {claim}; should be {wanted}: {reason}")
