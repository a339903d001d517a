"""Refusals in the words of the API. Message and status are what clients of Nhost storage already know.

ApiError
├── FormError              400   the request's body is not what the endpoint takes
├── InputError             400   the database did not take a value
├── SizeError              400   outside the bucket's limits
├── TransformationError    400
├── PresignError           400, 403
├── NotAuthorizedError     403
├── NotUploadedError       403
├── TokenRefusedError      401
├── BucketMissingError     404
├── FileMissingError       404
├── RangeError             416
├── StoreUnavailableError  503   GraphQL or the object store does not answer
└── StoreFullError         507
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from nself.errors import NselfError


class ApiError(NselfError):
    """`data` goes into the answer's error object; `reason` only into the log, and into `data` in debug mode."""

    kind = "storage"

    def __init__(
        self,
        message: str,
        *,
        status: int | None = None,
        data: Mapping[str, Any] | None = None,
        reason: str = "",
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(message)
        self.http_status = status or self.http_status
        self.data, self.reason, self.headers = data, reason, headers or {}


class FormError(ApiError):
    http_status = 400


class InputError(ApiError):
    http_status = 400


class SizeError(ApiError):
    http_status = 400


class TransformationError(ApiError):
    http_status = 400

    def __init__(self, mime_type: str) -> None:
        super().__init__(f"image manipulation features are not supported for '{mime_type}'")


class PresignError(ApiError):
    http_status = 400


class NotAuthorizedError(ApiError):
    http_status = 403

    def __init__(self, reason: str) -> None:
        super().__init__("you are not authorized", reason=reason)


class NotUploadedError(ApiError):
    http_status = 403

    def __init__(self) -> None:
        super().__init__("file is not uploaded")


class TokenRefusedError(ApiError):
    http_status = 401


class BucketMissingError(ApiError):
    http_status = 404

    def __init__(self) -> None:
        super().__init__("bucket not found")


class FileMissingError(ApiError):
    http_status = 404

    def __init__(self) -> None:
        super().__init__("file not found")


class RangeError(ApiError):
    http_status = 416

    def __init__(self, size: int) -> None:
        super().__init__("requested range not satisfiable", headers={"Content-Range": f"bytes */{size}"})


class StoreUnavailableError(ApiError):
    http_status = 503


class StoreFullError(ApiError):
    http_status = 507

    def __init__(self) -> None:
        super().__init__("there is no space left to store the file")


class ContentChangedError(Exception):
    """The content is no longer the one that was looked at: look again. Never leaves the room."""
