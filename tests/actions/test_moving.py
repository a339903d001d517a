"""Moving between runtimes where one of them cannot be asked. Performed in tests/e2e."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import pytest

from nself.actions import build, moving
from nself.errors import DockerError
from nself.events import ignore
from nself.host import LocalHost
from nself.model.spec import Runtime
from tests.actions.places import written

AWAY = {"DOCKER_HOST": "tcp://127.0.0.1:9", "PATH": os.environ["PATH"]}
"""An engine that does not answer."""


def test_what_runs_on_an_engine_that_does_not_answer_is_not_moved_and_keeps_its_ports(tmp_path: Path) -> None:
    project = replace(written(tmp_path), runtime=Runtime.COMPOSE)
    build.build(project, LocalHost(), AWAY, ignore)
    before = project.layout.ports.read_text()
    with pytest.raises(DockerError):
        moving.move(project, LocalHost(), AWAY, ignore, Runtime.NATIVE)
    assert project.layout.ports.read_text() == before
    assert not project.layout.build(Runtime.NATIVE).exists()
