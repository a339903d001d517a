"""Who listens on a port of this machine, as far as the kernel tells us."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

PROC = Path("/proc")
_LISTENING = "0A"


def owner(port: int) -> str | None:
    """`nginx (pid 812)`; None when nobody listens there or the process is another user's."""
    inodes = set(_inodes(port))
    for pid in (entry.name for entry in PROC.iterdir() if entry.name.isdigit()) if inodes else ():
        if inodes & set(_sockets(pid)):
            return f"{_name(pid)} (pid {pid})"
    return None


def may_bind(port: int) -> bool:
    """Low ports are root's, unless the machine says otherwise."""
    if os.geteuid() == 0:
        return True
    try:
        first = int((PROC / "sys/net/ipv4/ip_unprivileged_port_start").read_text(encoding="ascii"))
    except (OSError, ValueError):
        first = 1024
    return port >= first


def _inodes(port: int) -> Iterator[str]:
    """Socket inodes that listen on `port`, in any address family."""
    for table in ("tcp", "tcp6"):
        try:
            lines = (PROC / "net" / table).read_text(encoding="ascii").splitlines()[1:]
        except OSError:
            continue
        for fields in (line.split() for line in lines):
            if fields[3] == _LISTENING and int(fields[1].rpartition(":")[2], 16) == port:
                yield fields[9]


def _sockets(pid: str) -> Iterator[str]:
    try:
        for entry in (PROC / pid / "fd").iterdir():
            target = str(entry.readlink())
            if target.startswith("socket:["):
                yield target[8:-1]
    except OSError:
        return


def _name(pid: str) -> str:
    try:
        return (PROC / pid / "comm").read_text(encoding="utf-8", errors="replace").strip()
    except OSError:
        return "a process"
