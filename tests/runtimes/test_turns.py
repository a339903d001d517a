from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from nself.errors import TimedOutError
from nself.events import Event, Note
from nself.host import LocalHost
from nself.model.layout import Layout
from nself.runtimes.turns import taken

HOLDING = """
import sys, time
from pathlib import Path
from nself.host import LocalHost
with LocalHost().lock(Path(sys.argv[1]), wait_s=1, holder=sys.argv[2]):
    print("held", flush=True)
    time.sleep(60)
"""


@contextmanager
def holding(layout: Layout, holder: str) -> Iterator[subprocess.Popen[str]]:
    """Another command that has the project's lock and does not let go of it by itself."""
    argv = [sys.executable, "-c", HOLDING, str(layout.run / "lock"), holder]
    other = subprocess.Popen(argv, stdout=subprocess.PIPE, text=True)
    try:
        assert other.stdout is not None and other.stdout.readline() == "held\n"
        yield other
    finally:
        other.kill()
        other.communicate()


def test_a_command_that_is_not_worth_waiting_for_is_ended(tmp_path: Path) -> None:
    layout, said = Layout(tmp_path), list[Event]()
    with (
        holding(layout, "nself start") as other,
        taken(layout, LocalHost(), said.append, "stop", wait_s=30, ends=("start",)),
    ):
        assert other.wait(timeout=60) == -signal.SIGTERM
    (note,) = said
    assert isinstance(note, Note) and note.text.startswith(f"ending nself start (pid {other.pid}, since ")


def test_any_other_is_waited_for_and_named_with_since_when(tmp_path: Path) -> None:
    layout, said = Layout(tmp_path), list[Event]()
    with (
        holding(layout, "nself scale") as other,
        pytest.raises(TimedOutError, match=r"nself scale .pid .* is still at work"),
        taken(layout, LocalHost(), said.append, "stop", wait_s=1, ends=("start",)),
    ):
        pass
    assert other.returncode == -signal.SIGKILL
    (note,) = said
    assert isinstance(note, Note) and note.text.startswith(f"waiting for nself scale (pid {other.pid}, since ")


def test_who_is_named_in_the_file_but_has_it_not_open_is_left_alone(tmp_path: Path) -> None:
    layout, said = Layout(tmp_path), list[Event]()
    bystander = subprocess.Popen(["sleep", "60"])
    try:
        with (
            holding(layout, "nobody we know"),
            pytest.raises(TimedOutError),
            (layout.run / "lock").open("w") as file,
        ):
            file.write(f"nself start (pid {bystander.pid}, since 10:00:00)")
            file.flush()
            with taken(layout, LocalHost(), said.append, "stop", wait_s=1, ends=("start",)):
                pass
        assert bystander.poll() is None
    finally:
        bystander.kill()
        bystander.wait()
