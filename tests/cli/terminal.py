"""A terminal to run a program on, and somebody who answers its questions."""

from __future__ import annotations

import os
import pty
import select
import subprocess
from collections.abc import Sequence
from pathlib import Path


def typed_in(argv: Sequence[str], folder: Path, *answers: tuple[str, str]) -> tuple[int, str]:
    """Run a program and answer each question when it stands there; its exit code and all that was shown."""
    ours, theirs = pty.openpty()
    program = subprocess.Popen(argv, cwd=folder, stdin=theirs, stdout=theirs, stderr=theirs)
    os.close(theirs)
    shown, waiting = "", list(answers)
    try:
        while select.select([ours], [], [], 20)[0]:
            try:
                shown += os.read(ours, 4096).decode()
            except OSError:
                break
            if waiting and waiting[0][0] in shown.splitlines()[-1] and shown.endswith(": "):
                os.write(ours, f"{waiting.pop(0)[1]}\n".encode())
        return program.wait(timeout=60), shown
    finally:
        program.kill()
        program.wait()
        os.close(ours)
