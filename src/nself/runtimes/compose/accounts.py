"""Which account a container runs as, where the image alone says: by number, by name, or not at all."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import NamedTuple

from nself.host import LocalHost
from nself.model.spec import Image
from nself.runtimes.compose.docker import Docker

PASSWD, GROUP = "/etc/passwd", "/etc/group"
UID, GID = 2, 3
"""Fields of a line of passwd; a group's number is the third of its own."""


class Account(NamedTuple):
    uid: int
    gid: int

    def __str__(self) -> str:
        return f"{self.uid}:{self.gid}"


def of(image: Image, container: str, docker: Docker, host: LocalHost) -> Account:
    """`container` was made from the image, so that its list of accounts can be read; it need not run."""
    said = image.user or ((docker.inspect_image(image.reference) or {}).get("Config") or {}).get("User") or "0"
    user, _, group = said.partition(":")
    line = [] if user.isdecimal() and group.isdecimal() else _line(user, _read(PASSWD, container, docker, host))
    uid = int(user) if user.isdecimal() else _number(line, UID)
    if not group:
        return Account(uid, _number(line, GID))
    return Account(uid, int(group) if group.isdecimal() else _group(group, container, docker, host))


def _group(name: str, container: str, docker: Docker, host: LocalHost) -> int:
    return _number(_line(name, _read(GROUP, container, docker, host)), UID)


def _line(wanted: str, text: str) -> list[str]:
    """The fields of the account of that name or number; none where the image does not list it."""
    lines = [line.split(":") for line in text.splitlines()]
    return next((line for line in lines if wanted in (line[0], *line[UID : UID + 1])), [])


def _number(line: list[str], field: int) -> int:
    """Root's where nothing is said: so does the engine with a group, and refuses an account it cannot find."""
    return int(line[field]) if len(line) > field and line[field].isdecimal() else 0


def _read(path: str, container: str, docker: Docker, host: LocalHost) -> str:
    """A file of a container; empty where there is none."""
    with tempfile.TemporaryDirectory(prefix="nself-") as folder:
        copy = Path(folder) / "copy"
        # A link is followed by the engine, inside the container.
        ran = docker.run("cp", "--follow-link", f"{container}:{path}", str(copy), check=False, timeout_s=60)
        return host.read(copy) if ran.ok and copy.is_file() else ""
