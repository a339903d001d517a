"""The programs a command runs, and ending them with it."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

PROC = Path("/proc")


def tell(number: int) -> None:
    """Send a signal to all below this process, as a terminal does with Ctrl-C. Those with a session of their own (a
    supervisor and its services) were started to outlive us."""
    own = os.getsid(0)
    for pid in below(os.getpid()):
        with suppress(OSError):
            if os.getsid(pid) == own:
                os.kill(pid, number)


def below(pid: int) -> list[int]:
    """Children, theirs, and so on; none where the kernel does not tell."""
    found = _children(pid)
    for parent in found:
        found += _children(parent)
    return found


def _children(pid: int) -> list[int]:
    try:
        tasks = list((PROC / str(pid) / "task").iterdir())
        return [int(child) for task in tasks for child in (task / "children").read_text().split()]
    except OSError:
        return []
