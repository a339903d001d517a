"""What a build is handed from its service's folder: how much that is, and links that lead out of it."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import field
from pathlib import Path

from nself.events import Emit, Warned
from nself.host import LocalHost
from nself.model.spec import ServiceSpec
from nself.records import dataclass
from nself.runtimes.compose import dockerignore

LARGE = 500 * 1000**2
"""More than that is hardly ever meant: it is copied to the engine before the first step."""
MOST_FILES = 100_000
SHOWN_LINKS = 3


@dataclass(kw_only=True)
class Given:
    """`parts` are the bytes of each entry of the folder; `outside` are links to what a build cannot see."""

    parts: Counter[str] = field(default_factory=Counter)
    outside: list[str] = field(default_factory=list)


def warn(specs: Mapping[str, ServiceSpec], names: Iterable[str], host: LocalHost, emit: Emit) -> None:
    """Of what makes a build slow or leaves something out of it without a word."""
    for name in names:
        folder = specs[name].build if name in specs else None
        if folder is None or not folder.is_dir():
            continue
        for warning in _warnings(name, folder, given(folder, host)):
            emit(warning)


def given(folder: Path, host: LocalHost) -> Given:
    """What .dockerignore does not keep out, as far as the first hundred thousand entries tell."""
    file = folder / dockerignore.NAME
    rules = host.read(file) if host.exists(file) else ""
    stays, found = dockerignore.reader(rules), Given()
    again = any(line.lstrip().startswith("!") for line in rules.splitlines())
    for number, (path, entry) in enumerate(_entries(folder, lambda path: stays(path) and not again)):
        if number >= MOST_FILES:
            break
        if stays(path):
            continue
        if entry.is_symlink():
            if not Path(entry.path).resolve().is_relative_to(folder.resolve()):
                found.outside.append(path)
        elif entry.is_file():
            found.parts[path.partition("/")[0]] += entry.stat().st_size
    return found


def _entries(folder: Path, passed_by: Callable[[str], bool]) -> Iterator[tuple[str, os.DirEntry[str]]]:
    """All below a folder, by their path in it; what is `passed_by` is not looked into."""
    waiting = [("", str(folder))]
    while waiting:
        above, place = waiting.pop()
        try:
            entries = sorted(os.scandir(place), key=lambda entry: entry.name)
        except OSError:
            # Docker says itself which folder it may not read.
            continue
        for entry in entries:
            path = f"{above}{entry.name}"
            yield path, entry
            if entry.is_dir(follow_symlinks=False) and not passed_by(path):
                waiting.append((f"{path}/", entry.path))


def _warnings(name: str, folder: Path, found: Given) -> Iterator[Warned]:
    total = found.parts.total()
    ignore = folder / dockerignore.NAME
    if total > LARGE:
        ((largest, size),) = found.parts.most_common(1)
        yield Warned(
            f"the image of {name} is built from {total / 1e6:.0f} MB, {size / 1e6:.0f} MB of them in {largest}:"
            " all is copied to the engine first",
            fix=f"echo '{largest}' >> {ignore}, if the image does not need it",
        )
    if found.outside:
        listed = ", ".join(found.outside[:SHOWN_LINKS]) + (" …" if len(found.outside) > SHOWN_LINKS else "")
        yield Warned(
            f"the image of {name} gets {listed} as a link, without what it leads to: that is outside of {folder}",
            fix=f"put a copy there, or keep the link out by a line in {ignore}",
        )
