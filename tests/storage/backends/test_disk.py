"""What only the disk backend has: files with names, and crashes between two of them."""

from __future__ import annotations

import asyncio
import errno
import hashlib
import os
import shutil
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from nself.storage.backends.disk import DiskBackend
from nself.storage.model import Stored
from nself.storage.spool import Spooled

KEY = "f215cf48-7458-4596-9aa5-2159fc6a3caf"


def run(body: Callable[[], Awaitable[Any]]) -> Any:
    async def go() -> Any:
        return await body()

    return asyncio.run(go())


async def put(backend: DiskBackend, content: bytes) -> str:
    spooled = Spooled(backend.staging, ceiling=100)
    await spooled.write(content)
    await spooled.finish()
    return await backend.put(KEY, spooled, mime_type="text/plain")


@pytest.fixture
def backend(tmp_path: Path) -> DiskBackend:
    backend = DiskBackend(tmp_path)
    run(backend.open)
    return backend


def etag(content: bytes) -> str:
    return f'"{hashlib.md5(content).hexdigest()}"'


def stat(backend: DiskBackend) -> Stored:
    return run(lambda: backend.stat(KEY))  # type: ignore[no-any-return]


def test_a_content_lies_under_the_first_letters_of_its_id(backend: DiskBackend) -> None:
    run(lambda: put(backend, b"one"))
    assert (backend.root / "f2" / KEY).read_bytes() == b"one"
    assert sorted(path.name for path in (backend.root / "f2").iterdir()) == [KEY, f"{KEY}.md5"]
    assert list(backend.staging.iterdir()) == []


def test_a_folder_restored_by_copying_works_out_its_etags_again_and_keeps_them(
    backend: DiskBackend, monkeypatch: pytest.MonkeyPatch
) -> None:
    run(lambda: put(backend, b"one"))
    path = backend.root / "f2" / KEY
    shutil.copyfile(path, path.with_name("copy"))
    path.with_name("copy").replace(path)
    os.utime(path, ns=(1, 1))
    assert stat(backend).etag == etag(b"one")
    monkeypatch.setattr(hashlib, "file_digest", None)
    assert stat(backend).etag == etag(b"one")


def test_a_content_without_its_md5_has_an_etag_all_the_same(backend: DiskBackend) -> None:
    run(lambda: put(backend, b"one"))
    for ruin in (lambda path: path.unlink(), lambda path: path.write_bytes(b"\xff\x00")):
        ruin(backend.root / "f2" / f"{KEY}.md5")
        assert stat(backend).etag == etag(b"one")


def test_a_disk_that_cannot_be_written_can_still_be_read(backend: DiskBackend, monkeypatch: pytest.MonkeyPatch) -> None:
    run(lambda: put(backend, b"one"))
    (backend.root / "f2" / f"{KEY}.md5").unlink()

    def full(*args: object, **more: object) -> int:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(Path, "write_text", full)
    assert stat(backend).etag == etag(b"one")


def test_killed_before_the_new_content_has_its_name_the_old_one_is_served(
    backend: DiskBackend, monkeypatch: pytest.MonkeyPatch
) -> None:
    run(lambda: put(backend, b"old"))
    replace = Path.replace

    def killed(self: Path, target: Path) -> Path:
        if target.name == KEY:
            raise KeyboardInterrupt
        return replace(self, target)

    monkeypatch.setattr(Path, "replace", killed)
    with pytest.raises(KeyboardInterrupt):
        run(lambda: put(backend, b"new"))
    monkeypatch.undo()
    assert (backend.root / "f2" / KEY).read_bytes() == b"old"
    assert stat(backend).etag == etag(b"old")


def test_two_contents_of_one_size_in_one_tick_of_the_clock_are_told_apart(backend: DiskBackend) -> None:
    run(lambda: put(backend, b"one"))
    first = stat(backend)
    run(lambda: put(backend, b"two"))
    assert stat(backend).revision != first.revision
