"""Where a project's unix sockets are. The kernel allows about 107 bytes for a socket's path, so a deep project gets a
short folder of its own elsewhere, private and checked against squatters."""

from __future__ import annotations

import contextlib
import hashlib
import os
import stat
from pathlib import Path

from nself.errors import PermissionDeniedError

LONGEST = 107 - len("/supervisor.sock.4194304")
"""sun_path less the longest name put below the folder: supervisord binds a temporary `<socket>.<pid>` first."""


def folder(run: Path, uid: int) -> Path:
    """`.nself/run` when its path is short enough, else a short per-project folder of `uid`'s."""
    resolved = run.resolve()
    if len(os.fsencode(resolved)) <= LONGEST:
        return resolved
    digest = hashlib.sha256(os.fsencode(resolved)).hexdigest()[:12]
    return Path("/tmp") / f"nself-{uid}-{digest}"


def ensure(where: Path, uid: int, gid: int) -> None:
    """Make the folder, ours alone. Someone else's folder of that name is refused, never used."""
    try:
        where.mkdir(mode=0o700, parents=True)
    except FileExistsError:
        pass
    else:
        if os.geteuid() != uid:
            os.chown(where, uid, gid)
    found = where.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != uid:
        raise PermissionDeniedError(
            f"{where} belongs to someone else, so sockets cannot be kept there",
            fixes=[f"look at it: ls -ld {where}", "move the project to a folder with a shorter path"],
        )
    if stat.S_IMODE(found.st_mode) != 0o700:
        where.chmod(0o700)


def discard(run: Path, where: Path) -> None:
    """Remove the short folder once nothing listens there any more; `.nself/run` itself stays."""
    if where != run.resolve():
        with contextlib.suppress(OSError):
            where.rmdir()
