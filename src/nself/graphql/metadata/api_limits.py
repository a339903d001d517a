"""API limits as metadata: what one request of a role may ask, and how many requests it may make."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import field
from typing import Any, Generic, TypeVar

from nself.graphql.metadata.reader import Reader
from nself.records import dataclass

T = TypeVar("T")
KINDS = ("depth_limit", "node_limit", "cost_limit", "batch_limit")


@dataclass(frozen=True, slots=True, kw_only=True)
class RateLimit:
    """`unique` are what tells one client of a role from another: `IP`, or session variables."""

    per_minute: int
    unique: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Limit(Generic[T]):
    """Everybody's limit, and those of roles that have their own."""

    everybody: T | None = None
    per_role: Mapping[str, T] = field(default_factory=dict)

    def of(self, role: str, default: T | None = None) -> T | None:
        found = self.per_role.get(role, self.everybody)
        return default if found is None else found


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiLimits:
    """`raw` is the document as it was set, given back by export. Times are in seconds."""

    disabled: bool = False
    depth: Limit[int] = field(default_factory=Limit)
    nodes: Limit[int] = field(default_factory=Limit)
    cost: Limit[int] = field(default_factory=Limit)
    batch: Limit[int] = field(default_factory=Limit)
    time_s: Limit[float] = field(default_factory=Limit)
    rate: Limit[RateLimit] = field(default_factory=Limit)
    raw: Mapping[str, Any] = field(default_factory=dict)


def read(reader: Reader) -> ApiLimits:
    disabled = reader.get("disabled")
    depth, nodes, cost, batch = (_limit(reader.get(kind), Reader.natural) for kind in KINDS)
    return ApiLimits(
        disabled=disabled.boolean() if disabled else False,
        depth=depth,
        nodes=nodes,
        cost=cost,
        batch=batch,
        time_s=_limit(reader.get("time_limit"), _seconds),
        rate=_limit(reader.get("rate_limit"), _rate),
        raw=reader.object(),
    )


def _limit(reader: Reader | None, value: Callable[[Reader], T]) -> Limit[T]:
    if reader is None:
        return Limit()
    everybody, roles = reader.get("global"), reader.get("per_role")
    return Limit(
        everybody=value(everybody) if everybody else None,
        per_role={role: value(roles.at(role)) for role in roles.object()} if roles else {},
    )


def _seconds(reader: Reader) -> float:
    if isinstance(reader.value, bool) or not isinstance(reader.value, int | float) or reader.value <= 0:
        reader.fail("expected a number of seconds above 0")
    return float(reader.value)


def _rate(reader: Reader) -> RateLimit:
    unique = reader.get("unique_params")
    if unique is None:
        names: tuple[str, ...] = ()
    elif isinstance(unique.value, str):
        names = (unique.name(),)
    else:
        names = unique.names()
    for name in names:
        if name != "IP" and not name.lower().startswith("x-hasura-"):
            reader.at("unique_params").fail(f'expected "IP" or session variables, encountered "{name}"')
    per_minute = reader.at("max_reqs_per_min")
    return RateLimit(per_minute=per_minute.natural(), unique=tuple(n if n == "IP" else n.lower() for n in names))
