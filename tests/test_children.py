from __future__ import annotations

import os
import signal
import subprocess
import sys

from nself import children

TREE = """
import subprocess, sys, time
sleeping = [sys.executable, "-c", "import time; print(1, flush=True); time.sleep(60)"]
ours = subprocess.Popen(sleeping, stdout=subprocess.PIPE)
own = subprocess.Popen(sleeping, stdout=subprocess.PIPE, start_new_session=True)
ours.stdout.readline(), own.stdout.readline()
print(ours.pid, own.pid, flush=True)
{then}
"""


def tree(then: str) -> tuple[subprocess.Popen[str], int, int]:
    """A process, its child, and its child with a session of its own."""
    parent = subprocess.Popen([sys.executable, "-c", TREE.format(then=then)], stdout=subprocess.PIPE, text=True)
    assert parent.stdout is not None
    ours, own = (int(word) for word in parent.stdout.readline().split())
    return parent, ours, own


def test_all_below_a_process_are_found() -> None:
    parent, ours, own = tree("time.sleep(60)")
    try:
        assert {parent.pid, ours, own} <= set(children.below(os.getpid()))
        assert children.below(ours) == []
    finally:
        for pid in (own, ours, parent.pid):
            os.kill(pid, signal.SIGKILL)
        parent.communicate()


def test_those_with_a_session_of_their_own_hear_nothing() -> None:
    then = (
        "from nself import children; children.tell(15); print(ours.wait(), flush=True); time.sleep(0.2);"
        "print(own.poll(), flush=True); own.kill()"
    )
    parent, _, _ = tree(then)
    assert parent.communicate(timeout=90)[0].split() == ["-15", "None"]
