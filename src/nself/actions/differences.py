"""What a set of rendered files would change on disk, as names and as text for people. Secrets are left out of it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from nself.errors import NselfError
from nself.host import Host
from nself.model.place import SECRETS
from nself.records import dataclass
from nself.render import env
from nself.settings import from_file, to_file


@dataclass(frozen=True, slots=True)
class Difference:
    """A unified diff of one file, below the build folder."""

    path: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """Names of files, each below the build folder."""

    created: tuple[str, ...]
    updated: tuple[str, ...]
    unchanged: int
    removed: tuple[str, ...]

    @property
    def any(self) -> bool:
        return bool(self.created or self.updated or self.removed)


def between(folder: Path, files: Mapping[str, str], host: Host, *, complete: bool) -> Found:
    """`complete`: what is on disk and not in `files` is to go."""
    there = {str(path.relative_to(folder)) for path in host.glob(folder, "**/*") if path.is_file()}
    same = {name for name in there & set(files) if _read(folder / name, host) == files[name]}
    return Found(
        created=tuple(sorted(set(files) - there)),
        updated=tuple(sorted((there & set(files)) - same)),
        unchanged=len(same),
        removed=tuple(sorted(there - set(files))) if complete else (),
    )


def texts(folder: Path, files: Mapping[str, str], found: Found, host: Host) -> tuple[Difference, ...]:
    """How each file changes."""
    names = sorted({*found.created, *found.updated, *found.removed})
    return tuple(Difference(name, _diff(name, _before(folder, name, host), files.get(name, ""))) for name in names)


def _diff(name: str, before: str, after: str) -> str:
    import difflib  # most builds are asked for no differences

    old, new = (_shown(name, text).splitlines() for text in (before, after))
    lines = difflib.unified_diff(old, new, f"a/{name}", f"b/{name}", lineterm="")
    return "\n".join(lines) or f"b/{name}: a value that is not shown here changed"


def _shown(name: str, text: str) -> str:
    """The names of an env file, not its values: any of them may be a secret. Of a secret file nothing at all."""
    if name.startswith(f"{SECRETS}/"):
        return ""
    if not name.startswith(f"{env.FOLDER}/"):
        return text
    return to_file(dict.fromkeys(from_file(text), "..."))


def _before(folder: Path, name: str, host: Host) -> str:
    return _read(folder / name, host) or ""


def _read(path: Path, host: Host) -> str | None:
    """None for what cannot be read as text: it is not what we wrote, so it will be replaced."""
    try:
        return host.read(path)
    except NselfError:
        return None
