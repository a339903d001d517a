"""Contents on their way in: one file a part in a staging folder, hashed as it is written, never whole in memory."""

from __future__ import annotations

import contextlib
import errno
import hashlib
import os
import time
from collections.abc import Callable
from io import BufferedWriter
from pathlib import Path
from uuid import uuid4

from anyio import to_thread

from nself.errors import ConfigError
from nself.storage.errors import StoreFullError
from nself.storage.mime import SNIFFED_BYTES

_FLUSH_BYTES = 512 * 1024
_ABANDONED_S = 6 * 3600.0
_FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}


class Spooled:
    """One content being received. Beyond `ceiling` bytes it is counted but no longer kept: nobody may store it."""

    def __init__(self, folder: Path, *, ceiling: int) -> None:
        self.path = folder / uuid4().hex
        self.size = 0
        self.head = b""
        self._ceiling = ceiling
        self._digest = hashlib.md5(usedforsecurity=False)
        self._pending = bytearray()
        self._file: BufferedWriter | None = None

    @property
    def md5(self) -> str:
        return self._digest.hexdigest()

    async def write(self, data: bytes) -> None:
        self.size += len(data)
        if len(self.head) < SNIFFED_BYTES:
            self.head += data[: SNIFFED_BYTES - len(self.head)]
        if self.size > self._ceiling:
            self._pending.clear()
            return
        self._pending += data
        if len(self._pending) >= _FLUSH_BYTES:
            await _in_thread(self._flush)

    async def finish(self) -> None:
        """Everything is in: write the rest and close. The content is at `path`."""
        await _in_thread(self._close)

    async def discard(self) -> None:
        """Remove what is left in the staging folder; nothing is when a backend took the file over."""
        await to_thread.run_sync(self._remove)

    def _flush(self) -> None:
        self._opened().write(self._pending)
        self._digest.update(self._pending)
        self._pending = bytearray()

    def _close(self) -> None:
        self._flush()
        self._opened().close()

    def _opened(self) -> BufferedWriter:
        self._file = self._file or self.path.open("xb")
        return self._file

    def _remove(self) -> None:
        if self._file is not None:
            # On a full disk closing fails as writing did, and has been told already.
            with contextlib.suppress(OSError):
                self._file.close()
        self.path.unlink(missing_ok=True)


async def _in_thread(work: Callable[[], None]) -> None:
    try:
        await to_thread.run_sync(work)
    except OSError as error:
        raise full(error) from error


def full(error: OSError) -> OSError | StoreFullError:
    """The error to raise for `error`: a full disk has its own answer."""
    return StoreFullError() if error.errno in _FULL else error


def prepare(folder: Path) -> None:
    """Make the staging folder and clear away what killed processes left there."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    if folder.is_symlink() or folder.stat().st_uid != os.geteuid():
        raise ConfigError(
            f"{folder} belongs to someone else: uploads cannot wait there", fixes=["set STORAGE_SPOOL_DIR"]
        )
    for left in folder.iterdir():
        with contextlib.suppress(FileNotFoundError):
            if time.time() - left.stat().st_mtime > _ABANDONED_S:
                left.unlink()
