"""What the kernel says about real processes."""

from __future__ import annotations

import os
import signal
import subprocess

from nself.runtimes.native import processes


def test_a_session_has_those_whose_parent_has_ended() -> None:
    leader = subprocess.Popen(
        ["sh", "-c", "sh -c 'sleep 60 & echo $!'"], stdout=subprocess.PIPE, text=True, start_new_session=True
    )
    assert leader.stdout is not None
    with leader:
        orphan = int(leader.stdout.readline())
        try:
            leader.stdout.close()
            leader.wait(60)
            assert orphan in processes.session(leader.pid)
            assert orphan not in processes.family(leader.pid)
            assert os.getpid() not in processes.session(leader.pid)
        finally:
            os.kill(orphan, signal.SIGKILL)
