"""`scale redis`: a real one and what bounds it, and one that is not there."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from nself.actions.scale.redis import status
from nself.cli import main
from nself.host import LocalHost
from nself.runtimes.native.runtime import Native
from tests.actions.places import written
from tests.cache import needs_redis, redis
from tests.services.projects import project

HOST = LocalHost()


@needs_redis
def test_its_memory_and_clients_are_beside_what_bounds_them(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Native, "running", lambda self: True)
    bounds = {"REDIS_MAX_MEMORY": "0", "REDIS_MAXCLIENTS": "20", "REDIS_EVICTION_POLICY": "noeviction"}
    with redis(tmp_path, **bounds) as server:
        server.start()
        with server.connect() as one, server.connect() as other:
            assert [connection.call("PING") for connection in (one, other)] == ["PONG", "PONG"]
            found = status(server.project, HOST, {}).running
        server.end()
        assert status(server.project, HOST, {}).running is None
    assert found is not None
    assert (found.max_memory_bytes, found.eviction) == (None, "noeviction")
    assert (found.clients, found.max_clients, found.refused_clients) == (3, 20, 0)
    assert found.memory_bytes > 0


def test_a_project_without_it_is_told_apart_from_one_that_is_down(tmp_path: Path) -> None:
    found = status(project(tmp_path), HOST, {})
    assert (found.enabled, found.running) == (False, None)


@pytest.mark.parametrize("words", [("--memory", "1G"), ("1",), ("--cpu=2",)])
def test_how_much_of_it_there_is_to_be_can_be_said_like_of_any_service(
    tmp_path: Path, words: Sequence[str], capsys: pytest.CaptureFixture[str]
) -> None:
    written(tmp_path, {"REDIS_ENABLED": "true", "REDIS_PASSWORD": "a-password-of-redis"})
    assert main.run(["-C", str(tmp_path), "scale", "redis", *words, "--dry-run"], {}) == 0
    assert "redis" in capsys.readouterr().out
