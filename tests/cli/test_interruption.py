"""A command that gets a signal ends with a word, and with what shells and service managers expect of it."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from nself.host import LocalHost
from nself.model.layout import Layout
from tests.e2e.conftest import SECRET

SECRETS = ("JWT_KEY", "POSTGRES_PASSWORD", "HASURA_GRAPHQL_ADMIN_SECRET")


@pytest.fixture(autouse=True)
def told_to_ignore_nothing() -> Iterator[None]:
    """A suite that was started by nohup ignores SIGHUP, and what it starts would inherit that."""
    before = signal.signal(signal.SIGHUP, signal.SIG_DFL)
    yield
    signal.signal(signal.SIGHUP, before)


def waiting_build(root: Path, *more: str) -> subprocess.Popen[str]:
    """`nself build`, at the moment when it waits for another one."""
    (root / ".env").write_text("PROJECT_NAME=shop\n" + "".join(f"{name}={SECRET}\n" for name in SECRETS))
    (root / ".env").chmod(0o600)
    ran = subprocess.Popen(
        [sys.executable, "-m", "nself", "build", *more],
        cwd=root,
        env={"PATH": os.environ["PATH"], "HOME": str(root)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
    )
    lock = (Layout(root).run / "build.lock").stat().st_ino
    deadline = time.monotonic() + 90
    while lock not in opened(ran.pid):
        assert time.monotonic() < deadline and ran.poll() is None
        time.sleep(0.02)
    return ran


def opened(pid: int) -> set[int]:
    """The inodes of the files a process has open."""
    found = set()
    for file in Path(f"/proc/{pid}/fd").iterdir():
        with suppress(OSError):
            found.add(file.stat().st_ino)
    return found


@pytest.mark.parametrize(
    ("number", "exit_code", "said"),
    [
        (signal.SIGINT, 130, "error: interrupted\n"),
        (signal.SIGTERM, 143, "error: interrupted by SIGTERM\n"),
        (signal.SIGHUP, 129, "error: interrupted by SIGHUP\n"),
    ],
)
def test_it_ends_with_a_word_and_128_and_the_number(
    tmp_path: Path, number: signal.Signals, exit_code: int, said: str
) -> None:
    with LocalHost().lock(Layout(tmp_path).run / "build.lock", wait_s=1, holder="nself build"):
        ran = waiting_build(tmp_path)
        ran.send_signal(number)
        out, err = ran.communicate(timeout=90)
    assert (ran.returncode, out) == (exit_code, "")
    assert err.lstrip("\n").startswith(said) and "Traceback" not in err


def test_as_json_too(tmp_path: Path) -> None:
    with LocalHost().lock(Layout(tmp_path).run / "build.lock", wait_s=1, holder="nself build"):
        ran = waiting_build(tmp_path, "--json")
        ran.send_signal(signal.SIGTERM)
        out, _ = ran.communicate(timeout=90)
    assert json.loads(out)["error"]["code"] == ran.returncode == 143


def test_a_closed_terminal_is_ignored_by_who_was_told_to(tmp_path: Path) -> None:
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    with LocalHost().lock(Layout(tmp_path).run / "build.lock", wait_s=1, holder="nself build"):
        ran = waiting_build(tmp_path)
        ran.send_signal(signal.SIGHUP)
        time.sleep(0.2)
        assert ran.poll() is None
        ran.send_signal(signal.SIGTERM)
        assert ran.wait(timeout=90) == 143
    ran.communicate()
