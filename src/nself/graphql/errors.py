"""Errors as Hasura words them: a code, a JSON path into the request, a message, a status outside GraphQL."""

from __future__ import annotations

from typing import Any

from nself.errors import NselfError


class ApiError(NselfError):
    """`code` is one of Hasura's (`validation-failed`, `permission-error`, …); `path` points into the request (`$`)."""

    kind = "graphql"

    def __init__(self, code: str, message: str, *, path: str = "$", status: int = 400, internal: Any = None) -> None:
        super().__init__(message)
        self.code, self.path, self.http_status, self.internal = code, path, status, internal

    def under(self, prefix: str) -> ApiError:
        """The same error seen from further out: `$.args` under `$.args[1]` becomes `$.args[1].args`."""
        return ApiError(
            self.code, self.message, path=prefix + self.path[1:], status=self.http_status, internal=self.internal
        )
