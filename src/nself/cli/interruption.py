"""SIGTERM and SIGHUP end a command as Ctrl-C does: with a word, its programs told, its lock let go, 128 + n."""

from __future__ import annotations

import signal
from types import FrameType

from nself import children
from nself.errors import EndedBySignal

HEARD = (signal.SIGTERM, signal.SIGHUP)


def prepare() -> None:
    """For the whole of this process. What it was told to ignore (nohup) it ignores."""
    for number in HEARD:
        if signal.getsignal(number) is signal.SIG_DFL:
            signal.signal(number, _end)


def _end(number: int, frame: FrameType | None) -> None:
    # The second one ends us whatever we are at.
    signal.signal(number, signal.SIG_DFL)
    children.tell(number)
    raise EndedBySignal(signal.Signals(number))
