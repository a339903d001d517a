"""What every operation passes before it is planned. Belongs to one loaded state of the metadata."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from nself.graphql.admission.allowlist import allowed_operations, fingerprint
from nself.graphql.admission.measure import Measured, measured
from nself.graphql.errors import ApiError
from nself.graphql.language.document import Operation
from nself.graphql.metadata.api_limits import ApiLimits, RateLimit
from nself.graphql.metadata.model import Metadata
from nself.graphql.schema.role import RoleSchema
from nself.graphql.schema.roots import root_of
from nself.graphql.sessions.session import ADMIN, Session
from nself.records import dataclass

_MOST_TOKENS: Final = 50_000
"""Words and signs of an operation's text: thousands of fields, and about half a second of reading."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """What the server's settings say about requests of roles other than admin. Limits of None are none; limits in the
    metadata come before these."""

    only_listed: bool = False
    """Whether they may run nothing but what is on the allow list."""
    depth: int | None = None
    nodes: int | None = None
    cost: int | None = None
    batch: int | None = None
    time_s: float | None = None


class Gate:
    """Asked once for each operation of a role; what it lets pass is remembered with the plan."""

    def __init__(self, policy: Policy, metadata: Metadata) -> None:
        self._policy = policy
        self._limits = ApiLimits() if metadata.api_limits.disabled else metadata.api_limits
        self._no_introspection = frozenset(metadata.no_introspection)
        self._allowed: frozenset[str] | None = None
        if policy.only_listed:
            self._allowed = allowed_operations(metadata.query_collections, metadata.allowlist.values())

    def most_tokens(self, role: str) -> int | None:
        """How long the text of an operation may be."""
        return None if role == ADMIN else _MOST_TOKENS

    def check(self, operation: Operation, schema: RoleSchema) -> Measured | None:
        """Raises ApiError for what the role may not ask. The answer is what has to be checked again with the variables
        of each request, if anything."""
        role = schema.role
        if role == ADMIN:
            return None
        if self._allowed is not None and fingerprint(operation) not in self._allowed:
            raise ApiError("validation-failed", "query is not allowed")
        root = root_of(schema, operation.kind)
        found = measured(operation, root)
        if found.introspects and role in self._no_introspection:
            name = found.introspects[0]
            raise ApiError(
                "validation-failed", f"field '{name}' not found in type: '{root.name}'", path=f"$.selectionSet.{name}"
            )
        _refuse("depth", found.depth, self._limits.depth.of(role, self._policy.depth))
        _refuse("node", found.nodes, self._limits.nodes.of(role, self._policy.nodes))
        if found.terms:
            return found
        self.check_cost(found, role, {})
        return None

    def check_cost(self, found: Measured, role: str, variables: Mapping[str, Any]) -> None:
        _refuse("cost", found.cost(variables), self._limits.cost.of(role, self._policy.cost))

    def check_batch(self, role: str, size: int) -> None:
        if role != ADMIN:
            _refuse("batch", size, self._limits.batch.of(role, self._policy.batch))

    def time_s(self, role: str) -> float | None:
        """How long one operation may take."""
        return None if role == ADMIN else self._limits.time_s.of(role, self._policy.time_s)

    def rate(self, role: str) -> RateLimit | None:
        return None if role == ADMIN else self._limits.rate.of(role)


def client(session: Session, limit: RateLimit, address: str) -> tuple[str, ...]:
    """What counts as one client."""
    return (
        session.role,
        *(address if name == "IP" else session.variables.get(name, "") for name in limit.unique),
    )


def too_often() -> ApiError:
    return ApiError("rate-limit-exceeded", "rate limit exceeded: too many requests in a minute", status=429)


def too_slow(limit_s: float) -> ApiError:
    return ApiError("time-limit-exceeded", f"the operation took longer than {limit_s:g} seconds", status=504)


def _refuse(kind: str, found: int, limit: int | None) -> None:
    if limit is not None and found > limit:
        raise ApiError(f"{kind}-limit-exceeded", f"{kind} limit exceeded: {found} is more than {limit}")
