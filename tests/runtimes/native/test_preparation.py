"""Folders are made ready before what runs from them, only for a reason, and a failure stays where it is."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from nself.events import ignore
from nself.host import LocalHost
from nself.model.layout import Layout
from nself.model.spec import Category, Preparation, Program, ServiceSpec, Task
from nself.runtimes import plan
from nself.runtimes.native import identity
from nself.runtimes.native.identity import Identity
from nself.runtimes.native.preparation import PreparationError, Workshop
from tests.cluster import free_port
from tests.runtimes.native.conftest import Stack, open_to_others, web_spec
from tests.runtimes.native.test_runtime import pid_of, start

INSTALL = Task(
    name="install", run=(("sh", "-c", "echo install >> ran; touch made"),), inputs=("lock",), makes=("made",)
)
BUILD = Task(name="build", run=(("sh", "-c", "echo build >> ran"),), inputs=("src/**/*.c",))
TASKS = (INSTALL, BUILD)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A service's folder with the inputs of both tasks."""
    found = tmp_path / "project" / "services" / "web"
    (found / "src" / "deep").mkdir(parents=True)
    (found / "lock").write_text("1")
    (found / "src" / "deep" / "main.c").write_text("main")
    return found


def workshop(folder: Path, *tasks: Task, programs: tuple[Program, ...] = (), **environ: str) -> Workshop:
    spec = ServiceSpec(
        name="web",
        category=Category.CUSTOM,
        workdir=folder,
        preparation=Preparation(programs=programs, tasks=tasks or TASKS),
    )
    layout = Layout(folder.parents[1])
    layout.logs.mkdir(parents=True, exist_ok=True)
    return Workshop(spec=spec, layout=layout, host=LocalHost(), environ={**os.environ, **environ})


def prepare(found: Workshop) -> list[str]:
    """What was run by this preparation alone."""
    ran = found.folder / "ran"
    ran.unlink(missing_ok=True)
    found.prepare(identity.current(), ignore)
    return ran.read_text().split() if ran.exists() else []


def test_what_was_done_is_not_done_again(folder: Path) -> None:
    assert prepare(workshop(folder)) == ["install", "build"]
    assert prepare(workshop(folder)) == []


@pytest.mark.parametrize(
    ("change", "done"),
    [
        (lambda folder: (folder / "lock").write_text("2"), ["install", "build"]),
        (lambda folder: (folder / "made").unlink(), ["install", "build"]),
        (lambda folder: (folder / "src/deep/main.c").write_text("other"), ["build"]),
        (lambda folder: (folder / "src/new.c").write_text("new"), ["build"]),
        (lambda folder: (folder / "src/deep/main.c").rename(folder / "src/main.c"), ["build"]),
        (lambda folder: (folder / "README").write_text("words"), []),
    ],
)
def test_a_change_does_again_what_depends_on_it(
    folder: Path, change: Callable[[Path], object], done: list[str]
) -> None:
    prepare(workshop(folder))
    change(folder)
    assert prepare(workshop(folder)) == done


def test_another_command_for_the_same_files_is_a_change(folder: Path) -> None:
    prepare(workshop(folder))
    assert prepare(workshop(folder, INSTALL, replace(BUILD, run=(("sh", "-c", "echo other >> ran"),)))) == ["other"]


def test_a_task_without_any_of_its_files_is_not_for_this_service(folder: Path) -> None:
    (folder / "lock").unlink()
    assert prepare(workshop(folder)) == ["build"]


def test_a_damaged_marker_only_costs_time(folder: Path) -> None:
    prepare(workshop(folder))
    for text in ("{", "[]", "\0"):
        workshop(folder).marker.write_text(text)
        assert prepare(workshop(folder)) == ["install", "build"]


def test_a_failure_says_which_step_and_what_it_said_last_and_keeps_what_was_done(folder: Path) -> None:
    failing = replace(BUILD, run=(("sh", "-c", "seq 100; echo the cause >&2; exit 3"),))
    with pytest.raises(PreparationError) as error:
        prepare(workshop(folder, INSTALL, failing))
    assert error.value.message.startswith("build failed: `sh -c ")
    assert "ended with exit code 3; all it said is in .nself/logs/web.build.log" in error.value.message
    assert error.value.log[-2:] == ("100", "the cause")
    assert prepare(workshop(folder)) == ["build"]


def test_a_program_that_is_not_here_is_named_with_how_to_get_it(folder: Path) -> None:
    lacking = Program(name="no-such-compiler", hint="apt install no-such-compiler")
    with pytest.raises(PreparationError, match="it needs no-such-compiler, which is not installed") as error:
        prepare(workshop(folder, programs=(lacking,)))
    assert error.value.log[0] == "apt install no-such-compiler"
    assert not (folder / "ran").exists()


def test_a_command_that_is_not_there_is_a_failure_like_any_other(folder: Path) -> None:
    with pytest.raises(PreparationError, match=r"install failed: \./gone is not installed"):
        prepare(workshop(folder, replace(INSTALL, run=(("./gone",),))))


def test_tasks_find_the_callers_settings(folder: Path) -> None:
    prepare(workshop(folder, replace(BUILD, run=(("sh", "-c", "echo $MIRROR > ran"),)), MIRROR="here"))
    assert (folder / "ran").read_text() == "here\n"


def test_others_can_read_what_was_made_whatever_our_umask(folder: Path) -> None:
    before = os.umask(0o077)
    try:
        prepare(workshop(folder))
    finally:
        os.umask(before)
    assert (folder / "made").stat().st_mode & 0o777 == 0o644


@pytest.mark.skipif(os.geteuid() != 0, reason="only root could do it as somebody else")
def test_as_root_the_owner_of_the_folder_does_it(folder: Path) -> None:
    open_to_others(folder)
    for path in (folder, *folder.rglob("*")):
        os.chown(path, 65534, 65534)
    os.chown(folder.parents[1], 65534, 65534)
    workshop(folder).prepare(identity.known(folder.parents[1]), ignore)
    assert (folder / "made").stat().st_uid == 65534


@pytest.mark.skipif(os.geteuid() != 0, reason="only root could be made to run a stranger's commands")
def test_root_runs_nothing_in_a_strangers_folder(folder: Path) -> None:
    os.chown(folder, 12345, 12345)
    account = Identity(uid=65534, gid=65534, name="nobody", home=Path("/"), prefix=("false",))
    with pytest.raises(PreparationError, match="belongs to 12345, and the stack runs as nobody"):
        workshop(folder).prepare(account, ignore)
    assert not (folder / "ran").exists()


def test_a_failing_preparation_leaves_the_rest_of_the_stack_running(stack: Stack) -> None:
    folder = stack.layout.root / "services/broken"
    folder.mkdir(parents=True)
    (folder / "lock").write_text("1")
    failing = Task(name="install", run=(("sh", "-c", "echo no such package; exit 1"),), inputs=("lock",))
    broken = replace(stack.web(name="broken"), workdir=folder, preparation=Preparation(tasks=(failing,)))
    native = stack.build(stack.postgres(), stack.web(), broken, replace(stack.web(name="after"), needs=("broken",)))

    outcome = start(native)

    assert sorted(outcome.healthy) == ["postgres", "web"]
    (failure, blocked) = sorted(outcome.failed, key=lambda each: each.blocked)
    assert failure.service == "broken" and failure.log == ("no such package",)
    assert blocked.service == "after" and blocked.blocked
    assert "broken" not in {name for name, running in native.observe().items() if running.pid}


def test_changed_sources_restart_the_service_and_broken_ones_leave_the_old_one_running(stack: Stack) -> None:
    folder = stack.layout.root / "services/web"
    folder.mkdir(parents=True)
    source = folder / "main.c"
    source.write_text("good")
    task = Task(name="build", run=(("grep", "good", "main.c"),), inputs=("main.c",))
    native = stack.build(stack.postgres(), replace(stack.web(), workdir=folder, preparation=Preparation(tasks=(task,))))
    assert start(native).failed == []
    first = pid_of(native, "web")
    assert plan.plan(native.wanted(), native.observe()) == []

    source.write_text("bad")
    (step,) = plan.plan(native.wanted(), native.observe())
    assert (step.verb, step.why) == ("restart", "changed: build of web")
    (failure,) = start(native).failed
    assert failure.service == "web" and pid_of(native, "web") == first

    source.write_text("good again")
    assert start(native).failed == []
    assert pid_of(native, "web") != first
    assert plan.plan(native.wanted(), native.observe()) == []


def test_two_services_of_one_folder_make_it_ready_once(stack: Stack) -> None:
    folder = stack.layout.root / "services/web"
    folder.mkdir(parents=True)
    (folder / "lock").write_text("1")
    preparation = Preparation(tasks=(INSTALL,))
    stack.ports[("web-2", "http")] = free_port()
    webs = [stack.web(), web_spec(stack.ports[("web-2", "http")], name="web-2")]
    specs = [replace(web, workdir=folder, preparation=preparation) for web in webs]
    native = stack.build(stack.postgres(), *specs)
    start(native)
    assert (folder / "ran").read_text() == "install\n"
    assert len(list(native.layout.prepared.glob("*.json"))) == 1
    assert json.loads(next(native.layout.prepared.glob("*.json")).read_text()).keys() == {"install"}
