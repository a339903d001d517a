"""Who listens on a port of this machine, as far as the kernel tells us."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
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


def of(pids: Iterable[int], uid: int) -> frozenset[int]:
    """Ports on which those processes listen. Where the kernel keeps their files from us, whatever is `uid`'s counts."""
    found = {str(pid): list(_sockets(str(pid))) for pid in pids}
    sockets = {inode for inodes in found.values() for inode in inodes}
    hidden = any(_is_hidden(pid) for pid, inodes in found.items() if not inodes)
    return frozenset(port for port, inode, owner in _listening() if inode in sockets or (hidden and owner == uid))


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
    """Socket inodes that listen on `port`."""
    return (inode for number, inode, _ in _listening() if number == port)


def _listening() -> Iterator[tuple[int, str, int]]:
    """(port, socket inode, account) of all that listens, in any address family."""
    for table in ("tcp", "tcp6"):
        try:
            lines = (PROC / "net" / table).read_text(encoding="ascii").splitlines()[1:]
        except OSError:
            continue
        for fields in (line.split() for line in lines):
            if fields[3] == _LISTENING:
                yield int(fields[1].rpartition(":")[2], 16), fields[9], int(fields[7])


def _sockets(pid: str) -> Iterator[str]:
    try:
        for entry in (PROC / pid / "fd").iterdir():
            target = str(entry.readlink())
            if target.startswith("socket:["):
                yield target[8:-1]
    except OSError:
        return


def _is_hidden(pid: str) -> bool:
    """Whether its open files are kept from us: not so when it has none, or is gone."""
    try:
        next((PROC / pid / "fd").iterdir(), None)
    except PermissionError:
        return True
    except OSError:
        return False
    return False


def _name(pid: str) -> str:
    try:
        return (PROC / pid / "comm").read_text(encoding="utf-8", errors="replace").strip()
    except OSError:
        return "a process"
