"""Log files that are rotated under the reader: the lines there are, and the lines to come."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from nself.errors import PermissionDeniedError

BACKUPS = 9


def lines(file: Path) -> Iterator[str]:
    """Every line there is, oldest first, from the oldest rotated file to the current one."""
    rotated = [file.with_name(f"{file.name}.{number}") for number in range(BACKUPS, 0, -1)]
    for part in [*rotated, file]:
        try:
            with part.open(encoding="utf-8", errors="replace") as opened:
                for line in opened:
                    yield line.rstrip("\n")
        except FileNotFoundError:
            continue
        except PermissionError as error:
            raise _private(part) from error


class Follower:
    """New whole lines of one file from now on. When it is rotated, the rest of the old one comes first."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._open: BinaryIO | None = None
        self._rest = b""
        self._reopen(at_end=True)

    def new_lines(self) -> list[str]:
        data = self._read()
        if self._moved():
            data += self._read()
            self._reopen(at_end=False)
            data += self._read()
        *whole, self._rest = (self._rest + data).split(b"\n")
        return [line.decode(errors="replace") for line in whole]

    def _read(self) -> bytes:
        return self._open.read() if self._open else b""

    def _moved(self) -> bool:
        """Another file has our name by now, or ours was cut short."""
        try:
            named = self._file.stat()
        except FileNotFoundError:
            return False
        if self._open is None:
            return True
        ours = os.fstat(self._open.fileno())
        return (named.st_dev, named.st_ino) != (ours.st_dev, ours.st_ino) or ours.st_size < self._open.tell()

    def _reopen(self, *, at_end: bool) -> None:
        if self._open is not None:
            self._open.close()
        try:
            self._open = self._file.open("rb")
        except FileNotFoundError:
            self._open = None
            return
        except PermissionError as error:
            raise _private(self._file) from error
        if at_end:
            self._open.seek(0, os.SEEK_END)


def _private(file: Path) -> PermissionDeniedError:
    return PermissionDeniedError(
        f"{file} may be read by the account that runs the stack and by root only", fixes=["sudo nself logs"]
    )
