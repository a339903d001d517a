"""Contents as files in a folder: `<root>/<aa>/<id>`, its MD5 beside it in `<id>.md5`.

A content is complete before its name exists: written and synced in the staging folder, then renamed. The MD5 names the
content it belongs to by size and time; when it does not fit (a crash between two renames, a folder restored by copying)
it is worked out again.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import time
from collections.abc import AsyncGenerator
from datetime import UTC, datetime
from io import FileIO
from pathlib import Path
from uuid import uuid4

from anyio import to_thread

from nself.storage import spool
from nself.storage.errors import ContentChangedError, FileMissingError
from nself.storage.model import Stored
from nself.storage.ranges import Span
from nself.storage.spool import Spooled

_CHUNK = 256 * 1024


class DiskBackend:
    def __init__(self, root: Path) -> None:
        self.root = root
        self.staging = root / ".staging"

    async def open(self) -> None:
        await to_thread.run_sync(spool.prepare, self.staging)

    async def close(self) -> None:
        """Nothing is held open."""

    async def put(self, key: str, content: Spooled, *, mime_type: str) -> str:
        return await to_thread.run_sync(self._put, key, content)

    async def stat(self, key: str) -> Stored:
        return await to_thread.run_sync(self._stat, key)

    async def read(self, key: str, stored: Stored, span: Span) -> AsyncGenerator[bytes, None]:
        file, first = await to_thread.run_sync(self._open, key, stored, span)
        return _chunks(file, first, span.length)

    async def delete(self, key: str) -> None:
        await to_thread.run_sync(self._delete, key)

    def _path(self, key: str) -> Path:
        return self.root / key[:2] / key

    def _put(self, key: str, content: Spooled) -> str:
        target = self._path(key)
        try:
            if not target.parent.exists():
                target.parent.mkdir(exist_ok=True)
                _sync(self.root)
            # A time of our own choice: the clock of a file system is too coarse to tell two quick puts apart.
            now = time.time_ns()
            os.utime(content.path, ns=(now, now))
            _sync(content.path)
            self._remember(target, content.md5, content.path.stat())
            content.path.replace(target)
            _sync(target.parent)
        except OSError as error:
            raise spool.full(error) from error
        return f'"{content.md5}"'

    def _stat(self, key: str) -> Stored:
        path = self._path(key)
        try:
            with path.open("rb", buffering=0) as file:
                found = os.fstat(file.fileno())
                return _stored(found, self._recall(path, found) or self._compute(path, file, found))
        except FileNotFoundError:
            raise FileMissingError from None

    def _open(self, key: str, stored: Stored, span: Span) -> tuple[FileIO, bytes]:
        """The file and, as one trip to a thread is enough for most files, the first bytes of the span."""
        try:
            file = FileIO(self._path(key))
        except FileNotFoundError:
            raise FileMissingError from None
        if _revision(os.fstat(file.fileno())) != stored.revision:
            file.close()
            raise ContentChangedError
        file.seek(span.start)
        return file, file.read(min(span.length, _CHUNK))

    def _delete(self, key: str) -> None:
        path = self._path(key)
        path.unlink(missing_ok=True)
        _beside(path).unlink(missing_ok=True)

    def _remember(self, path: Path, md5: str, about: os.stat_result) -> None:
        draft = self.staging / uuid4().hex
        try:
            draft.write_text(f"{md5} {_revision(about)}\n", encoding="ascii")
            draft.replace(_beside(path))
        finally:
            draft.unlink(missing_ok=True)

    def _recall(self, path: Path, about: os.stat_result) -> str | None:
        try:
            md5, _, revision = _beside(path).read_text(encoding="ascii").strip().partition(" ")
        except (FileNotFoundError, UnicodeDecodeError):
            return None
        return md5 if revision == _revision(about) else None

    def _compute(self, path: Path, file: FileIO, about: os.stat_result) -> str:
        md5 = hashlib.file_digest(file, lambda: hashlib.md5(usedforsecurity=False)).hexdigest()
        # Only a saving of work: a disk that is full or read-only can still be read.
        with contextlib.suppress(OSError):
            self._remember(path, md5, about)
        return md5


async def _chunks(file: FileIO, first: bytes, length: int) -> AsyncGenerator[bytes, None]:
    try:
        chunk = first
        while length > 0:
            if not chunk:
                raise ContentChangedError
            yield chunk
            length -= len(chunk)
            chunk = await to_thread.run_sync(file.read, min(length, _CHUNK)) if length else b""
    finally:
        file.close()


def _beside(path: Path) -> Path:
    return path.with_name(path.name + ".md5")


def _revision(about: os.stat_result) -> str:
    return f"{about.st_size} {about.st_mtime_ns}"


def _stored(about: os.stat_result, md5: str) -> Stored:
    modified = datetime.fromtimestamp(about.st_mtime, UTC)
    return Stored(size=about.st_size, etag=f'"{md5}"', modified=modified, revision=_revision(about))


def _sync(path: Path) -> None:
    """Make a file's content, or the names in a folder, survive a power cut."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
