"""What every operation passes before it is planned. Belongs to one loaded state of the metadata."""

from __future__ import annotations

from dataclasses import dataclass

from nself.graphql.admission.allowlist import allowed_operations, fingerprint
from nself.graphql.document import Operation
from nself.graphql.errors import ApiError
from nself.graphql.metadata.model import Metadata
from nself.graphql.session import ADMIN


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """What the server's settings say about requests."""

    only_listed: bool = False
    """Whether roles other than admin may run nothing but what is on the allow list."""


class Gate:
    """Asked once for each operation of a role; what it lets pass is remembered with the plan."""

    def __init__(self, policy: Policy, metadata: Metadata) -> None:
        self._allowed: frozenset[str] | None = None
        if policy.only_listed:
            self._allowed = allowed_operations(metadata.query_collections, metadata.allowlist.values())

    def check(self, operation: Operation, role: str) -> None:
        """Raises ApiError for what the role may not ask."""
        if role == ADMIN:
            return
        if self._allowed is not None and fingerprint(operation) not in self._allowed:
            raise ApiError("validation-failed", "query is not allowed")
