"""Introspection is written down beside the event loop, once, and kept while there is room."""

from __future__ import annotations

import asyncio
import threading
from typing import Any

from nself.graphql.language.described import Described, _Kept

NO_RUN: Any = None
"""A part that asks nobody needs nothing of the run."""


def test_other_requests_go_on_while_a_schema_is_written_down() -> None:
    async def go() -> None:
        asked = threading.Event()
        part = Described("a", lambda: b"1" if asked.wait(60) else b"0")
        writing = asyncio.create_task(part.run(NO_RUN))
        await asyncio.sleep(0)
        asked.set()
        assert await writing == {"a": b"1"}

    asyncio.run(go())


def test_who_asks_at_the_same_time_waits_for_the_one_writing() -> None:
    written = []

    def write() -> bytes:
        written.append(1)
        return b"1"

    async def go() -> None:
        part = Described("a", write)
        assert await asyncio.gather(part.run(NO_RUN), part.run(NO_RUN)) == [{"a": b"1"}] * 2
        assert await part.run(NO_RUN) == {"a": b"1"}

    asyncio.run(go())
    assert written == [1]


def test_the_oldest_answers_are_forgotten_when_there_are_too_many() -> None:
    kept, forgotten = _Kept(100), []

    class One(Described):
        def forget(self) -> None:
            forgotten.append(self._key)

    first, second, third = One("first", bytes), One("second", bytes), One("third", bytes)
    kept.add(first, 60)
    kept.add(One("dropped with its plan", bytes), 30)
    kept.add(second, 40)
    assert forgotten == []
    kept.add(third, 10)
    assert forgotten == ["first"]


def test_a_failure_is_the_askers_and_not_kept() -> None:
    answers = iter([b"2"])
    broken = [True]

    def write() -> bytes:
        if broken.pop() if broken else False:
            raise RecursionError
        return next(answers)

    async def go() -> None:
        part = Described("a", write)
        try:
            await part.run(NO_RUN)
        except RecursionError:
            assert await part.run(NO_RUN) == {"a": b"2"}
        else:
            raise AssertionError

    asyncio.run(go())
