from __future__ import annotations

import asyncio
from typing import Any

from nself.graphql.websocket.outbox import Outbox


def test_frames_go_out_in_order_and_a_close_after_them() -> None:
    async def go() -> list[Any]:
        sent: list[Any] = []

        async def send(message: Any) -> None:
            sent.append(message.get("text", message.get("code")))

        outbox = Outbox(send, lambda: None)
        outbox.put("a")
        outbox.put("b")
        outbox.close(4400, "x" * 500)
        outbox.put("too late")
        await outbox.write()
        return sent

    assert asyncio.run(go()) == ["a", "b", 4400]


def test_a_client_that_does_not_read_is_dropped_and_nothing_piles_up() -> None:
    async def go() -> None:
        aborted = asyncio.Event()
        stuck = asyncio.Event()

        async def send(message: Any) -> None:
            await stuck.wait()

        outbox = Outbox(send, aborted.set, most=1000)
        writing = asyncio.create_task(outbox.write())
        outbox.put("x" * 5000)  # one result larger than the limit is let through
        await asyncio.sleep(0)
        assert not aborted.is_set()
        outbox.put("y")
        assert aborted.is_set()
        outbox.put("z" * 10_000_000)
        assert not outbox._frames
        writing.cancel()

    asyncio.run(go())
