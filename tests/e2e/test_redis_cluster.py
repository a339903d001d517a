"""A Redis cluster in a running stack: made from one server, interrupted, broken, larger, and one server again. A client
writes all the while, and every key it was told of as written is looked for."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from nself.runtimes.resp import Connection, Reply
from nself.runtimes.wire import RefusedError
from tests.cache import needs_redis
from tests.cluster import free_port
from tests.docker.engine import Engine
from tests.e2e.conftest import Project, wait_until

pytestmark = [pytest.mark.e2e, needs_redis]
PASSWORD = "pass word's \"$%&?/#@: ü {root}"
SLOTS = 16384


class Client:
    """As clients of a cluster are: it goes where it is sent, and tries again while nobody is there."""

    def __init__(self, port: int) -> None:
        self.first = port
        self.port = port
        self.seen = {port}
        self.connections: dict[int, Connection] = {}

    def call(self, *words: str | int) -> Reply:
        deadline = time.monotonic() + 90
        while True:
            try:
                return self._connection(self.port).call(*words)
            except RefusedError as refused:
                assert time.monotonic() < deadline, refused
                if refused.code in ("MOVED", "ASK"):
                    port = int(str(refused).rsplit(":", 1)[1])
                    self.seen.add(port)
                    if refused.code == "ASK":
                        try:
                            return self._connection(port).pipeline([("ASKING",), words])[1]
                        except RefusedError:
                            continue
                    self.port = port
                else:
                    assert refused.code in ("CLUSTERDOWN", "LOADING", "TRYAGAIN", "MASTERDOWN"), refused
                    time.sleep(0.05)
            except OSError as error:
                assert time.monotonic() < deadline, error
                self.connections.pop(self.port, None)
                # Another one knows who has taken over.
                known = sorted(self.seen)
                self.port = known[(known.index(self.port) + 1) % len(known)]
                time.sleep(0.05)

    def _connection(self, port: int) -> Connection:
        if port not in self.connections:
            self.connections[port] = Connection("127.0.0.1", port, PASSWORD, timeout_s=5)
        return self.connections[port]


@contextmanager
def writing(port: int) -> Iterator[dict[str, int]]:
    """{key: value} of what was acknowledged, one write after the other."""
    written: dict[str, int] = {}
    faults: list[BaseException] = []
    end = threading.Event()

    def write() -> None:
        client = Client(port)
        try:
            while not end.wait(0.005):
                number = len(written)
                assert client.call("SET", f"written:{number}", number) == "OK"
                written[f"written:{number}"] = number
        except BaseException as fault:  # noqa: BLE001 - told where the test can see it
            faults.append(fault)

    thread = threading.Thread(target=write)
    thread.start()
    try:
        yield written
    finally:
        end.set()
        thread.join()
    assert not faults, faults


def cluster(project: Project) -> dict[str, dict[str, object]]:
    """{node: what is told of it}, once the whole is well."""
    found = project.json("scale", "redis", "status")["cluster"]
    assert (found["state"], found["slots_assigned"]) == ("ok", SLOTS), found
    return {each["name"]: each for each in found["nodes"]}


def refusal(project: Project, *words: str) -> str:
    answer = project.json(*words, check=False)
    assert not answer["ok"], answer
    return str(answer["error"]["message"])


@pytest.mark.timeout(400)
def test_one_server_becomes_a_cluster_and_one_again_without_losing_a_key(new_project: Callable[..., Project]) -> None:
    port = free_port()
    redis = {"REDIS_ENABLED": "true", "REDIS_PASSWORD": PASSWORD, "REDIS_PORT": str(port)}
    project = new_project(HASURA_ENABLED="false", REDIS_CLUSTER_NODE_TIMEOUT="2000", **redis)
    project.nself("start", "redis")
    fill(port)
    refused_while_there_are_other_databases(project, port)
    with writing(port) as written:
        interrupted(project)
        made = project.json("scale", "redis", "cluster", "--nodes", "6", "--yes")
        assert (made["masters"], made["replicas"], made["applied"]) == (3, 3, True)
        a_replica_takes_over(project)
        assert project.json("scale", "redis", "add-node")["nodes"] == 7
        assert [each["role"] for each in cluster(project).values()].count("master") == 3
    refused_when_made_smaller_by_hand(project)
    back = project.json("scale", "redis", "cluster", "--nodes", "1", "--yes")
    assert back["keys"] == back["keys_before"] == 1000 + len(written)
    client = Client(port)
    assert {key: client.call("GET", key) for key in written} == {k: str(n).encode() for k, n in written.items()}
    assert client.call("DBSIZE") == back["keys"]
    assert set(project.status()) & {"redis", "redis-2"} == {"redis"}
    assert PASSWORD not in (project.root / ".nself/history/all.jsonl").read_text().replace("\\", "")


def fill(port: int) -> None:
    with Connection("127.0.0.1", port, PASSWORD, timeout_s=5) as connection:
        connection.pipeline([("SET", f"key:{number}", number) for number in range(1000)])
        connection.call("FUNCTION", "LOAD", "#!lua name=shop\nredis.register_function('one', function() return 1 end)")


def refused_while_there_are_other_databases(project: Project, port: int) -> None:
    with Connection("127.0.0.1", port, PASSWORD, timeout_s=5) as connection:
        connection.pipeline([("SELECT", 2), ("SET", "key:1", "another")])
        assert "database 2 has 1" in refusal(project, "scale", "redis", "cluster", "--nodes", "6", "--yes")
        connection.call("DEL", "key:1")
    assert "one server, without a cluster" in refusal(project, "scale", "redis", "add-node")


def interrupted(project: Project) -> None:
    """Killed while slots are on their way."""
    process = project.spawn("--verbose", "scale", "redis", "cluster", "--nodes", "6", "--yes")
    assert process.stdout is not None
    said = []
    for line in process.stdout:
        said.append(line)
        if "moving" in line:
            break
    os.killpg(process.pid, signal.SIGKILL)
    assert process.wait(60) == -signal.SIGKILL, said
    process.stdout.close()


def a_replica_takes_over(project: Project) -> None:
    before = cluster(project)
    project.nself("stop", "redis-2")

    def taken_over() -> bool:
        found = project.json("scale", "redis", "status")["cluster"]
        masters = [each["name"] for each in found["nodes"] if each["role"] == "master"]
        return found["slots_assigned"] == SLOTS and len(masters) == 3 and "redis-2" not in masters

    assert before["redis-2"]["role"] == "master"
    wait_until(taken_over)
    assert project.json("scale", "redis", "status")["cluster"]["state"] == "degraded"
    assert project.status()["redis-2"]["status"] == "stopped"
    project.nself("start", "redis")
    assert cluster(project)["redis-2"]["role"] == "replica"


def refused_when_made_smaller_by_hand(project: Project) -> None:
    project.write(REDIS_CLUSTER_NODES="3")
    assert "would be left behind" in refusal(project, "start", "redis")
    project.write(REDIS_CLUSTER_NODES="7")
    assert project.json("service", "cache", "stats")["keys"] >= 1000


def test_containers_that_were_made_anew_elsewhere_find_each_other(
    new_project: Callable[..., Project], docker: Engine, base_image: Callable[[str], str]
) -> None:
    name, port, image = f"nodes-{os.getpid()}", free_port(), base_image("redis")
    redis = {"REDIS_ENABLED": "true", "REDIS_PASSWORD": PASSWORD, "REDIS_PORT": str(port), "REDIS_IMAGE": image}
    project = new_project(HASURA_ENABLED="false", REDIS_CLUSTER_NODE_TIMEOUT="2000", **redis)
    project.write(PROJECT_NAME=name)
    (project.root / "nself.yml").write_text("version: '1'\nruntime: compose\n")
    try:
        project.nself("start", "redis")
        fill(port)
        made = project.json("scale", "redis", "cluster", "--nodes", "3", "--yes")
        assert (made["keys_before"], made["keys"]) == (1000, 1000)
        before = addresses(project, docker)
        docker.run("rm", "-f", *before)
        # The address that the first of them had is somebody else's now.
        docker.run("run", "-d", "--name", name, "--network", f"{name}_network", image, "sleep", "600")
        project.nself("start", "redis")
        assert sorted(addresses(project, docker).values()) != sorted(before.values())
        assert all(each["slots"] > 5000 for each in cluster(project).values())
        assert project.json("service", "cache", "stats")["keys"] == 1000
        assert "redis-2" in project.nself("exec", "redis", "redis-cli", "-p", "6379", "CLUSTER", "SLOTS").stdout
    finally:
        docker.run("rm", "-f", name, check=False)
        project.nself("stop", "--volumes", "--yes", check=False)


def addresses(project: Project, docker: Engine) -> dict[str, str]:
    """{container: its address}."""
    ids = [str(each["container_id"]) for each in project.status().values() if each["container_id"]]
    shown = "{{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}"
    return {id: docker.run("inspect", "-f", shown, id).stdout.strip() for id in ids}
