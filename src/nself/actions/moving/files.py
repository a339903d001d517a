"""Files of volumes: copied from one runtime to the other, then counted and measured."""

from __future__ import annotations

from pathlib import Path

from nself.actions.stack import Stack
from nself.errors import NselfError
from nself.events import Emit, Note
from nself.records import dataclass
from nself.services import postgres


@dataclass(frozen=True, slots=True, kw_only=True)
class Content:
    """`bytes` are those in files; folders and links count nothing."""

    files: int
    bytes: int


def names(stack: Stack) -> list[str]:
    """Volumes with something in them. The database's own is moved as a dump: its files depend on the system."""
    database = {volume.name for spec in stack.runtime.specs if spec.name == postgres.NAME for volume in spec.volumes}
    return [name for name in stack.runtime.volume_names() if name not in database]


def copy(source: Stack, target: Stack, emit: Emit) -> dict[str, Content]:
    """Every volume that the target has too. The target holds nothing before."""
    here = {volume.name for spec in target.runtime.specs for volume in spec.volumes}
    found: dict[str, Content] = {}
    for name in names(source):
        if name not in here:
            continue
        emit(Note(f"copying the files of {name}"))
        with source.runtime.volume(name) as folder:
            before = content(folder)
            target.runtime.fill_volume(name, folder)
        with target.runtime.volume(name) as folder:
            after = content(folder)
        if before != after:
            raise NselfError(
                f"{name} has {after.files} files of {after.bytes} bytes after the copy, {before.files} of "
                f"{before.bytes} before",
                fixes=["df -h . to see whether a disk is full", "nself migrate runtime again"],
            )
        found[name] = after
    return found


def content(folder: Path) -> Content:
    sizes = [path.lstat().st_size for path in folder.rglob("*") if path.is_file() and not path.is_symlink()]
    return Content(files=len(sizes), bytes=sum(sizes))
