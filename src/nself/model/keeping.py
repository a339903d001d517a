"""What a custom service keeps, and what it is given of the project's folder: `CS_N_VOLUMES=data:/app/data,./in:/in:ro`.

A name is a volume: its data outlives the service, and services that write the same name share it. What begins with `./`
is a file or folder of the project. Nothing else of the machine can be named.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Sequence
from pathlib import Path, PurePosixPath

from nself.errors import Problem
from nself.model.spec import Mount, ServiceSpec, Volume

FORM = "name:/path[:ro] or ./folder:/path[:ro]"
NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,49}")
TARGET = re.compile(r"/[A-Za-z0-9._@+ /-]+")
ENGINES = ("/proc", "/sys", "/dev", "/run", "/etc/nself", "/project")
"""Folders of a container that are the engine's or ours, with all below them."""
TEMPORARY = "/tmp"
OWN = re.compile(r"\.nself(/.*)?|\.git(/.*)?|\.env[^/]*|\.environments(/.*)?|nself\.yml|\.nself\.yml")
"""Of the project's folder: data, secrets, and what nself and git themselves go by."""


def parse(texts: Iterable[str], taken: Collection[str]) -> tuple[tuple[Volume, ...], tuple[Mount, ...]]:
    """ValueError says what is wrong with the first that is wrong. `taken` are names of volumes that are not for it."""
    volumes: list[Volume] = []
    mounts: list[Mount] = []
    for text in texts:
        made = _one(text, taken)
        volumes += [made] if isinstance(made, Volume) else []
        mounts += [made] if isinstance(made, Mount) else []
    for what in ("target", "variable"):
        _refuse_twice(what, [getattr(each, what) for each in (*volumes, *mounts)])
    return tuple(volumes), tuple(mounts)


def _one(text: str, taken: Collection[str]) -> Volume | Mount:
    source, colon, rest = text.partition(":")
    target, _, mode = rest.partition(":")
    if not colon or mode not in ("", "ro", "rw"):
        raise ValueError(f"expected {FORM}, got {text!r}")
    read_only, where = mode == "ro", _target(target)
    if source == "." or source.startswith(("./", "../", "/", "~")):
        return Mount(path=_path(source), target=where, read_only=read_only)
    if not NAME.fullmatch(source):
        raise ValueError(f"a volume's name is lower-case letters, digits, - and _, and a folder's begins with ./; got "
                         f"{source!r}")  # fmt: skip
    if source in taken:
        raise ValueError(f"{source} is the volume of a built-in service; choose another name")
    return Volume(name=source, target=where, read_only=read_only)


def _target(text: str) -> str:
    path = PurePosixPath(text)
    if not TARGET.fullmatch(text) or ".." in path.parts or len(path.parts) < 2:
        raise ValueError(f"expected an absolute path in the container behind the colon, as /app/data; got {text!r}")
    clean = "/" + "/".join(path.parts[1:])
    if clean == TEMPORARY or any(_within(clean, folder) or _within(folder, clean) for folder in ENGINES):
        raise ValueError(f"{clean} is not to be covered: the container needs it as it is")
    return clean


def _path(text: str) -> str:
    """Relative to the project, without `./`."""
    path = PurePosixPath(text)
    if not text.startswith("./") or ".." in path.parts or not text.isprintable() or "$" in text:
        raise ValueError(f"{text!r} is not a path below the project's folder: it begins with ./ and has no .. in it")
    clean = path.as_posix()
    if clean == "." or OWN.fullmatch(clean):
        raise ValueError(f"{text} holds secrets or settings of the project, which no service is given")
    return clean


def _refuse_twice(what: str, found: Sequence[str]) -> None:
    twice = [each for each in found if found.count(each) > 1]
    if twice:
        raise ValueError(f"two of them have the {what} {twice[0]}")


def leads_out(root: Path, path: str) -> bool:
    """Whether links on the way end outside of the project, or at what is the project's own."""
    try:
        inner = (root / path).resolve().relative_to(root.resolve()).as_posix()
    except (ValueError, OSError, RuntimeError):
        return True
    return inner == "." or bool(OWN.fullmatch(inner))


def crossing(specs: Sequence[ServiceSpec]) -> Iterator[Problem]:
    """What a container is given of a folder that another may write to: put in its place, a link would lead the engine
    anywhere on the machine."""
    given = [(spec.name, path) for spec in specs for path in (*spec.reads, *(mount.path for mount in spec.mounts))]
    for spec in specs:
        for mount in (mount for mount in spec.mounts if not mount.read_only):
            for reader, path in given:
                if path != mount.path and _within(path, mount.path):
                    message = f"./{mount.path} holds ./{path}, which {reader} is given: it could put a link there"
                    hint = f"./{mount.path}:{mount.target}:ro, or name folders beside it"
                    yield Problem(path=f"services.{spec.name}.volumes", message=message, hint=hint)


def _within(path: str, folder: str) -> bool:
    return path == folder or path.startswith(f"{folder}/")
