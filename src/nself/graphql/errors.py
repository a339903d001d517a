"""Errors as Hasura words them: a code, a JSON path into the request, a message, a status outside GraphQL."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from nself.errors import NselfError


class ApiError(NselfError):
    """`code` is one of Hasura's (`validation-failed`, `permission-error`, …); `path` points into the request (`$`).
    `extensions` are what somebody else made of the error: GraphQL clients get them instead of code, path, internal."""

    kind = "graphql"

    def __init__(
        self,
        code: str,
        message: str,
        *,
        path: str = "$",
        status: int = 400,
        internal: Any = None,
        extensions: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__(message)
        self.code, self.path, self.http_status, self.internal = code, path, status, internal
        self.extensions = extensions

    def under(self, prefix: str) -> ApiError:
        """The same error seen from further out: `$.args` under `$.args[1]` becomes `$.args[1].args`."""
        return ApiError(
            self.code,
            self.message,
            path=prefix + self.path[1:],
            status=self.http_status,
            internal=self.internal,
            extensions=self.extensions,
        )
