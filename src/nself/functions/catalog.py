"""Files of the functions folder -> routes. Looked up at each call, so there is nothing to watch and nothing to refresh.

`hello.py` and `hello/index.ts` answer at `/hello`, `users/active.ts` at `/users/active`, `index.js` at `/`. Names that
begin with `_` or `.` and `node_modules` are not routes: code to import, not to call.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path

from nself.records import dataclass

_SEGMENT = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,127}")
_DEEPEST = 16
"""Folders below one another. With the length of a name it keeps every path within what file systems take."""
_SKIPPED = frozenset({"node_modules", "__pycache__"})
_PREFIXES = ("/v1/", "/function/")
"""Older spellings of a route: Nhost's clients put `/v1` in front, nself's first release `/function`."""


class Language(StrEnum):
    PYTHON = "python"
    TYPESCRIPT = "typescript"
    JAVASCRIPT = "javascript"


SUFFIXES = {".py": Language.PYTHON, ".ts": Language.TYPESCRIPT, ".js": Language.JAVASCRIPT}
"""In order of preference, should two files claim one route."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Function:
    """`name` is the route without its slash (`users/active`; `index` for `/`)."""

    name: str
    language: Language
    file: Path

    @property
    def route(self) -> str:
        return "/" if self.name == "index" else f"/{self.name}"

    @property
    def modified(self) -> datetime:
        return datetime.fromtimestamp(self.file.stat().st_mtime, UTC)


def find(folder: Path, path: str) -> Function | None:
    """The function that answers at a URL's path."""
    candidates = [path, *(path[len(prefix) - 1 :] for prefix in _PREFIXES if path.startswith(prefix))]
    return next((found for candidate in candidates if (found := _at(folder, candidate))), None)


def functions(folder: Path) -> list[Function]:
    """Every function, by route. Of two files with one route, only the one that answers."""
    found = {}
    for file in _files(folder):
        parts = file.relative_to(folder).with_suffix("").parts
        if file.suffix in SUFFIXES and all(_SEGMENT.fullmatch(part) for part in parts):
            name = _name(parts)
            answering = _at(folder, f"/{name}")
            if answering:
                found[name] = answering
    return [found[name] for name in sorted(found)]


def fingerprint(folder: Path) -> int:
    """Changes whenever a file below the folder is written, added or removed."""
    return hash(tuple((str(file), *_stamp(file)) for file in _files(folder)))


def _at(folder: Path, path: str) -> Function | None:
    segments = [segment for segment in path.split("/") if segment]
    named_well = all(_SEGMENT.fullmatch(segment) and segment not in _SKIPPED for segment in segments)
    if not named_well or len(segments) > _DEEPEST:
        return None
    base = folder.joinpath(*segments)
    for suffix, language in SUFFIXES.items():
        beside = [base.with_name(base.name + suffix)] if segments else []
        for file in (*beside, base / f"index{suffix}"):
            if file.is_file():
                return Function(
                    name=_name(file.relative_to(folder).with_suffix("").parts), language=language, file=file
                )
    return None


def _name(parts: tuple[str, ...]) -> str:
    """`users/index` is called `users`; only the root's own index keeps its name."""
    return "/".join(parts[:-1] if parts[-1] == "index" and len(parts) > 1 else parts)


def _files(folder: Path) -> Iterator[Path]:
    for root, folders, names in os.walk(folder):
        folders[:] = sorted(name for name in folders if name not in _SKIPPED and not name.startswith("."))
        yield from (Path(root, name) for name in sorted(names))


def _stamp(file: Path) -> tuple[int, int]:
    """Zero for a file that has just gone: its name leaves with the next look."""
    try:
        status = file.stat()
    except OSError:
        return 0, 0
    return status.st_mtime_ns, status.st_size
