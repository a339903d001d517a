from __future__ import annotations

import asyncio
from typing import Any

from nself.graphql.websocket.outbox import Outbox
from nself.web.websockets import Direct


def test_frames_go_out_in_order_and_a_close_after_them() -> None:
    async def go() -> list[Any]:
        sent: list[Any] = []

        async def send(message: Any) -> None:
            sent.append(message.get("text", message.get("code")))

        outbox = Outbox(send, Direct(write=lambda _: False, abort=lambda: None))
        outbox.put(b"a")
        outbox.put(b"b")
        outbox.close(4400, "x" * 500)
        outbox.put(b"too late")
        while 4400 not in sent:
            await asyncio.sleep(0)
        await outbox.end()
        return sent

    assert asyncio.run(go()) == ["a", "b", 4400]


def test_what_comes_while_something_waits_is_not_written_past_it() -> None:
    async def go() -> list[Any]:
        sent: list[Any] = []
        reading = asyncio.Event()

        async def send(message: Any) -> None:
            await reading.wait()
            sent.append(message["text"])

        def write(frame: bytes) -> bool:
            if paused:
                return False
            sent.append(frame.decode())
            return True

        outbox, paused = Outbox(send, Direct(write=write, abort=lambda: None)), False
        outbox.put(b"at once")
        paused = True
        outbox.put(b"waits")
        await asyncio.sleep(0)
        paused = False
        outbox.put(b"behind")
        reading.set()
        while len(sent) < 3:
            await asyncio.sleep(0)
        outbox.put(b"at once again")
        return sent

    assert asyncio.run(go()) == ["at once", "waits", "behind", "at once again"]


def test_nothing_is_kept_for_a_connection_that_is_gone() -> None:
    async def go() -> None:
        tried = asyncio.Event()

        async def send(message: Any) -> None:
            tried.set()
            raise ConnectionResetError

        outbox = Outbox(send, Direct(write=lambda _: False, abort=lambda: None))
        outbox.put(b"x")
        await tried.wait()
        await asyncio.sleep(0)
        outbox.put(b"y")
        assert not outbox._frames
        await outbox.end()

    asyncio.run(go())


def test_a_client_that_does_not_read_is_dropped_and_nothing_piles_up() -> None:
    async def go() -> None:
        aborted = asyncio.Event()
        stuck = asyncio.Event()

        async def send(message: Any) -> None:
            await stuck.wait()

        outbox = Outbox(send, Direct(write=lambda _: False, abort=aborted.set), most=1000)
        outbox.put(b"x" * 5000)  # one result larger than the limit is let through
        await asyncio.sleep(0)
        assert not aborted.is_set()
        outbox.put(b"y")
        assert aborted.is_set()
        outbox.put(b"z" * 10_000_000)
        assert not outbox._frames
        await outbox.end()

    asyncio.run(go())
