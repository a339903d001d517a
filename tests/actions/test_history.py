from __future__ import annotations

import hashlib
import json
import threading
from pathlib import Path
from typing import Any

import pytest

from nself.actions import history
from nself.actions.history import Entry, recorded
from nself.errors import DatabaseError
from nself.events import Event, Warned, ignore
from nself.host import LocalHost
from nself.model.project import Environment, Project


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return Project(root=tmp_path, name="shop", env=Environment.DEV, base_domain="localhost")


def lines(project: Project) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (project.layout.history / history.FILE).read_text().splitlines()]


def test_a_command_that_ends_well_leaves_one_line(project: Project) -> None:
    with recorded(project, LocalHost(), ignore, Entry("start", "start everything")) as entry:
        entry.details["started"] = ["postgres"]

    (line,) = lines(project)
    assert {"type": "start", "status": "success", "exit_code": 0, "env": "dev"}.items() <= line.items()
    assert line["details"] == {"started": ["postgres"]}
    assert line["timestamp"].endswith("Z")


def test_a_command_that_fails_leaves_its_exit_code_and_its_error_and_still_fails(project: Project) -> None:
    with pytest.raises(DatabaseError), recorded(project, LocalHost(), ignore, Entry("start", "start")):
        raise DatabaseError("no luck")

    assert {"status": "failed", "exit_code": 5, "details": {"error": "no luck"}}.items() <= lines(project)[0].items()


def test_ctrl_c_is_recorded_as_such(project: Project) -> None:
    with pytest.raises(KeyboardInterrupt), recorded(project, LocalHost(), ignore, Entry("start", "start")):
        raise KeyboardInterrupt

    assert lines(project)[0]["exit_code"] == 130


def test_each_line_carries_the_hash_of_the_one_before(project: Project) -> None:
    for number in range(3):
        history.record(project, LocalHost(), Entry("start", str(number)), duration_ms=1)

    raw = (project.layout.history / history.FILE).read_bytes().splitlines()
    hashes = [hashlib.sha256(line).hexdigest()[:32] for line in raw]
    assert [line["prev_hash"] for line in lines(project)] == ["", *hashes[:-1]]


def test_a_line_cut_short_does_not_spoil_the_next(project: Project) -> None:
    project.layout.history.mkdir(parents=True)
    (project.layout.history / history.FILE).write_text('{"type": "st')

    history.record(project, LocalHost(), Entry("stop", "stop"), duration_ms=1)

    assert json.loads((project.layout.history / history.FILE).read_text().splitlines()[1])["type"] == "stop"


def test_many_at_once_leave_whole_lines(project: Project) -> None:
    def work() -> None:
        for _ in range(20):
            history.record(project, LocalHost(), Entry("start", "x" * 5000), duration_ms=1)

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(lines(project)) == 80


def test_a_history_that_cannot_be_written_is_a_warning_not_a_failure(project: Project) -> None:
    project.layout.state.write_text("a file where a folder should be")
    events: list[Event] = []

    with recorded(project, LocalHost(), events.append, Entry("stop", "stop")):
        pass

    assert [type(event) for event in events] == [Warned]
