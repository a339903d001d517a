"""Contents on their way in."""

from __future__ import annotations

import asyncio
import errno
import os
import time
from pathlib import Path

import pytest

from nself.errors import ConfigError
from nself.storage import spool
from nself.storage.errors import StoreFullError
from nself.storage.spool import Spooled


def test_small_writes_reach_the_disk_in_one_piece_at_the_end(tmp_path: Path) -> None:
    async def go() -> None:
        content = Spooled(tmp_path, ceiling=10)
        for byte in (b"a", b"b", b"c"):
            await content.write(byte)
        assert not content.path.exists()
        await content.finish()
        assert content.path.read_bytes() == b"abc"

    asyncio.run(go())


def test_discarding_is_fine_before_and_after_the_file_was_taken_over(tmp_path: Path) -> None:
    async def go() -> None:
        taken, untouched = Spooled(tmp_path, ceiling=10), Spooled(tmp_path, ceiling=10)
        await taken.finish()
        taken.path.replace(tmp_path / "elsewhere")
        await taken.discard()
        await untouched.discard()
        assert [path.name for path in tmp_path.iterdir()] == ["elsewhere"]

    asyncio.run(go())


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT])
def test_a_full_disk_has_its_own_answer(number: int) -> None:
    assert isinstance(spool.full(OSError(number, "")), StoreFullError)


def test_other_troubles_stay_what_they_are() -> None:
    error = OSError(errno.EACCES, "")
    assert spool.full(error) is error


def test_preparing_clears_what_a_killed_process_left_long_ago(tmp_path: Path) -> None:
    folder = tmp_path / "a" / "b"
    spool.prepare(folder)
    for name, age_s in (("old", 7 * 3600), ("running", 60)):
        (folder / name).touch()
        os.utime(folder / name, (time.time() - age_s,) * 2)
    spool.prepare(folder)
    assert [path.name for path in folder.iterdir()] == ["running"]
    assert folder.stat().st_mode & 0o777 == 0o700


def test_a_staging_folder_of_someone_else_is_not_used(tmp_path: Path) -> None:
    (tmp_path / "theirs").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "theirs")
    with pytest.raises(ConfigError, match="belongs to someone else"):
        spool.prepare(tmp_path / "link")
