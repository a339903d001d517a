"""Redis as the stack runs it: a real server with the rendered words, and what users and machines do to it."""

from __future__ import annotations

import resource
import signal
import socket
from pathlib import Path

import pytest

from nself.errors import ConfigProblemsError
from nself.runtimes.wire import RefusedError
from tests.cache import PASSWORD, needs_redis, redis
from tests.services.projects import network, project, spec


def test_its_password_is_in_no_word_of_its_command_and_in_no_file_as_it_is() -> None:
    found = spec(project(values={"REDIS_ENABLED": "true", "REDIS_PASSWORD": "hush-hush-hush"}), "redis")
    assert "hush" not in " ".join(found.command)
    assert "hush" not in "".join([*found.files.values(), *found.secret_files.values(), *found.env.values()])


def test_without_a_password_it_does_not_start_open_to_all() -> None:
    with pytest.raises(ConfigProblemsError, match="REDIS_PASSWORD: is required but not set"):
        spec(project(values={"REDIS_ENABLED": "true"}), "redis")


@pytest.mark.parametrize(
    ("engine", "repository", "names"),
    [
        ("auto", "redis:", ("redis-server", "valkey-server")),
        ("redis", "redis:", ("redis-server",)),
        ("valkey", "valkey/valkey:", ("valkey-server",)),
    ],
)
def test_the_engine_is_chosen_by_one_setting(engine: str, repository: str, names: tuple[str, ...]) -> None:
    values = {"REDIS_ENABLED": "true", "REDIS_PASSWORD": PASSWORD, "REDIS_ENGINE": engine}
    found = spec(project(values=values), "redis")
    assert found.image is not None
    assert found.image.reference.startswith(repository)
    assert found.programs[0].names == names


@needs_redis
def test_it_starts_with_any_password_and_lets_nobody_else_in(tmp_path: Path) -> None:
    with redis(tmp_path) as server:
        server.start()
        assert server.health().answer == "PONG"
        for wrong in ("", "wrong", PASSWORD[:-1]):
            with pytest.raises(RefusedError, match="invalid") as refused:
                server.connect(wrong)
            assert refused.value.code == "WRONGPASS"
        at = network(server.project).endpoint("redis", "redis")
        with socket.create_connection((at.host, at.port), timeout=60) as stranger:
            stranger.sendall(b"PING\r\n")
            assert stranger.recv(100).startswith(b"-NOAUTH")
        assert PASSWORD not in server.log.read_text()


@needs_redis
def test_a_server_with_another_password_is_not_well_and_says_why(tmp_path: Path) -> None:
    with redis(tmp_path) as server:
        server.start()
        values = {"REDIS_ENABLED": "true", "REDIS_PASSWORD": "changed-meanwhile"}
        port = str(network(server.project).endpoint("redis", "redis").port)
        server.project = project(tmp_path, values={**values, "REDIS_PORT": port})
        assert not server.health().ok
        assert server.health().code == "WRONGPASS"


@needs_redis
def test_what_was_acknowledged_survives_kill_9(tmp_path: Path) -> None:
    """With `aof` a write that came while the disk was busy may not be in the file yet."""
    with redis(tmp_path, REDIS_PERSISTENCE="always") as server:
        server.start()
        with server.connect() as connection:
            for number in range(200):
                connection.call("SET", f"key:{number}", number)
            server.end(signal.SIGKILL)
        server.start()
        with server.connect() as connection:
            assert connection.call("DBSIZE") == 200
            assert connection.call("GET", "key:199") == b"199"


@needs_redis
def test_without_persistence_nothing_is_written(tmp_path: Path) -> None:
    with redis(tmp_path, REDIS_PERSISTENCE="none") as server:
        server.start()
        with server.connect() as connection:
            connection.call("SET", "a", "b")
        server.end()
        assert list(server.project.layout.data("redis").iterdir()) == []


@needs_redis
def test_full_memory_evicts_or_refuses_as_the_project_says(tmp_path: Path) -> None:
    def fill(name: str, policy: str) -> int:
        with redis(tmp_path / name, REDIS_MAX_MEMORY="3mb", REDIS_EVICTION_POLICY=policy) as server:
            server.start()
            with server.connect() as connection:
                for number in range(400):
                    connection.call("SET", f"key:{number}", "x" * 10_000)
                size = connection.call("DBSIZE")
                assert isinstance(size, int)
                return size

    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    assert 0 < fill("a", "allkeys-lru") < 400
    with pytest.raises(RefusedError) as refused:
        fill("b", "noeviction")
    assert refused.value.code == "OOM"


@needs_redis
def test_a_full_disk_shows_in_its_health(tmp_path: Path) -> None:
    def small_files() -> None:
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (65536, 65536))

    with redis(tmp_path) as server:
        server.start(small_files)
        with pytest.raises(RefusedError) as refused, server.connect() as connection:
            while True:
                connection.call("SET", "key", "x" * 60_000)
        assert refused.value.code == "MISCONF"
        assert not server.health().ok
        assert server.health().code == "MISCONF"


@needs_redis
def test_a_port_that_is_taken_ends_it_with_the_reason_in_its_log(tmp_path: Path) -> None:
    with socket.socket() as other, redis(tmp_path) as server:
        at = network(server.project).endpoint("redis", "redis")
        other.bind((at.host, at.port))
        other.listen()
        assert server.launch().wait(60) == 1
        assert "Address already in use" in server.log.read_text()
