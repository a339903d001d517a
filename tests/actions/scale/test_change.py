"""Changes of amount where the stack cannot be asked. Performed ones are in tests/e2e."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from nself.actions.config.change import Target
from nself.actions.scale import change
from nself.actions.scale.change import Job
from nself.actions.scale.rules import Wish
from nself.actions.start import StartSettings
from nself.errors import DockerError
from nself.events import ignore
from nself.host import LocalHost
from tests.actions.places import written

AWAY = {"DOCKER_HOST": "tcp://127.0.0.1:9", "PATH": os.environ["PATH"]}
"""An engine that does not answer."""


@pytest.mark.parametrize("wish", [Wish(direction="out"), Wish(direction="up", memory="1G")])
def test_where_docker_does_not_answer_nothing_is_written(tmp_path: Path, wish: Wish) -> None:
    written(tmp_path)
    document = tmp_path / "nself.yml"
    document.write_text("runtime: compose\nservices: {web: {image: shop/web, port: 8001}}\n")
    before = document.read_text()
    target = Target(directory=tmp_path, environ=AWAY, host=LocalHost(), emit=ignore)
    with pytest.raises(DockerError):
        change.scale(Job(target=target, service="web", settings=StartSettings(), emit=ignore), wish)
    assert document.read_text() == before
