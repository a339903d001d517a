"""Whose the things on an engine are: a project's own number, made once, is a label of all that is made for it.

Names do not tell: two folders may hold projects of one name. The number is kept in `.nself`, with the folder it was
made for. A folder that was moved keeps it; a copy of a folder, a fresh checkout, or one whose `.nself` was deleted
gets a number of its own, and what the other made is then somebody else's.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import field, replace
from pathlib import Path
from typing import Any

from nself.errors import ConfigError, NselfError
from nself.events import Emit, Note
from nself.host import Host, LocalHost
from nself.model.layout import Layout
from nself.records import dataclass

LABEL = "nself.identity"
FOLDER = "nself.folder"
"""Label of a volume: the folder it was made from, for people."""
FILE = "identity.json"
DIGITS = 16
LOCK_WAIT_S = 30.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """`key` is what hashes that others can see are keyed with; it never leaves the file."""

    id: str
    root: str
    key: str = field(repr=False)
    adopted: Mapping[str, str] = field(default_factory=dict)
    """{volume that was taken over: the number on its label, empty where it has none}."""

    def owns(self, volume: str, label: str) -> bool:
        return label == self.id or self.adopted.get(volume) == label


def known(layout: Layout, host: Host) -> Identity | None:
    """This folder's, if it has one. Nothing is written."""
    found = _read(path(layout.root), host)
    if found is None or found.root == str(layout.root):
        return found
    return None if holder(found.id, Path(found.root), host) else replace(found, root=str(layout.root))


def establish(layout: Layout, host: LocalHost, emit: Emit) -> Identity:
    """This folder's, made when it has none, once by however many ask. A copy of another's folder is told so."""
    found = _read(path(layout.root), host)
    if found is not None and found.root == str(layout.root):
        return found
    with host.lock(layout.run / "identity.lock", wait_s=LOCK_WAIT_S, holder="nself build"):
        return _establish(layout, host, emit)


def _establish(layout: Layout, host: LocalHost, emit: Emit) -> Identity:
    import secrets  # once in a project's life

    here = known(layout, host)
    found = here or Identity(id=secrets.token_hex(DIGITS // 2), root=str(layout.root), key=secrets.token_hex(32))
    before = _read(path(layout.root), host)
    if here is None and before is not None:
        emit(Note(f"this folder is a copy of {before.root}: from here on it is a project with data of its own"))
    if found != before:
        save(found, layout, host)
    return found


def save(identity: Identity, layout: Layout, host: Host) -> None:
    document = {"id": identity.id, "root": identity.root, "key": identity.key, "adopted": dict(identity.adopted)}
    host.write(path(layout.root), json.dumps(document, indent=1) + "\n", mode=0o600)


def required(identity: Identity | None) -> Identity:
    """ConfigError for a folder in which nothing was built yet, whatever was copied into it."""
    if identity is None:
        raise ConfigError("this project was not built in this folder", fixes=["nself build"])
    return identity


def holder(label: str, folder: Path, host: Host) -> bool:
    """Whether the project in that folder has this number today."""
    found = _read(path(folder), host)
    return found is not None and found.id == label and found.root == str(folder)


def path(root: Path) -> Path:
    return Layout(root).state / FILE


def _read(file: Path, host: Host) -> Identity | None:
    """What is no such file, or may not be read, is nobody's."""
    try:
        if not host.exists(file):
            return None
        found: Any = json.loads(host.read(file))
        texts = [found[name] for name in ("id", "root", "key")]
        adopted = dict(found.get("adopted", {}))
    except (NselfError, ValueError, KeyError, TypeError, AttributeError):
        return None
    if not all(isinstance(text, str) and text for text in texts):
        return None
    return Identity(id=texts[0], root=texts[1], key=texts[2], adopted=adopted)
