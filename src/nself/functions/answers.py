"""A worker's reply -> an answer that is safe to put on the wire. It may set any header but break no protocol."""

from __future__ import annotations

import re

from nself.functions.errors import FailedError
from nself.functions.wire import Reply
from nself.records import dataclass

_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_BREAKS = re.compile(r"[\r\n\0]")
_OURS = frozenset(
    {"connection", "content-length", "keep-alive", "proxy-connection", "te", "trailer", "transfer-encoding", "upgrade"}
)
"""Headers about the connection, not the answer: the server writes them itself."""
_EMPTY = frozenset({204, 304})


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """Headers are as they go out: lower-case names, bytes."""

    status: int
    headers: list[tuple[bytes, bytes]]
    body: bytes


def checked(reply: Reply, body: bytes) -> Answer:
    """FailedError when the function answered with what HTTP has no room for."""
    if not 200 <= reply.status <= 599:
        raise FailedError(f"it answered with status {reply.status}; a status is between 200 and 599")
    headers = [_header(name, text) for name, text in reply.headers if name.lower() not in _OURS]
    return Answer(status=reply.status, headers=headers, body=b"" if reply.status in _EMPTY else body)


def _header(name: str, text: str) -> tuple[bytes, bytes]:
    if not _NAME.fullmatch(name):
        raise FailedError(f"it answered with a header that has no valid name: {name!r}")
    if _BREAKS.search(text):
        raise FailedError(f"it answered with a line break in header {name}")
    return name.lower().encode("ascii"), text.encode("utf-8", "replace").strip()
