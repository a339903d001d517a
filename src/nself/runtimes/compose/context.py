"""What a build is given: a tar whose bytes depend on its files alone, whoever packs it and when."""

from __future__ import annotations

import tarfile
from collections.abc import Iterator, Mapping
from hashlib import sha256
from io import BytesIO
from pathlib import Path

from nself.errors import NselfError

LEFT_OUT = "__pycache__"


def pack(archive: Path, parts: Mapping[str, Path]) -> None:
    """Write `archive` from files and folders by their name inside. Links become what they lead to; all is root's."""
    try:
        with tarfile.open(archive, "w") as tar:
            for name, path in files(parts):
                data = path.read_bytes()
                entry = tarfile.TarInfo(name)
                entry.size, entry.mode = len(data), _mode(path)
                tar.addfile(entry, BytesIO(data))
    except OSError as error:
        archive.unlink(missing_ok=True)
        raise NselfError(
            f"{archive} cannot be written: {error.strerror or error}", fixes=["df -h . to see whether the disk is full"]
        ) from error


def fingerprint(parts: Mapping[str, Path]) -> str:
    """A hash of names, contents and whether a file may be run."""
    digest = sha256()
    for name, path in files(parts):
        data = path.read_bytes()
        digest.update(f"{name}\0{_mode(path)}\0{len(data)}\0".encode() + data)
    return digest.hexdigest()


def files(parts: Mapping[str, Path]) -> Iterator[tuple[str, Path]]:
    """(name inside, file), in one order on every machine."""
    for name, path in sorted(parts.items()):
        if path.is_dir():
            inner = sorted(found for found in path.rglob("*") if found.is_file() and LEFT_OUT not in found.parts)
            yield from ((f"{name}/{found.relative_to(path).as_posix()}", found) for found in inner)
        else:
            yield name, path


def _mode(path: Path) -> int:
    return 0o755 if path.stat().st_mode & 0o100 else 0o644
