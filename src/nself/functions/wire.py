"""What the server and its workers say to each other: a JSON head and a body of bytes, each with its length in front.

The workers are programs of their own (`workers/`) and speak the same frames: 4 bytes length of the head, 4 bytes length
of the body, both big-endian, then head and body.
"""

from __future__ import annotations

import asyncio
import struct

import msgspec

from nself.web.json import encode

_LENGTHS = struct.Struct(">II")
_MAX_HEAD = 1024 * 1024


class BrokenFrameError(Exception):
    """A worker said something that is not a frame, or one larger than allowed."""


class Call(msgspec.Struct, kw_only=True, omit_defaults=True):
    """A request, for one function. `url` is whole, `query` still encoded. `load` asks for nothing but to load it."""

    function: str
    file: str
    request_id: str
    method: str
    url: str
    path: str
    query: str
    headers: list[tuple[str, str]]
    load: bool = False


class Failure(msgspec.Struct, kw_only=True):
    """A function that raised, could not be loaded (`load`), or answered with what is no answer."""

    message: str
    stack: str = ""
    load: bool = False


class Reply(msgspec.Struct, kw_only=True):
    """What a function answered. A header may come several times."""

    status: int = 200
    headers: list[tuple[str, str]] = msgspec.field(default_factory=list)
    failure: Failure | None = None


_replies = msgspec.json.Decoder(Reply)


def frame(call: Call, body: bytes) -> tuple[bytes, bytes]:
    """The call as it goes to the worker, in two pieces so that a large body is not copied."""
    head = encode(call)
    return _LENGTHS.pack(len(head), len(body)) + head, body


async def read_reply(reader: asyncio.StreamReader, *, max_body: int) -> tuple[Reply, bytes]:
    """The worker's answer. IncompleteReadError when the worker ended instead."""
    head_size, body_size = _LENGTHS.unpack(await reader.readexactly(_LENGTHS.size))
    if head_size > _MAX_HEAD:
        raise BrokenFrameError(f"its headers have {head_size} bytes, more than {_MAX_HEAD}")
    if body_size > max_body:
        raise BrokenFrameError(f"its answer has {body_size} bytes, more than {max_body}")
    try:
        reply = _replies.decode(await reader.readexactly(head_size))
    except msgspec.MsgspecError as error:
        raise BrokenFrameError(f"its answer is malformed: {error}") from error
    return reply, await reader.readexactly(body_size)
