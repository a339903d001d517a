from __future__ import annotations

import asyncio
import itertools

from nself.graphql.websocket.keepalive import Keepalive


class Member:
    def __init__(self) -> None:
        self.times: list[float] = []
        self.told = asyncio.Event()

    def keep_alive(self) -> None:
        self.times.append(asyncio.get_running_loop().time())
        self.told.set()


def test_a_member_is_told_again_and_again_a_round_apart_and_never_early() -> None:
    async def go() -> None:
        keepalive, member = Keepalive(0.1), Member()
        began = asyncio.get_running_loop().time()
        keepalive.add(member)
        while len(member.times) < 3:
            member.told.clear()
            await asyncio.wait_for(member.told.wait(), 60)
        keepalive.discard(member)
        moments = [began, *member.times]
        gaps = [later - earlier for earlier, later in itertools.pairwise(moments)]
        assert all(gap > 0.09 for gap in gaps), gaps

    asyncio.run(go())


def test_who_has_left_is_not_told_and_an_empty_wheel_stands_still() -> None:
    async def go() -> None:
        keepalive, stays, leaves = Keepalive(0.05), Member(), Member()
        keepalive.add(stays)
        keepalive.add(leaves)
        keepalive.discard(leaves)
        await asyncio.wait_for(stays.told.wait(), 60)
        assert not leaves.times
        keepalive.discard(stays)
        keepalive.discard(stays)
        assert keepalive._timer is None

    asyncio.run(go())


def test_an_interval_of_nothing_is_never() -> None:
    async def go() -> None:
        keepalive = Keepalive(0)
        keepalive.add(Member())
        assert keepalive._timer is None

    asyncio.run(go())
