"""Why a call has no answer from its function, each with the status that says so."""

from __future__ import annotations

from nself.errors import NselfError


class FunctionsError(NselfError):
    """`detail` is for developers alone: shown in dev, logged everywhere."""

    code = "error"

    def __init__(self, message: str, *, detail: str = "", stack: str = "") -> None:
        super().__init__(message)
        self.detail, self.stack = detail, stack


class NoFunctionError(FunctionsError):
    http_status, code = 404, "not-found"

    def __init__(self, path: str) -> None:
        super().__init__(f"no function answers at {path}")


class NotAllowedError(FunctionsError):
    http_status, code = 401, "unauthorized"

    def __init__(self) -> None:
        super().__init__("this needs the admin secret, in x-hasura-admin-secret")


class BodyTooLargeError(FunctionsError):
    http_status, code = 413, "body-too-large"

    def __init__(self, most: int) -> None:
        super().__init__(f"the request's body may have {most} bytes")


class BusyError(FunctionsError):
    """Too many calls at once."""

    http_status, code = 503, "busy"

    def __init__(self, detail: str) -> None:
        super().__init__("all workers are busy", detail=detail)


class FailedError(FunctionsError):
    """The function raised, cannot be loaded, or returned what is no answer."""

    http_status, code = 500, "failed"

    def __init__(self, detail: str, *, stack: str = "") -> None:
        super().__init__("the function failed", detail=detail, stack=stack)


class EndedError(FunctionsError):
    """The function took its process down with it."""

    http_status, code = 502, "ended"

    def __init__(self, detail: str) -> None:
        super().__init__("the function ended without an answer", detail=detail)


class TooSlowError(FunctionsError):
    http_status, code = 504, "timeout"

    def __init__(self, limit_s: float) -> None:
        super().__init__(f"the function did not answer within {limit_s:g} s")
