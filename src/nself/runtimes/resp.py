"""As much of Redis' protocol as probes and `nself service cache` need: sign in, one command after another.

A client library would cost every `nself status` its imports; this costs nothing.
"""

from __future__ import annotations

import socket
from types import TracebackType
from typing import TypeAlias

from nself.runtimes.wire import RefusedError

Reply: TypeAlias = "str | int | bytes | list[Reply] | None"
"""Simple strings are str; what was stored by somebody is bytes."""


class Connection:
    """One connection, signed in. OSError when nobody answers, RefusedError when Redis says no."""

    def __init__(self, host: str, port: int, password: str, *, timeout_s: float) -> None:
        self._socket = socket.create_connection((host, port), timeout=timeout_s)
        self._file = self._socket.makefile("rb")
        try:
            self.call("AUTH", password)
        except BaseException:
            self.close()
            raise

    def __enter__(self) -> Connection:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        self._file.close()
        self._socket.close()

    def call(self, *words: str | bytes | int) -> Reply:
        return self.pipeline([words])[0]

    def pipeline(self, commands: list[tuple[str | bytes | int, ...]]) -> list[Reply]:
        """Many commands in one round trip; the first refusal is raised once all answers are in."""
        self._socket.sendall(b"".join(_encoded(words) for words in commands))
        replies: list[Reply] = []
        refusal: RefusedError | None = None
        for _ in commands:
            try:
                replies.append(self._reply())
            except RefusedError as error:
                refusal = refusal or error
        if refusal is not None:
            raise refusal
        return replies

    def _reply(self) -> Reply:
        line = self._file.readline()
        if not line.endswith(b"\r\n"):
            raise ConnectionError("Redis hung up")
        kind, rest = line[:1], line[1:-2]
        match kind:
            case b"+":
                return rest.decode(errors="replace")
            case b"-":
                code, _, message = rest.decode(errors="replace").partition(" ")
                raise RefusedError(code, message)
            case b":":
                return int(rest)
            case b"$":
                return self._bulk(int(rest))
            case b"*":
                return [self._reply() for _ in range(int(rest))] if int(rest) >= 0 else None
            case _:
                raise ConnectionError("this is not Redis: it answers in another protocol")

    def _bulk(self, size: int) -> bytes | None:
        if size < 0:
            return None
        data = self._file.read(size + 2)
        if len(data) < size + 2:
            raise ConnectionError("Redis hung up")
        return data[:-2]


def _encoded(words: tuple[str | bytes | int, ...]) -> bytes:
    parts = [word if isinstance(word, bytes) else str(word).encode() for word in words]
    return b"*%d\r\n" % len(parts) + b"".join(b"$%d\r\n%s\r\n" % (len(part), part) for part in parts)
