"""What becomes of a project when its Docker engine dies, hangs, fills up, or has something done to it by hand."""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread

import pytest

from nself.errors import DockerError
from nself.host import LocalHost
from nself.runtimes.compose.docker import Docker
from nself.runtimes.compose.docker_errors import DaemonDownError, HangingError, NoContextError
from tests.docker import engine
from tests.docker.private import PrivateEngine, fill
from tests.e2e.conftest import PASSWORD, SECRET, wait_until
from tests.e2e.shops import DOCKERFILE, Shop, shop
from tests.e2e.test_faults import tmpfs

pytestmark = pytest.mark.e2e


@pytest.fixture(scope="module")
def built(own_engine: PrivateEngine, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    """`web` with its image, which each test finds stopped and leaves in some state or other."""
    project = shop(tmp_path_factory.mktemp("shop"), own_engine)
    project.aside("build", "--images", "web")
    yield project
    project.aside("stop", check=False)


@pytest.fixture(autouse=True)
def running(request: pytest.FixtureRequest) -> None:
    """A test that failed with the engine down is not to fail those after it."""
    if "own_engine" in request.fixturenames:
        request.getfixturevalue("own_engine").start()


@pytest.fixture
def project(built: Shop) -> Shop:
    built.nself("start", "web")
    return built


def container(engine: PrivateEngine, name: str = "shop-web-1") -> str:
    return engine.docker("inspect", "--format", "{{.State.Status}}", name, check=False)


def test_with_the_daemon_gone_nothing_is_called_stopped_and_all_is_there_when_it_is_back(
    project: Shop, own_engine: PrivateEngine
) -> None:
    with own_engine.down():
        for command in ("status", "logs web", "exec web true", "health", "stop", "start web", "restart web"):
            refused = project.aside(*command.split(), check=False)
            assert refused.returncode == 4, command
            assert refused.stdout == "", command
            assert f"the Docker daemon at unix://{own_engine.socket} does not answer" in refused.stderr, command
            assert "what runs in it cannot be told" in refused.stderr
        told = json.loads(project.aside("--json", "status", check=False).stdout)
        assert (told["ok"], told["error"]["kind"]) == (False, "docker")

    project.nself("start", "web")
    project.becomes(web="healthy")


def test_a_paused_container_is_said_to_be_one_and_woken_by_start(project: Shop, own_engine: PrivateEngine) -> None:
    own_engine.docker("pause", "shop-web-1")

    told = project.nself("status", check=False)
    started = project.nself("start", "web")

    assert told.returncode == 1 or told.returncode == 4
    assert "web: it is paused (docker pause)" in told.stdout
    assert "started: 1 of 1" in started.stdout
    assert container(own_engine) == "running"


def test_a_paused_container_is_stopped_by_stop(project: Shop, own_engine: PrivateEngine) -> None:
    own_engine.docker("pause", "shop-web-1")

    stopped = project.aside("stop", "web")

    assert "stopped web" in stopped.stdout
    assert container(own_engine) == "exited"


def test_a_container_removed_by_hand_is_made_again(project: Shop, own_engine: PrivateEngine) -> None:
    own_engine.docker("rm", "--force", "shop-web-1")

    assert project.status()["web"]["status"] == "stopped"
    refused = project.nself("exec", "web", "true", check=False)
    project.nself("start", "web")

    assert (refused.returncode, "web is not running" in refused.stderr) == (4, True)
    project.becomes(web="healthy")


def test_a_network_removed_by_hand_is_made_again(project: Shop, own_engine: PrivateEngine) -> None:
    own_engine.docker("network", "disconnect", "--force", "shop_network", "shop-web-1")
    own_engine.docker("network", "rm", "shop_network")

    assert project.status()["web"]["health"] == "unhealthy"
    project.nself("start", "web")

    project.becomes(web="healthy")


def test_a_full_disk_of_the_engine_is_told_and_nothing_is_lost(built: Shop, own_engine: PrivateEngine) -> None:
    script = built.root / "services" / "web" / "run.sh"
    script.write_text(script.read_text() + "# another image\n")
    before = own_engine.docker("images", "--quiet", "--no-trunc", built.image())
    built.aside("stop")
    with own_engine.full():
        build = built.aside("build", "--images", "web", check=False)
        start = built.nself("start", "web", check=False)

    for failed in (build, start):
        assert failed.returncode == 4
        assert f"Docker has no disk space left in {own_engine.data} (0 MB of " in failed.stderr
        assert "docker system df" in failed.stderr
        assert "nself clean --images" in failed.stderr
    assert "(web, " in build.stderr
    assert own_engine.docker("images", "--quiet", "--no-trunc", built.image()) == before
    built.aside("build", "--images", "web")
    built.nself("start", "web")
    built.becomes(web="healthy")


def test_a_full_disk_of_the_project_is_told_and_keeps_nobody_from_stopping(
    own_engine: PrivateEngine, built: Shop, tmp_path: Path
) -> None:
    with tmpfs(tmp_path / "small", "8m"):
        project = shop(tmp_path / "small" / "shop2", own_engine, name="shop2")
        fill(tmp_path / "small" / "filler")
        refused = project.nself("start", "web", check=False)
        (tmp_path / "small" / "filler").unlink()
        project.aside("build")
        own_engine.docker("tag", built.image(), project.image())
        project.nself("start", "web")
        fill(tmp_path / "small" / "filler")
        stopped = project.aside("stop")

    assert refused.returncode == 1
    assert "No space left on device (0 MB of 8 MB free)" in refused.stderr
    assert "something we did not foresee" not in refused.stderr
    assert "stopped web" in stopped.stdout


def test_an_engine_that_accepts_and_never_answers_is_given_up(tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as mute:
        mute.bind(str(tmp_path / "mute.sock"))
        mute.listen()
        environ = {**os.environ, "DOCKER_HOST": f"unix://{tmp_path / 'mute.sock'}"}
        with pytest.raises(HangingError, match=r"docker ps did not finish within 1 s"):
            Docker(LocalHost(), environ).run("ps", timeout_s=1)


def test_what_answers_in_the_place_of_an_engine_is_told_apart() -> None:
    """Another program at the port, as a proxy is."""
    with HTTPServer(("127.0.0.1", 0), BaseHTTPRequestHandler) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        refused = asked({"DOCKER_HOST": f"tcp://127.0.0.1:{server.server_port}"})
        server.shutdown()
    assert "is not a Docker engine" in refused.message


@pytest.mark.parametrize(
    ("environ", "error", "told"),
    [
        ({"DOCKER_HOST": "tcp://127.0.0.1:1"}, DaemonDownError, "the Docker daemon at tcp://127.0.0.1:1 does not"),
        ({"DOCKER_HOST": "unix:///etc/hostname"}, DaemonDownError, "the Docker daemon at unix:///etc/hostname does"),
        pytest.param(
            {"DOCKER_HOST": "ssh://nobody@127.0.0.1:1"},
            DaemonDownError,
            "does not answer: ssh: connect to host 127",
            marks=pytest.mark.skipif(shutil.which("ssh") is None, reason="ssh is not installed"),
        ),
        ({"DOCKER_CONTEXT": "nowhere"}, NoContextError, 'context "nowhere"'),
        ({"DOCKER_HOST": "tcp://127.0.0.1:1", "DOCKER_TLS_VERIFY": "1"}, NoContextError, "ca.pem"),
    ],
)
def test_an_address_without_an_engine_is_named(environ: dict[str, str], error: type[DockerError], told: str) -> None:
    refused = asked(environ)
    assert isinstance(refused, error), refused
    assert told in refused.message
    assert refused.exit_code == 4


def asked(environ: dict[str, str]) -> DockerError:
    """What becomes of a question to where `environ` leads."""
    base = {name: text for name, text in os.environ.items() if not name.startswith("DOCKER_")}
    with pytest.raises(DockerError) as refused:
        Docker(LocalHost(), base | environ).run("ps", timeout_s=30)
    return refused.value


def test_a_socket_that_only_others_may_use_is_told_with_the_group(built: Shop, own_engine: PrivateEngine) -> None:
    """As root without its right to pass over permissions, which is to be an ordinary user here."""
    own_engine.socket.chmod(0o600)
    os.chown(own_engine.socket, 65534, 65534)
    ordinary = ("setpriv", "--bounding-set=-dac_override,-dac_read_search")
    try:
        refused = replace(built, prefix=(*own_engine.prefix, *ordinary)).nself("status", check=False)
    finally:
        os.chown(own_engine.socket, 0, 0)

    assert refused.returncode == 7
    assert "permission denied on its socket" in refused.stderr
    assert "usermod -aG docker" in refused.stderr


def test_without_compose_or_with_its_first_version_the_package_is_named(
    built: Shop, own_engine: PrivateEngine, tmp_path: Path
) -> None:
    (tmp_path / "docker-compose").write_text("#!/bin/sh\necho docker-compose version 1.29.2\n")
    (tmp_path / "docker-compose").chmod(0o755)
    environ = {"DOCKER_CONFIG": str(tmp_path), "PATH": f"{tmp_path}:{os.environ['PATH']}"}

    built.aside("stop")
    refused = replace(built, more=built.more | environ).nself("start", "web", check=False)

    assert refused.returncode == 4
    assert "apt install docker-compose-plugin" in refused.stderr


def test_an_image_that_was_removed_after_the_build_is_asked_for(built: Shop, own_engine: PrivateEngine) -> None:
    built.aside("stop")
    own_engine.docker("tag", built.image(), "kept:1")
    own_engine.docker("rmi", built.image())
    try:
        refused = built.nself("start", "web", check=False)
    finally:
        own_engine.docker("tag", "kept:1", built.image())

    assert refused.returncode == 4
    assert f"an image is not built: {built.image()}" in refused.stderr
    assert "nself build --images" in refused.stderr


ENDINGS = {signal.SIGINT: 130, signal.SIGTERM: 143, signal.SIGKILL: -signal.SIGKILL}


def ended(process: subprocess.Popen[str], after: str, number: signal.Signals) -> str:
    """What a command printed that got a signal as soon as it had printed a line with `after`."""
    assert process.stdout is not None
    said = ""
    for line in process.stdout:
        said += line
        if after in line:
            break
    # A terminal's Ctrl-C goes to all that run in it; the others are sent to one process.
    (os.killpg if number is signal.SIGINT else os.kill)(process.pid, number)
    said += process.communicate(timeout=60)[0]
    assert process.returncode == ENDINGS[number], said
    return said


@pytest.mark.parametrize("number", ENDINGS)
def test_a_start_that_is_ended_while_it_makes_containers_is_taken_up_by_the_next(
    built: Shop, own_engine: PrivateEngine, number: signal.Signals
) -> None:
    own_engine.docker("rm", "--force", "shop-web-1", check=False)

    said = ended(built.spawn("--verbose", "start", "web"), "start web", number)
    built.nself("start", "web")

    assert "what was started keeps running" in said or number is signal.SIGKILL
    built.becomes(web="healthy")
    assert own_engine.docker("ps", "--all", "--format", "{{.Names}}") == "shop-web-1"


@pytest.mark.parametrize("number", ENDINGS)
def test_a_build_that_is_ended_leaves_the_image_as_it_was_and_no_lock(
    built: Shop, own_engine: PrivateEngine, number: signal.Signals
) -> None:
    before = own_engine.docker("images", "--quiet", built.image())
    with changed(built, 'SHELL ["/bin/busybox", "sh", "-c"]\nRUN echo at work && /bin/busybox sleep 60'):
        build = built.spawn("--verbose", "build", "--images", "web")
        ended(build, "RUN echo at work", number)

    assert own_engine.docker("images", "--quiet", built.image()) == before
    with suppress(ProcessLookupError):
        # What was killed could not end what it had started.
        os.killpg(build.pid, signal.SIGKILL)
    assert built.image() in built.aside("build", "--images", "web").stdout


@contextmanager
def changed(project: Shop, steps: str, *, service: str = "web") -> Iterator[None]:
    """Its Dockerfile with these steps before the last, for a while."""
    file = project.root / "services" / service / "Dockerfile"
    file.write_text(DOCKERFILE.replace("USER ", f"{steps}\nUSER "))
    try:
        yield
    finally:
        file.write_text(DOCKERFILE)


def test_a_daemon_that_is_killed_while_a_start_makes_containers(built: Shop, own_engine: PrivateEngine) -> None:
    built.aside("stop")
    volume = ("run", "--rm", "--volume", "kept:/kept", "--user", "0", built.image(), "-c")
    own_engine.docker(*volume, "echo 7 >/kept/n")
    start = built.spawn("--verbose", "start", "web")
    assert start.stdout is not None
    while "start web" not in start.stdout.readline():
        assert start.poll() is None

    with own_engine.down():
        said = start.communicate(timeout=60)[0]
        assert start.returncode == 4, said
        assert "the Docker daemon at unix://" in said
        assert "Traceback" not in said

    built.nself("start", "web")
    built.becomes(web="healthy")
    assert own_engine.docker(*volume, "read n </kept/n; echo $n") == "7"


def test_a_stop_during_a_start_has_the_last_word(built: Shop, own_engine: PrivateEngine) -> None:
    built.aside("stop")
    start = built.spawn("start", "web")
    wait_until(lambda: container(own_engine) in {"created", "running"})

    built.aside("stop")
    said = start.communicate(timeout=60)[0]

    # It was ended, unless it had come to its end already.
    assert (start.returncode, "interrupted by SIGTERM" in said) in {(143, True), (0, False)}, said
    assert own_engine.docker("ps", "--all", "--quiet") == ""


def test_a_memory_limit_that_was_reached_is_said_to_be_the_reason(own_engine: PrivateEngine, tmp_path: Path) -> None:
    hungry = {"port": 8009, "depends_on": [], "memory": "8M"}
    project = shop(tmp_path / "hungry", own_engine, name="hungry", hog=hungry)
    (project.root / "services" / "hog" / "run.sh").write_text("x=0123456789; while :; do x=$x$x; done\n")
    project.aside("build", "--images", "hog")

    failed = project.nself("start", "hog", check=False)
    status = project.nself("status", "hog", check=False)
    health = project.nself("health", "check", check=False)
    project.aside("stop")

    assert failed.returncode == 1
    assert "it was killed: its memory limit of 8M was reached; services.hog.memory (CS_N_MEMORY) raises it" in (
        failed.stdout
    )
    assert "killed: its memory limit was reached" in status.stdout
    assert "killed: its memory limit was reached" in health.stdout


def test_what_reaches_an_image_and_what_does_not(built: Shop, own_engine: PrivateEngine) -> None:
    """A Dockerfile as people write it first, beside files that are in nobody's image."""
    folder = built.root / "services" / "web"
    (folder / ".env").write_text("PAYMENT_KEY=never-in-a-layer\n")
    with (folder / "film.mov").open("wb") as film:
        film.truncate(2 << 30)
    (folder / ".dockerignore").write_text("*.mov\n")
    try:
        with changed(built, "COPY . /all"):
            warned = built.aside("build", "--images", "web")
            assert "the image of web is built with .env: a COPY of the whole folder leaves it readable" in warned.stderr
            assert "never-in-a-layer" in layers(own_engine, built.image())

            (folder / ".dockerignore").write_text("*.mov\n.env*\n")
            quiet = built.aside("build", "--images", "web")
            assert "warning" not in quiet.stderr
            assert "never-in-a-layer" not in layers(own_engine, built.image())
    finally:
        for name in (".env", ".dockerignore", "film.mov"):
            (folder / name).unlink()


def layers(engine: PrivateEngine, image: str) -> str:
    """All that anybody finds in an image: its history, and every byte of its layers."""
    history = engine.docker("history", "--no-trunc", image)
    saved = subprocess.run(
        ["docker", "save", image], env={**os.environ, **engine.environ}, capture_output=True, check=True
    )
    return history + saved.stdout.decode("latin-1")


def test_the_projects_own_secrets_are_not_given_to_a_build(own_engine: PrivateEngine, tmp_path: Path) -> None:
    whole = {"port": 8001, "depends_on": [], "build": "."}
    project = shop(tmp_path / "whole", own_engine, name="whole", all=whole)
    shutil.copytree(project.root / "services" / "all", project.root, dirs_exist_ok=True)

    refused = project.aside("build", "--images", "all", check=False)
    (project.root / ".dockerignore").write_text(".env*\n.nself\n")
    project.aside("build", "--images", "all")

    assert refused.returncode == 3
    assert "services.all: its image would be built with .env, .nself" in refused.stderr
    found = layers(own_engine, project.image("all"))
    assert not any(secret in found for secret in (SECRET, PASSWORD))


def test_containers_that_a_killed_run_of_tests_left_are_removed_and_images_stay(
    built: Shop, own_engine: PrivateEngine
) -> None:
    """Docker starts them again with the engine."""
    own_engine.docker("run", "--detach", "--restart", "always", "--volume", "left:/left", built.image())
    own_engine.docker("network", "create", "left")
    engine.clear(own_engine.client)
    assert own_engine.docker("ps", "--all", "--quiet") == ""
    assert own_engine.docker("network", "ls", "--quiet", "--filter", "name=left") == ""
    assert own_engine.client.has(built.image())
