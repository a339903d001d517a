"""Requests over keep-alive connections, as little of Python as possible between two of them."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass

import msgspec


@dataclass(frozen=True, slots=True)
class Ask:
    """One request, complete: sent as it is, again and again."""

    port: int
    path: str
    body: object
    headers: tuple[tuple[str, str], ...] = ()

    def bytes(self) -> bytes:
        body = msgspec.json.encode(self.body)
        head = [
            f"POST {self.path} HTTP/1.1",
            f"Host: 127.0.0.1:{self.port}",
            "Content-Type: application/json",
            f"Content-Length: {len(body)}",
            *(f"{name}: {value}" for name, value in self.headers),
        ]
        return "\r\n".join(head).encode() + b"\r\n\r\n" + body


async def answer(ask: Ask) -> bytes:
    reader, writer = await asyncio.open_connection("127.0.0.1", ask.port, limit=2**24)
    try:
        writer.write(ask.bytes())
        return await read(reader)
    finally:
        writer.close()


async def rate(ask: Ask, *, connections: int, seconds: float) -> float:
    """Answers a second, every one of them of status 200 and read to its end."""
    sent, count = ask.bytes(), 0
    began = time.perf_counter()

    async def one() -> None:
        nonlocal count
        reader, writer = await asyncio.open_connection("127.0.0.1", ask.port, limit=2**24)
        try:
            while time.perf_counter() - began < seconds:
                writer.write(sent)
                await read(reader)
                count += 1
        finally:
            writer.close()

    await asyncio.gather(*(one() for _ in range(connections)))
    return count / (time.perf_counter() - began)


async def read(reader: asyncio.StreamReader) -> bytes:
    """The body of one answer of status 200."""
    head = (await reader.readuntil(b"\r\n\r\n")).lower()
    if not head.startswith(b"http/1.1 200"):
        raise RuntimeError(head.decode(errors="replace"))
    _, found, rest = head.partition(b"content-length:")
    if found:
        return await reader.readexactly(int(rest.partition(b"\r\n")[0]))
    body = bytearray()
    while size := int(await reader.readline(), 16):
        body += await reader.readexactly(size)
        await reader.readexactly(2)
    await reader.readexactly(2)
    return bytes(body)
