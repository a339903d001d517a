from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from nself.errors import PermissionDeniedError
from nself.events import Event, Warned
from nself.host import LocalHost
from nself.runtimes.native import identity
from tests.runtimes.native.conftest import open_to_others

as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root has privileges to drop")
NOBODY = 65534


def choose(root: Path, *programs: Path) -> tuple[identity.Identity, list[Event]]:
    events: list[Event] = []
    return identity.choose(root, LocalHost(), events.append, programs=programs), events


@pytest.fixture
def root_of_nobody(tmp_path: Path) -> Path:
    open_to_others(tmp_path)
    os.chown(tmp_path, NOBODY, NOBODY)
    return tmp_path


@as_root
def test_a_project_s_owner_runs_it_with_no_more_than_low_ports(root_of_nobody: Path) -> None:
    account, events = choose(root_of_nobody, Path("/bin/sh"))

    assert account.uid == NOBODY
    assert events == []
    ran = LocalHost().run([*account.prefix, "cat", "/proc/self/status"])
    status = dict(line.split(":\t", 1) for line in ran.stdout.splitlines() if ":\t" in line)
    assert status["Uid"].split("\t") == [str(NOBODY)] * 4
    assert {int(status[f"Cap{kind}"], 16) for kind in ("Eff", "Bnd", "Amb", "Prm", "Inh")} == {1 << 10}


@as_root
def test_root_s_own_project_is_run_by_somebody_else(tmp_path: Path) -> None:
    open_to_others(tmp_path)
    account, _ = choose(tmp_path)

    assert account.uid != 0
    assert account.name in (identity.ACCOUNT, identity.FALLBACK)


@as_root
def test_a_closed_folder_on_the_way_is_warned_of_and_passed(root_of_nobody: Path) -> None:
    closed = root_of_nobody / "closed"
    closed.mkdir(mode=0o700)
    (closed / "program").write_text("#!/bin/sh\necho reached\n")
    (closed / "program").chmod(0o755)

    account, events = choose(root_of_nobody, closed / "program")

    assert LocalHost().run([*account.prefix, str(closed / "program")]).stdout == "reached\n"
    asked = LocalHost().run([*account.prefix, "find", str(closed / "program"), "-readable"])
    assert asked.stdout == f"{closed / 'program'}\n"
    assert [event.fix for event in events if isinstance(event, Warned)] == [
        f"chmod o+x {closed}, or move what is below it elsewhere"
    ]


@as_root
def test_without_that_capability_the_start_is_refused_with_the_way_out(
    root_of_nobody: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    closed = root_of_nobody / "closed"
    closed.mkdir(mode=0o700)
    monkeypatch.setattr(identity, "_have", lambda bit: False)

    with pytest.raises(PermissionDeniedError, match="cannot pass through") as refused:
        choose(root_of_nobody, closed / "program")
    assert refused.value.fixes[0] == f"chmod o+x {closed}"


@as_root
def test_what_is_handed_over_is_never_what_a_link_points_at(root_of_nobody: Path) -> None:
    state, outside = root_of_nobody / "state", root_of_nobody / "outside"
    (state / "deep").mkdir(parents=True)
    outside.write_text("root's")
    (state / "link").symlink_to(outside)
    os.link(outside, state / "second-name")
    (state / "deep" / "own").write_text("")
    account, _ = choose(root_of_nobody)

    identity.give([state], account)

    assert (state / "deep" / "own").stat().st_uid == NOBODY
    assert (state / "link").lstat().st_uid == NOBODY
    assert outside.stat().st_uid == 0


@as_root
def test_an_ordinary_user_is_who_they_are() -> None:
    code = "from nself.runtimes.native import identity as i; me = i.current(); print(me.uid, me.dropped)"
    import sys

    caps = "-all,+dac_read_search"  # only to reach the interpreter
    argv = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", f"--inh-caps={caps}"]
    ran = subprocess.run(
        [*argv, f"--ambient-caps={caps}", "--", sys.executable, "-c", code], capture_output=True, text=True
    )
    assert ran.stdout == "65534 False\n", ran.stderr
