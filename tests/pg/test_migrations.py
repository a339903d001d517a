"""Migrations on a real database: in order, once, whole or not at all."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from nself.errors import ConfigError, TimedOutError
from nself.pg import migrations
from nself.pg.migrations import Migration, MigrationFailedError, NewerSchemaError

TABLE = Migration(1, "table", "CREATE TABLE notes (id int PRIMARY KEY);")
ROWS = Migration(2, "rows", "INSERT INTO notes VALUES (1), (2);")
BROKEN = Migration(3, "broken", "INSERT INTO notes VALUES (3);\nSELECT nothing FROM nowhere;")


def on(dsn: str, work: Callable[[asyncpg.Connection[Any]], Awaitable[Any]]) -> Any:
    async def go() -> Any:
        connection = await asyncpg.connect(dsn)
        try:
            return await work(connection)
        finally:
            await connection.close()

    return asyncio.run(go())


def up(dsn: str, *wanted: Migration, **options: Any) -> Any:
    return on(dsn, lambda connection: migrations.up(connection, wanted, schema="nself", **options))


def count(dsn: str) -> int:
    return int(on(dsn, lambda connection: connection.fetchval("SELECT count(*) FROM notes")))


def test_pending_files_are_applied_once_and_in_order(dsn: str) -> None:
    assert [entry.version for entry in up(dsn, TABLE, ROWS)] == [1, 2]
    assert up(dsn, TABLE, ROWS) == []
    assert count(dsn) == 2


def test_a_failed_file_leaves_nothing_behind_and_names_its_line(dsn: str) -> None:
    with pytest.raises(MigrationFailedError, match="line 2") as caught:
        up(dsn, TABLE, ROWS, BROKEN)
    assert [entry.version for entry in caught.value.applied] == [1, 2]
    assert count(dsn) == 2


def test_what_failed_is_tried_again(dsn: str) -> None:
    with pytest.raises(MigrationFailedError):
        up(dsn, TABLE, ROWS, BROKEN)
    mended = Migration(3, "broken", "INSERT INTO notes VALUES (3);")
    assert [entry.version for entry in up(dsn, TABLE, ROWS, mended)] == [3]


def test_two_at_once_apply_each_file_once(dsn: str) -> None:
    slow = Migration(1, "slow", "SELECT pg_sleep(0.3); CREATE TABLE notes (id int PRIMARY KEY);")

    async def one() -> int:
        connection = await asyncpg.connect(dsn)
        try:
            return len(await migrations.up(connection, [slow], schema="nself"))
        finally:
            await connection.close()

    async def both() -> list[int]:
        return await asyncio.gather(one(), one())

    assert sorted(asyncio.run(both())) == [0, 1]


def test_an_older_program_leaves_a_newer_one_s_tables_alone_and_says_so(dsn: str) -> None:
    up(dsn, TABLE, ROWS, sole=True)
    with pytest.raises(NewerSchemaError, match=r"changed by a newer nself \(migration 2_rows\)"):
        up(dsn, TABLE, sole=True)
    assert up(dsn, TABLE, ROWS, sole=True) == []
    # In a project's own folder a file may be missing: another branch has it.
    assert up(dsn, TABLE) == []


def test_a_lock_that_is_not_released_ends_in_a_clear_error(dsn: str) -> None:
    async def held(connection: asyncpg.Connection[Any]) -> None:
        other = await asyncpg.connect(dsn)
        try:
            async with migrations.locked(other, "nself", wait_s=1):
                await migrations.up(connection, [TABLE], schema="nself", lock_wait_s=0.1)
        finally:
            await other.close()

    with pytest.raises(TimedOutError, match="another migration"):
        on(dsn, held)


def test_a_setting_made_by_one_file_does_not_reach_the_next(dsn: str) -> None:
    sets = Migration(1, "sets", "SET search_path TO pg_catalog; CREATE TABLE public.notes (id int);")
    inserts = Migration(2, "inserts", "INSERT INTO notes VALUES (1);")
    up(dsn, sets, inserts)
    assert count(dsn) == 1


def test_an_index_can_be_built_concurrently_outside_a_transaction(dsn: str) -> None:
    index = Migration(2, "index", "-- nself: no-transaction\nCREATE INDEX CONCURRENTLY notes_id ON notes (id);")
    assert [entry.version for entry in up(dsn, TABLE, index)] == [1, 2]


def test_a_changed_file_is_reported_as_drifted(dsn: str) -> None:
    applied = up(dsn, TABLE)
    changed = Migration(1, "table", TABLE.up + " -- edited")
    assert migrations.drifted([changed], applied) == [changed]
    assert migrations.drifted([TABLE], applied) == []


def test_files_pair_up_by_version_and_sort_by_number(tmp_path: Path) -> None:
    for name in ("10_ten.up.sql", "9_nine.up.sql", "9_nine.down.sql", "8_eight.sql"):
        (tmp_path / name).write_text("SELECT 1")
    found = migrations.of_folder(tmp_path)
    assert [(one.version, one.down is not None) for one in found] == [(8, False), (9, True), (10, False)]


@pytest.mark.parametrize("names", [["1_a.up.sql", "1_b.up.sql"], ["first.sql"], ["1_a b.sql"]])
def test_names_that_cannot_be_ordered_are_refused(tmp_path: Path, names: list[str]) -> None:
    for name in names:
        (tmp_path / name).write_text("SELECT 1")
    with pytest.raises(ConfigError):
        migrations.of_folder(tmp_path)
