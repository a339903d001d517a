"""Waiting for a lock on a file, and telling who has it."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from contextlib import suppress
from typing import TextIO

from nself.errors import TimedOutError

PATIENT_S = 0.5
"""Waiting this long for another command is nothing to speak of."""


def take(file: TextIO, *, wait_s: float, holder: str, waiting: Callable[[str], None] | None) -> None:
    """Until the file is closed, or we die: the kernel lets go then."""
    began = time.monotonic()
    while not taken(file.fileno()):
        waited = time.monotonic() - began
        if waited >= wait_s:
            raise TimedOutError(
                f"{_signature(file)} is still at work on this project",
                fixes=["wait for it to finish and try again", "nself status"],
            )
        if waiting and waited >= PATIENT_S:
            waiting(_signature(file))
            waiting = None
        time.sleep(0.05)
    _sign(file.fileno(), f"{holder} (pid {os.getpid()}, since {time.strftime('%H:%M:%S')})")


def taken(descriptor: int) -> bool:
    """Whether it is ours now; nobody is waited for."""
    import fcntl

    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _signature(file: TextIO) -> str:
    """Who holds it: the command, its process and since when."""
    file.seek(0)
    return file.read().strip() or "another nself command"


def _sign(descriptor: int, holder: str) -> None:
    """A full disk is no reason not to hold a lock."""
    with suppress(OSError):
        os.ftruncate(descriptor, 0)
        os.write(descriptor, holder.encode())
