"""Log files that are rotated under the reader: the lines there are, and the lines to come."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import BinaryIO

from nself.errors import PermissionDeniedError
from nself.host import LONGEST_LINE

BACKUPS = 9
BLOCK = 256 * 1024


def lines(file: Path, *, last: int | None = None) -> Iterator[str]:
    """Every line there is, or the `last` ones: oldest first, from the oldest rotated file to the current one."""
    rotated = [file.with_name(f"{file.name}.{number}") for number in range(BACKUPS, 0, -1)]
    for part, start in _starts([*rotated, file], last):
        try:
            with part.open(encoding="utf-8", errors="replace") as opened:
                opened.seek(start)
                while line := opened.readline(LONGEST_LINE):
                    yield line.rstrip("\n")
        except FileNotFoundError:
            continue
        except PermissionError as error:
            raise _private(part) from error


def _starts(parts: Sequence[Path], last: int | None) -> list[tuple[Path, int]]:
    """The files to read and where in them to begin, found from the end: a large log is not read for a few lines."""
    if last is None:
        return [(part, 0) for part in parts]
    found: list[tuple[Path, int]] = []
    for part in reversed(parts):
        if last <= 0:
            break
        try:
            start, passed = _before(part, last)
        except FileNotFoundError:
            continue
        except PermissionError as error:
            raise _private(part) from error
        found.append((part, start))
        last -= passed
    return found[::-1]


def _before(part: Path, last: int) -> tuple[int, int]:
    """Where the last lines of a file begin, and how many there are."""
    with part.open("rb") as file:
        at = end = file.seek(0, os.SEEK_END)
        number = 0
        while at > 0:
            size = min(BLOCK, at)
            at -= size
            file.seek(at)
            data = file.read(size)
            # The newline that ends the file begins no line.
            position = len(data) - 1 if at + size == end else len(data)
            while (position := data.rfind(b"\n", 0, position)) >= 0:
                number += 1
                if number == last:
                    return at + position + 1, last
        return 0, number + 1 if end else 0


class Follower:
    """New whole lines of one file from now on. When it is rotated, the rest of the old one comes first."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._open: BinaryIO | None = None
        self._rest = b""
        self._reopen(at_end=True)

    def new_lines(self) -> list[str]:
        data = self._read()
        if len(data) < LONGEST_LINE and self._moved():
            data += self._read()
            self._reopen(at_end=False)
            data += self._read()
        *whole, self._rest = (self._rest + data).split(b"\n")
        if len(self._rest) > LONGEST_LINE:
            whole, self._rest = [*whole, self._rest], b""
        return [line.decode(errors="replace") for line in whole]

    def _read(self) -> bytes:
        """As much as a memory should hold; the rest is there the next time."""
        return self._open.read(LONGEST_LINE) if self._open else b""

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
