"""Telling a program that runs of its new files: one that lives is waited for, and never ended for being slow."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, cast

import pytest

from nself.host import LocalHost
from nself.runtimes.native import reload
from nself.runtimes.native.runtime import Native
from nself.runtimes.outcome import NotTakenUpError

MASTER = """
import os, signal, subprocess, sys, time
doing, log, first = sys.argv[1], sys.argv[2], float(sys.argv[3])
def worker():
    return subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
def told(*_):
    global now
    if doing == "refuses":
        open(log, "a").write("2026/01/01 [emerg] 1#1: bind() to 0.0.0.0:443 failed\\n")
    elif doing == "replaces":
        time.sleep(0.5)
        old, now = now, worker()
        old.kill()
        old.wait()
    elif doing == "ends":
        now.kill()
        os._exit(1)
signal.signal(signal.SIGHUP, told)
print("listening", flush=True)
time.sleep(first)
signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGHUP])  # whoever sees the worker may tell us before we have its name
now = worker()
signal.pthread_sigmask(signal.SIG_UNBLOCK, [signal.SIGHUP])
print("ready", flush=True)
while sys.stdin.readline():
    pass
now.kill()
"""


class Proxy:
    """What `reload` needs of a runtime, around one real process that has a worker as nginx has."""

    def __init__(self, doing: str, log: Path, first_s: float) -> None:
        argv = [sys.executable, "-c", MASTER, doing, str(log), str(first_s)]
        self.process = subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        assert self.process.stdout is not None
        assert self.process.stdout.readline() == "listening\n"
        self.path, self.host, self.supervisor = log, LocalHost(), self
        self.adopted: list[str] = []

    def log(self, unit: str) -> Path:
        return self.path

    def fingerprint(self, unit: str) -> dict[str, str]:
        return {"definition": unit}

    def observe(self) -> dict[str, Any]:
        return {"processes": [{"name": "nginx", "pid": self.process.pid}]}

    def call(self, method: str, unit: str, *more: str) -> None:
        if method == "signal":
            self.process.send_signal(1)
        else:
            self.adopted += more

    def ready(self) -> None:
        assert self.process.stdout is not None
        assert self.process.stdout.readline() == "ready\n"

    def reload(self, *, within_s: float) -> str:
        return reload.reload(cast(Native, self), "nginx", within_s=within_s)


@pytest.fixture
def proxy(tmp_path: Path) -> Iterator[Callable[..., Proxy]]:
    made: list[Proxy] = []

    def start(doing: str, first_s: float = 0.0) -> Proxy:
        made.append(Proxy(doing, tmp_path / "nginx.log", first_s))
        return made[-1]

    yield start
    for each in made:
        each.process.communicate()


def test_new_workers_are_awaited_and_what_it_was_told_is_kept(proxy: Callable[..., Proxy]) -> None:
    found = proxy("replaces")
    found.ready()
    assert found.reload(within_s=30) == ""
    assert found.adopted == [json.dumps({"definition": "nginx"})]


def test_one_that_has_no_worker_yet_is_waited_for(proxy: Callable[..., Proxy]) -> None:
    found = proxy("replaces", first_s=0.5)
    assert found.reload(within_s=30) == ""


@pytest.mark.parametrize(
    ("doing", "within_s", "why"),
    [("refuses", 60.0, r"\[emerg\] 1#1: bind\(\)"), ("nothing", 0.3, "not replaced within 0.3 s")],
)
def test_one_that_lives_keeps_its_old_files_and_is_not_ended(
    proxy: Callable[..., Proxy], doing: str, within_s: float, why: str
) -> None:
    found = proxy(doing)
    found.ready()
    with pytest.raises(NotTakenUpError, match=why):
        found.reload(within_s=within_s)
    assert found.process.poll() is None
    assert found.adopted == []


def test_one_that_ends_is_started_anew(proxy: Callable[..., Proxy]) -> None:
    found = proxy("ends")
    found.ready()
    assert found.reload(within_s=30) == "it ended"
    assert found.reload(within_s=30) == "it does not run"
