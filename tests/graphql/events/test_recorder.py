from __future__ import annotations

import asyncio
from collections.abc import Sequence

import pytest

from nself.graphql.events import recorder
from nself.graphql.events.recorder import Recorder
from nself.pg.database import UndefinedTable


def test_what_finishes_during_a_write_is_written_together() -> None:
    async def go() -> None:
        written: list[list[int]] = []
        gate = asyncio.Event()

        async def write(outcomes: Sequence[int]) -> None:
            written.append(list(outcomes))
            await gate.wait()

        keeper = Recorder(write)
        first = asyncio.create_task(keeper.record(0))
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        others = [asyncio.create_task(keeper.record(number)) for number in (1, 2, 3)]
        await asyncio.sleep(0)
        gate.set()
        await asyncio.gather(first, *others)
        assert written == [[0], [1, 2, 3]]

    asyncio.run(go())


def test_outcomes_are_kept_while_the_database_is_away(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recorder, "_PAUSE_S", 0.0)

    async def go() -> None:
        attempts = 0

        async def write(outcomes: Sequence[int]) -> None:
            nonlocal attempts
            attempts += 1
            if attempts < 4:
                raise ConnectionRefusedError

        await Recorder(write).record(1)
        assert attempts == 4

    asyncio.run(go())


def test_outcomes_of_tables_that_were_dropped_are_nobodys() -> None:
    async def go() -> None:
        async def write(outcomes: Sequence[int]) -> None:
            raise UndefinedTable

        await Recorder(write).record(1)

    asyncio.run(go())
