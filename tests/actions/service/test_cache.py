"""`service cache` against a real Redis."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from nself.actions.service import cache
from nself.actions.stack import NotRunningError
from nself.errors import ConfigError, DockerError, PermissionDeniedError
from nself.host import LocalHost
from nself.runtimes.native.runtime import Native
from tests.cache import needs_redis, redis
from tests.services.projects import network, project

HOST = LocalHost()


@pytest.fixture(autouse=True)
def up(monkeypatch: pytest.MonkeyPatch) -> None:
    """Redis runs by itself here; the stack of which it would be a part does not."""
    monkeypatch.setattr(Native, "running", lambda self: True)


@needs_redis
def test_the_password_is_not_told_to_whoever_has_the_port_of_a_stopped_project(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Native, "running", lambda self: False)
    with redis(tmp_path) as server:
        server.start()
        with pytest.raises(NotRunningError, match="nothing of this project runs"):
            cache.stats(server.project, HOST, {})


@needs_redis
def test_figures_keys_and_flushing(tmp_path: Path) -> None:
    with redis(tmp_path) as server:
        server.start()
        with server.connect() as connection:
            connection.pipeline([("SET", f"session:{number}", "x", "EX", "100") for number in range(2500)])
            connection.call("SELECT", 3)
            connection.call("RPUSH", b"bad\n\x1b\xff", "a")
            connection.call("GET", "nothing")
        project = server.project
        assert cache.stats(project, HOST, {}).keys == 2501
        assert cache.stats(project, HOST, {}).misses == 1
        found = cache.keys(project, HOST, {}, "session:*", limit=10)
        assert len(found.keys) == 10
        assert found.more
        assert all(0 < (key.ttl_ms or 0) <= 100_000 for key in found.keys)
        (odd,) = cache.keys(project, HOST, {}, "bad*", limit=10).keys
        assert (odd.name, odd.database, odd.type, odd.ttl_ms) == (r"bad\n\x1b\xff", 3, "list", None)
        assert cache.flush(project, HOST, {}, pattern="session:1*").removed == 1111
        assert cache.stats(project, HOST, {}).keys == 1390
        assert cache.flush(project, HOST, {}).removed == 1390
        assert cache.keys(project, HOST, {}, "*", limit=1) == cache.Keys(pattern="*", keys=(), more=False)
        lines = (project.layout.history / "all.jsonl").read_text().splitlines()
        assert [json.loads(line)["details"]["removed"] for line in lines] == [1111, 1390]


@needs_redis
def test_a_changed_password_is_told_apart_from_a_redis_that_is_down(tmp_path: Path) -> None:
    with redis(tmp_path) as server:
        server.start()
        port = str(network(server.project).endpoint("redis", "redis").port)
        changed = {"REDIS_ENABLED": "true", "REDIS_PORT": port, "REDIS_PASSWORD": "changed-meanwhile"}
        with pytest.raises(PermissionDeniedError, match="another password"):
            cache.stats(project(tmp_path, values=changed), HOST, {})
        server.end()
        with pytest.raises(DockerError, match="Redis is not running"):
            cache.stats(server.project, HOST, {})


def test_a_project_without_redis_says_how_to_get_it(tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as refused:
        cache.stats(project(tmp_path), HOST, {})
    assert refused.value.fixes[0] == "nself service enable redis"
