from __future__ import annotations

import asyncio

import pytest

from nself.auth.background import Background
from nself.errors import NetworkError


def test_work_is_given_its_time_at_the_end_and_no_more() -> None:
    done = []

    async def work(seconds: float) -> None:
        await asyncio.sleep(seconds)
        done.append(seconds)

    async def go() -> None:
        background = Background()
        background.start(work(0), name="short")
        background.start(work(600), name="long")
        await background.stop(wait_s=0.2)
        await background.stop()

    asyncio.run(go())
    assert done == [0]


def test_failures_are_logged_since_nobody_waits_for_them(caplog: pytest.LogCaptureFixture) -> None:
    async def fail(error: Exception) -> None:
        raise error

    async def go() -> None:
        background = Background()
        background.start(fail(NetworkError("no mail server")), name="the mail")
        background.start(fail(KeyError("x")), name="the other")
        await background.stop(wait_s=10)

    asyncio.run(go())
    assert sorted(caplog.messages) == ["the mail failed: no mail server", "the other failed"]
