"""What services are given of the project's folder, looked at before each start: it may have changed since the build."""

from __future__ import annotations

import shlex
import stat
from collections.abc import Iterable
from pathlib import Path

from nself.errors import ConfigError
from nself.host import Host
from nself.model import keeping
from nself.model.spec import Mount, ServiceSpec


def missing(root: Path, specs: Iterable[ServiceSpec], host: Host) -> dict[Path, ServiceSpec]:
    """Folders that are to be made, each with the first service that writes to it. ConfigError for what leads out of
    the project, and for what is only read and not there."""
    found: dict[Path, ServiceSpec] = {}
    for spec in specs:
        for mount in spec.mounts:
            if keeping.leads_out(root, mount.path):
                raise ConfigError(
                    f"./{mount.path}, which {spec.name} is given, leads by a link out of the project or to its secrets",
                    fixes=[f"put the files themselves there, or name another folder in the volumes of {spec.name}"],
                )
            path = root / mount.path
            if host.exists(path):
                continue
            if mount.read_only:
                raise ConfigError(
                    f"./{mount.path}, which {spec.name} reads, is not there",
                    fixes=[f"mkdir -p {shlex.quote(mount.path)}", f"take it out of the volumes of {spec.name}"],
                )
            found.setdefault(path, spec)
    return found


def refusal(root: Path, spec: ServiceSpec, mount: Mount, uid: int, gid: int) -> str | None:
    """Why an account, which is not root with all its rights, may not write there; None when it may, or need not."""
    path = root / mount.path
    found = path.stat()
    if mount.read_only:
        return None
    theirs = stat.S_IWGRP if gid == found.st_gid else stat.S_IWOTH
    if found.st_mode & (stat.S_IWUSR if uid == found.st_uid else theirs):
        return None
    recursive = "-R " if path.is_dir() else ""
    return (
        f"{spec.name} runs as account {uid}:{gid}, which may not write to ./{mount.path} of {found.st_uid}:"
        f"{found.st_gid}: sudo chown {recursive}{uid} {shlex.quote(mount.path)}, or give it :ro"
    )
