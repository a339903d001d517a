"""What the doctor finds, and what it mends."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from nself.actions import doctor
from nself.actions.doctor import smoke, system
from nself.actions.doctor.check import State
from nself.actions.door import Door
from nself.cli import main
from nself.errors import UsageError
from nself.events import ignore
from nself.host import LocalHost


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    assert main.run(["-C", str(tmp_path), "init", "--yes", "--quiet"], {"HOME": str(tmp_path)}) == 0
    return tmp_path


def look(folder: Path, **wishes: object) -> doctor.Report:
    environ = {"HOME": str(folder)}
    return doctor.doctor(folder, LocalHost(), environ, ignore, doctor.Wishes(**wishes))  # type: ignore[arg-type]


def states(report: doctor.Report) -> dict[str, State]:
    return {f"{check.category}.{check.id}": check.status for check in report.checks}


def test_a_folder_without_a_project_is_one_failure_with_a_way_out(tmp_path: Path) -> None:
    report = look(tmp_path, categories=["system", "config"])
    [trouble] = [check for check in report.checks if check.status is State.FAIL]
    assert trouble.fix is not None
    assert trouble.fix.command == "nself init"
    assert doctor.exit_code(report, strict=False) == 1


def test_secrets_others_may_read_are_found_and_closed(folder: Path) -> None:
    (folder / ".env").chmod(0o644)
    assert states(look(folder, categories=["config"]))["config.secrets"] is State.WARN
    report = look(folder, categories=["config"], fix=True)
    assert "config.secrets" in report.fixed
    assert stat.S_IMODE((folder / ".env").stat().st_mode) == 0o600
    assert "config.secrets" not in states(report)


def test_a_stale_build_is_found_and_made(folder: Path) -> None:
    assert states(look(folder, categories=["config"]))["config.build"] is State.WARN
    report = look(folder, categories=["config", "ssl"], fix=True)
    assert states(report)["config.build"] is State.PASS
    assert states(report)["ssl.certificate"] is State.PASS


def test_warnings_count_only_when_asked_to(folder: Path) -> None:
    report = look(folder, categories=["config"])
    assert doctor.exit_code(report, strict=False) == 0
    assert doctor.exit_code(report, strict=True) == 1


def test_a_stopped_stack_is_said_and_not_started(folder: Path) -> None:
    assert states(look(folder, categories=["services"], fix=True))["services.running"] is State.WARN


def test_broken_files_show_as_they_are(folder: Path) -> None:
    with (folder / ".env").open("a") as env:
        env.write("POSTGRES_PORT=many\n")
    [trouble] = [check for check in look(folder, categories=["config"]).checks if check.status is State.FAIL]
    assert "POSTGRES_PORT" in trouble.message


def test_an_unknown_category_names_the_known(folder: Path) -> None:
    with pytest.raises(UsageError, match="there is no category weather"):
        look(folder, categories=["weather"])


@pytest.mark.parametrize(
    ("free", "state"),
    [(50 * 2**30, State.PASS), (2**30, State.WARN), (2**20, State.FAIL)],
    ids=["much", "some", "none"],
)
def test_little_disk_is_a_warning_and_none_a_failure(free: int, state: State) -> None:
    assert system.disk(free, Path("/")).status is state


def test_a_small_machine_is_a_warning() -> None:
    assert system.memory(2**29).status is State.WARN
    assert system.memory(2**32).status is State.PASS


def test_the_walk_through_a_closed_door_fails_at_every_step_and_never_raises() -> None:
    hosts = {"auth": "auth.localhost", "functions": "functions.localhost"}
    steps = smoke.walk(Door(scheme="https", address="127.0.0.1", port=1, hosts=hosts, ca=None, admin_secret="secret"))
    assert {step.name: step.status for step in steps} == {
        "sign up": "fail",
        "query": "skip",
        "upload": "skip",
        "function": "fail",
        "mail": "skip",
        "clean up": "skip",
    }
    assert "secret" not in str(steps)
