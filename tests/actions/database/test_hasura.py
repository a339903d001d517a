"""Whom the project's administrator talks to."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest

from nself.actions.database import hasura
from nself.actions.stack import NotRunningError, open_stack
from nself.host import LocalHost
from tests.actions.places import written


def test_who_listens_at_the_port_of_a_project_that_is_down_is_not_asked(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as stranger:
        stranger.settimeout(0)
        project = written(tmp_path, {"HASURA_PORT": str(stranger.getsockname()[1])})
        with pytest.raises(NotRunningError):
            hasura.metadata(open_stack(project, LocalHost(), {}), {"type": "export_metadata", "args": {}})
        with pytest.raises(BlockingIOError):
            stranger.accept()
