"""Who is asked, how often, and what the answers amount to."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from nself.actions import status as statuses
from nself.actions.health import check
from nself.actions.health.check import Patience
from nself.actions.health.report import Report
from nself.actions.status import Status, View
from nself.errors import DockerError, UsageError
from nself.events import ignore
from nself.host import LocalHost
from nself.model.project import Project
from tests.actions.places import written
from tests.services.projects import custom


class Slept(LocalHost):
    """A machine on which time costs nothing."""

    def __init__(self) -> None:
        super().__init__()
        self.pauses: list[float] = []

    def sleep(self, seconds: float) -> None:
        self.pauses.append(seconds)


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return written(tmp_path, {"STORAGE_ENABLED": "false"})


def asked(project: Project, service: str | None = None, host: LocalHost | None = None, **patience: Any) -> Report:
    return check.check(project, host or Slept(), {}, ignore, Patience(**patience), service)


def words(report: Report) -> dict[str, str]:
    return {each.service: each.status for each in report.services}


def test_a_stack_that_does_not_run_is_stopped_and_not_asked_twice(project: Project) -> None:
    host = Slept()
    found = asked(project, host=host)
    assert set(words(found).values()) == {"stopped"}
    assert "storage" not in words(found)
    assert (found.healthy, found.unhealthy, found.total) == (0, 6, 6)
    assert check.exit_code(found) == 1
    assert host.pauses == []


def test_a_service_that_is_not_enabled_is_not_found_and_the_way_is_shown(project: Project) -> None:
    found = asked(project, "storage")
    assert (words(found), check.exit_code(found)) == ({"storage": "not_found"}, 1)
    assert found.services[0].details == "not enabled: nself service enable storage"


def test_a_service_is_found_by_the_name_people_know(project: Project) -> None:
    assert words(asked(project, "email")) == {"mail": "stopped"}
    with pytest.raises(UsageError, match="no service 'emial'"):
        asked(project, "emial")


Healths = dict[str, str]


@pytest.fixture
def play(monkeypatch: pytest.MonkeyPatch) -> Callable[[Sequence[Healths]], list[View]]:
    """Statuses in which these services have these healths, one after the other; the views that were asked for."""
    real = statuses.status
    views: list[View] = []

    def play(rounds: Sequence[Healths]) -> list[View]:
        left = list(rounds)

        def status(project: Project, host: LocalHost, environ: Any, view: View) -> Status:
            views.append(view)
            now = left.pop(0)
            found = real(project, host, environ, replace(view, health=False))
            services = [
                replace(each, status="running", health=now.get(each.name, "healthy")) for each in found.services
            ]  # type: ignore[arg-type]
            return replace(found, services=tuple(services))

        monkeypatch.setattr(statuses, "status", status)
        return views

    return play


def test_who_is_starting_is_asked_again_and_may_be_well_then(
    project: Project, play: Callable[[Sequence[Healths]], list[View]]
) -> None:
    views = play([{"auth": "starting"}, {"auth": "unhealthy"}, {}])
    host = Slept()
    found = asked(project, host=host, timeout_s=7.5, tries=5)
    assert check.exit_code(found) == 0
    assert host.pauses == [check.PAUSE_S, check.PAUSE_S]
    assert {view.timeout_s for view in views} == {7.5}


def test_who_stays_unwell_counts_after_the_last_try(
    project: Project, play: Callable[[Sequence[Healths]], list[View]]
) -> None:
    play([{"auth": "unhealthy"}] * 3)
    found = asked(project, tries=3)
    assert (found.healthy, found.unhealthy, check.exit_code(found)) == (5, 1, 1)


def test_a_service_without_a_check_runs_and_that_is_well(
    project: Project, play: Callable[[Sequence[Healths]], list[View]]
) -> None:
    play([{}])
    found = asked(replace(project, custom=(custom("worker", health_path=""),)))
    assert words(found)["worker"] == "running"
    assert check.exit_code(found) == 0


def test_without_docker_it_is_an_error_of_docker(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    def down(*_: object) -> None:
        raise DockerError("the daemon does not answer")

    monkeypatch.setattr(statuses, "status", down)
    with pytest.raises(DockerError):
        asked(project)


def test_rounds_are_kept_and_single_questions_are_not(
    project: Project, play: Callable[[Sequence[Healths]], list[View]]
) -> None:
    play([{"auth": "unhealthy"}, {}, {}])
    host = Slept()
    rounds = check.watch(project, host, {}, ignore, Patience(tries=1), every_s=4)
    assert [next(rounds).healthy, next(rounds).healthy] == [5, 6]
    assert host.pauses == [4]
    asked(project, "auth", tries=1)
    lines = (project.layout.history / "health.jsonl").read_text().splitlines()
    assert [json.loads(line)["healthy"] for line in lines] == [5, 6]
