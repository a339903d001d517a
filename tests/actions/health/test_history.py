"""The health history: whole lines, bounded, whoever else writes."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from nself.actions.health import history
from nself.actions.health.report import ServiceHealth, Word, report
from nself.events import Event, Warned, ignore
from nself.model.project import Project
from tests.services.projects import project as made

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return made(tmp_path)


def see(project: Project, number: int = 0, details: str = "", **services: Word) -> None:
    found = tuple(
        ServiceHealth(service=name, status=word, details=details, response_time_ms=1) for name, word in services.items()
    )
    history.add(project, report(found, NOON + timedelta(seconds=number)), ignore)


def test_the_newest_is_first_and_only_the_unwell_are_named(project: Project) -> None:
    see(project, 0, auth="healthy", mail="running")
    see(project, 1, auth="unhealthy", mail="running")
    newest, oldest = history.history(project, limit=5).checks
    assert (newest.timestamp, newest.healthy, newest.total) == (NOON + timedelta(seconds=1), 1, 2)
    assert [(each.service, each.status) for each in newest.unwell] == [("auth", "unhealthy")]
    assert oldest.unwell == ()


def test_one_service_shows_when_it_was_not_well(project: Project) -> None:
    for number, word in enumerate(("healthy", "stopped", "healthy", "starting")):
        see(project, number, auth=word)  # type: ignore[arg-type]
    found = history.history(project, limit=1, service="auth").checks
    assert [each.unwell[0].status for each in found] == ["starting"]
    assert len(history.history(project, limit=9, service="auth").checks) == 2
    assert history.history(project, limit=9, service="mail").checks == ()


def test_a_project_that_was_never_checked_has_no_history(project: Project) -> None:
    assert history.history(project, limit=5).checks == ()


def test_it_stays_bounded_and_keeps_the_newest(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(history, "LARGEST", 2000)
    for number in range(200):
        see(project, number, details="x" * 50, auth="stopped")
    files = list(project.layout.history.iterdir())
    assert {file.name for file in files} == {history.FILE, history.OLDER}
    assert sum(file.stat().st_size for file in files) < 2 * 2000 + 400
    found = history.history(project, limit=1000).checks
    assert found[0].timestamp == NOON + timedelta(seconds=199)
    assert len(found) > 10


def test_many_at_once_lose_no_line(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(history, "LARGEST", 12_000)

    def some() -> None:
        for number in range(15):
            see(project, number, auth="stopped")

    threads = [threading.Thread(target=some) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(history.history(project, limit=1000).checks) == 120
    assert (project.layout.history / history.OLDER).exists()


def test_a_line_cut_short_is_left_out(project: Project) -> None:
    see(project, auth="healthy")
    with (project.layout.history / history.FILE).open("a") as file:
        file.write('{"timestamp": "2026\n[1]\n')
    see(project, 1, auth="healthy")
    assert len(history.history(project, limit=5).checks) == 2


def test_a_history_that_cannot_be_written_is_a_warning(project: Project) -> None:
    project.layout.state.mkdir()
    project.layout.history.write_text("a file in the way")
    said: list[Event] = []
    history.add(project, report((), NOON), said.append)
    assert isinstance(said[0], Warned)
