"""What every runtime must do alike: the demo as a user has it, natively and in containers, from one suite.

One project a runtime, started once by whoever asks first; every scenario finds it running and leaves it so.
"""

from __future__ import annotations

import json
import os
import signal
import threading
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import httpx
import pytest

from nself.actions.config.read import full_schema
from tests.cluster import free_port
from tests.docker.engine import Engine
from tests.e2e.conftest import Project, wait_until
from tests.e2e.demo import initialised
from tests.proofs import Proved

RUNTIMES = ("native", "compose")
SERVICES = ("auth", "functions", "graphql", "mail", "nginx", "postgres", "storage", "web")
KEEPS = "    volumes: ['kept:/srv/kept', './notes:/srv/notes']\n"
MORE = """
  # Ends at once, and takes nobody with it.
  broken:
    command: sh -c 'echo the recipe is missing; exit 3'
    build: services/broken
    workdir: services/broken
"""


class Stack:
    """A project on one runtime, and how this suite kills things there."""

    def __init__(self, project: Project, runtime: str, docker: Engine | None, started: Any, ours: str) -> None:
        self.project, self.runtime, self.docker, self.started = project, runtime, docker, started
        self.ours = ours
        """The image that this run built of our servers, empty where there is none."""

    def kill(self, service: str) -> None:
        """As the kernel does when memory is short: no warning."""
        status = self.project.status()[service]
        if self.docker:
            self.docker.run("kill", "--signal", "KILL", status["container_id"])
        else:
            os.kill(status["pid"], signal.SIGKILL)

    def identity(self, service: str) -> Any:
        """Another one after a restart."""
        status = self.project.status()[service]
        return (status["container_id"], status["pid"])


@pytest.fixture(scope="module", params=RUNTIMES)
def stack(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    runtime: str = request.param
    docker = images = None
    ours = ""
    if runtime == "compose":
        docker = request.getfixturevalue("docker")
        ours = request.getfixturevalue("server_image")
        images = {"PYTHON_IMAGE": request.getfixturevalue("base_image")("python")}
    name = f"scenes-{os.getpid()}-{runtime}"
    folder = tmp_path_factory.mktemp(runtime) / "hiking log"
    project = initialised(folder, "--demo", "--name", name, "--runtime", runtime)
    project.more = {**(images or {})}
    description = project.root / "nself.yml"
    text = description.read_text()
    # A port that no other project of this run chooses.
    description.write_text(text.replace("    route: app\n", f"    route: app\n    port: {free_port()}\n{KEEPS}"))
    (project.root / "services" / "broken").mkdir()
    (project.root / "services" / "broken" / "Dockerfile").write_text(
        'ARG PYTHON_IMAGE\nFROM ${PYTHON_IMAGE}\nUSER 10001\nCMD ["sh", "-c", "echo the recipe is missing; exit 3"]\n'
    )
    if docker:
        project.nself("build", "--images", "web")
    found = Stack(project, runtime, docker, project.json("start"), ours)
    project.sql("CREATE TABLE kept (n int); INSERT INTO kept VALUES (1), (2)")
    project.nself(
        "exec", "web", "--", "sh", "-ec", 'echo kept > "$VOLUME_KEPT/file"; echo noted > "$VOLUME_NOTES/file"'
    )
    yield found
    project.nself("stop", "--volumes", "--yes", check=False)
    if docker:
        docker.remove_images(name)


def test_it_starts_and_everything_is_well(stack: Stack, proved: Proved) -> None:
    started = stack.started
    assert (started["failed"], started["healthy"]) == ([], started["total"])
    assert tuple(sorted(started["started"])) == SERVICES
    stack.project.becomes_well()
    for name, service in stack.project.status().items():
        if name != "web":
            proved(name, "native" if stack.runtime == "native" else "compose")
            if stack.ours and service["image"] == stack.ours:
                proved(name, "built")


def test_the_whole_path_works_through_tls(stack: Stack) -> None:
    report = json.loads(stack.project.nself("doctor", "--smoke", "--json", check=False).stdout)
    steps = {check["id"]: check["status"] for check in report["checks"] if check["category"] == "smoke"}
    names = ("sign up", "query", "upload", "function", "mail", "clean up")
    smoke = [check for check in report["checks"] if check["category"] == "smoke"]
    assert steps == dict.fromkeys(names, "pass"), smoke


def test_status_has_one_shape(stack: Stack) -> None:
    found = stack.project.json("status", check=False)
    assert found["runtime"] == stack.runtime
    for service in found["services"]:
        assert service["pid"] and service["uptime"] is not None and service["memory"]["used"] > 0
        assert bool(service["container_id"]) == bool(service["image"]) == (stack.runtime == "compose")
        assert all(port["host"] in {"127.0.0.1", "0.0.0.0"} for port in service["ports"])


def test_functions_are_loaded_where_they_run_and_a_broken_one_is_named(stack: Stack) -> None:
    assert all(
        each["error"] is None for each in stack.project.json("service", "functions", "deploy", "local")["functions"]
    )
    broken = stack.project.root / "functions" / "broken.py"
    broken.write_text("def handler(:\n")
    try:
        found = stack.project.json("service", "functions", "deploy", "validate", check=False)
    finally:
        broken.unlink()
    assert {each["name"]: each["error"] for each in found["functions"]}["broken"].startswith("broken.py:1: ")


def test_nobody_sees_a_secret_in_what_runs(stack: Stack) -> None:
    """Docker tells a container's environment to those who may use it; all else it tells, and `ps`, holds none."""
    assert stack.project.json("start")["failed"] == []
    lines = [line.partition("=") for line in (stack.project.root / ".env").read_text().splitlines()]
    secrets = {name: text.strip("\"'") for name, _, text in lines if name in full_schema().generated()}
    assert len(secrets) >= 3
    seen = "".join(visible(stack, service) for service in stack.project.status().values())
    assert "postgres" in seen
    assert not [name for name, secret in secrets.items() if secret in seen]


def visible(stack: Stack, service: Mapping[str, Any]) -> str:
    if stack.docker is None:
        return Path(f"/proc/{service['pid']}/cmdline").read_text(errors="replace")
    told = json.loads(stack.docker.run("inspect", service["container_id"]).stdout)[0]
    assert told["Config"].pop("Env")
    return json.dumps(told) + stack.docker.run("history", "--no-trunc", told["Image"]).stdout


def test_nothing_is_started_twice(stack: Stack) -> None:
    before = stack.identity("graphql")
    assert stack.project.json("start", "--dry-run")["steps"] == []
    assert stack.project.json("start")["started"] == []
    assert stack.identity("graphql") == before


def test_a_program_runs_inside_and_its_exit_code_comes_out(stack: Stack) -> None:
    assert stack.project.sql("SELECT 6 * 7") == "42"
    failed = stack.project.nself("exec", "postgres", "--", "sh", "-c", "exit 7", check=False)
    assert (failed.returncode, failed.stdout) == (7, "")
    assert "POSTGRES_PASSWORD" not in stack.project.nself("--debug", "exec", "-T", "postgres", "true").stderr


def test_what_a_service_said_is_found_again(stack: Stack) -> None:
    lines = stack.project.nself("logs", "postgres", "--all", "--json").stdout.splitlines()
    assert any("ready to accept connections" in json.loads(line)["message"] for line in lines)
    assert {json.loads(line)["service"] for line in lines} == {"postgres"}


def test_a_killed_database_comes_back_with_its_data(stack: Stack) -> None:
    before = stack.identity("postgres")
    stack.kill("postgres")
    stack.project.nself("start")
    assert stack.identity("postgres") != before
    assert stack.project.sql("SELECT count(*) FROM kept") == "2"


@pytest.mark.parametrize("service", ["web", "nginx"])
def test_a_killed_server_comes_back(stack: Stack, service: str) -> None:
    stack.kill(service)
    assert stack.project.json("start")["failed"] == []
    stack.project.becomes(**{service: "healthy"})


def test_only_what_changed_is_restarted(stack: Stack) -> None:
    before = {name: stack.identity(name) for name in ("postgres", "nginx")}
    assert stack.project.json("restart")["restarted"] == []
    with (stack.project.root / ".env").open("a") as env:
        env.write("AUTH_ACCESS_TOKEN_EXPIRES_IN=300\n")
    restarted = stack.project.json("restart")["restarted"]
    assert "auth" in restarted and not {"postgres", "nginx", "web"} & set(restarted)
    assert {name: stack.identity(name) for name in before} == before


def test_one_service_stops_and_starts_with_what_it_needs(stack: Stack) -> None:
    port = stack.project.json("urls")["urls"][0]["url"].rpartition(":")[2]

    def answered() -> int:
        address = f"https://127.0.0.1:{port}/"
        return httpx.get(address, headers={"Host": "app.localhost"}, verify=False, timeout=90).status_code

    assert "web" in stack.project.json("stop", "web")["stopped"]
    assert stack.project.status()["web"]["status"] == "stopped"
    assert answered() in {502, 504}
    assert stack.project.json("start", "web")["failed"] == []
    wait_until(lambda: answered() == 200)


def test_a_service_grows_and_shrinks_and_no_request_is_lost(stack: Stack) -> None:
    port = stack.project.json("urls")["urls"][0]["url"].rpartition(":")[2]
    failures: list[str] = []
    answered: list[int] = []
    stop = threading.Event()

    def ask() -> None:
        with httpx.Client(verify=False, headers={"Host": "app.localhost"}, timeout=90) as client:
            while not stop.is_set():
                try:
                    answer = client.get(f"https://127.0.0.1:{port}/")
                    answered.append(answer.status_code)
                except httpx.HTTPError as error:
                    failures.append(repr(error))
                time.sleep(0.02)

    asking = threading.Thread(target=ask)
    asking.start()
    try:
        stack.project.nself("scale", "out", "web", "--replicas", "3")
        # Who is slow to answer on a busy machine is not well in that moment.
        wait_until(lambda: stack.project.status()["web"]["replicas"]["healthy"] == 3)
        stack.project.nself("scale", "in", "web", "--replicas", "1")
        wait_until(lambda: len(answered) > 20)
    finally:
        stop.set()
        asking.join()
    assert stack.project.status()["web"]["replicas"]["wanted"] == 1
    assert failures == []
    assert set(answered) == {200}


def test_a_service_that_ends_at_once_takes_nobody_with_it(stack: Stack) -> None:
    description = stack.project.root / "nself.yml"
    text = description.read_text()
    description.write_text(text + MORE)
    try:
        if stack.docker:
            stack.project.nself("build", "--images", "broken")
        ran = stack.project.nself("start", "--json", check=False)
        (failure,) = json.loads(ran.stdout)["failed"]
        assert (ran.returncode, failure["service"]) == (1, "broken")
        assert "ends as soon as it is started" in failure["reason"]
        assert failure["probe"].startswith("GET http://") and failure["answer"]
        assert "the recipe is missing" in failure["log"]
        stack.project.becomes(**dict.fromkeys(SERVICES, "healthy"))
    finally:
        description.write_text(text)
        stack.project.nself("start", check=False)
    assert "broken" not in stack.project.status()


def test_two_starts_at_once_agree(stack: Stack) -> None:
    stack.project.nself("stop", "web")
    both = [stack.project.spawn("start", "--json") for _ in range(2)]
    for one in both:
        out, _ = one.communicate(timeout=200)
        assert one.returncode == 0, out
    stack.project.becomes_well()


def test_a_stop_in_the_middle_of_a_start_ends_with_nothing_running(stack: Stack) -> None:
    stack.project.nself("stop")
    starting = stack.project.spawn("--verbose", "start")
    assert starting.stdout is not None
    while "start " not in (line := starting.stdout.readline()):
        assert line, "it ended before it started anything"
    starting.send_signal(signal.SIGINT)
    out, _ = starting.communicate(timeout=200)
    assert starting.returncode in {0, 130, -signal.SIGINT}, out
    stack.project.nself("stop")
    assert {service["status"] for service in stack.project.status().values()} == {"stopped"}


def test_data_outlives_a_stop_and_goes_when_that_is_asked_for(stack: Stack) -> None:
    stack.project.nself("start")
    assert stack.project.sql("SELECT count(*) FROM kept") == "2"
    read = ("exec", "web", "--", "sh", "-c", 'cat "$VOLUME_NOTES/file" "$VOLUME_KEPT/file"')
    assert stack.project.nself(*read).stdout.split() == ["noted", "kept"]
    removed = stack.project.json("stop", "--volumes", "--yes")["removed"]
    assert removed["volumes"] >= 3
    stack.project.nself("start")
    assert stack.project.sql("SELECT to_regclass('kept') IS NULL") == "t"
    assert stack.project.nself(*read, check=False).stdout.split() == ["noted"], "folders of the project are the user's"
