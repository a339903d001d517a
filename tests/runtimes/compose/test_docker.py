"""The docker command: what is missing, down, denied or too old is told apart, and the way out is named."""

from __future__ import annotations

from pathlib import Path

import pytest

from nself.errors import DockerError, NselfError
from nself.host import LocalHost
from nself.runtimes.compose.docker import Docker, doing
from nself.runtimes.compose.docker_errors import (
    CommandFailedError,
    ComposeMissingError,
    DaemonDownError,
    NoDiskError,
    NotInstalledError,
    PortTakenError,
    PullError,
    SocketDeniedError,
    TooFewCpusError,
    TooOldError,
    recognise,
)
from tests.docker.engine import Engine
from tests.runtimes.compose.programs import scripted, version

REFUSALS = [
    (
        "Cannot connect to the Docker daemon at unix:///var/run/docker.sock. Is the docker daemon running?",
        DaemonDownError,
        4,
    ),
    (
        "permission denied while trying to connect to the Docker daemon socket at unix:///var/run/docker.sock: Get …",
        SocketDeniedError,
        7,
    ),
    (
        "Error response from daemon: client version 1.50 is too new. Maximum supported API version is 1.41",
        TooOldError,
        4,
    ),
    ("failed to register layer: write /usr/lib/x.so: no space left on device", NoDiskError, 4),
    (
        "Error response from daemon: driver failed programming external connectivity on endpoint shop-nginx-1 (8f3): "
        "Bind for 0.0.0.0:443 failed: port is already allocated",
        PortTakenError,
        4,
    ),
    (
        "Error response from daemon: Ports are not available: exposing port TCP 127.0.0.1:5432 -> 127.0.0.1:0: listen "
        "tcp 127.0.0.1:5432: bind: address already in use",
        PortTakenError,
        4,
    ),
    ("Error response from daemon: pull access denied for nope/nope, repository does not exist", PullError, 6),
    ("Error response from daemon: manifest for redis:99 not found: manifest unknown: manifest unknown", PullError, 6),
    (
        'Error response from daemon: Get "https://r.example/v2/": dial tcp: lookup r.example on 10.0.0.1: no such host',
        PullError,
        6,
    ),
    ("toomanyrequests: You have reached your pull rate limit.", PullError, 6),
    ("docker: 'compose' is not a docker command.\nSee 'docker --help'", ComposeMissingError, 4),
    ("Error response from daemon: something new happened", CommandFailedError, 4),
    ("", CommandFailedError, 4),
]


@pytest.mark.parametrize(("said", "error", "exit_code"), REFUSALS)
def test_a_refusal_becomes_the_error_that_says_what_to_do(said: str, error: type[NselfError], exit_code: int) -> None:
    found = recognise(said, doing="docker pull")
    assert (type(found), found.exit_code, bool(found.fixes)) == (error, exit_code, True)


def test_how_many_processors_there_are_is_named() -> None:
    said = "Error response from daemon: Range of CPUs is from 0.01 to 2.00, as there are only 2 CPUs available"
    found = recognise(said, doing="docker compose up")
    assert isinstance(found, TooFewCpusError)
    assert found.there == "2"


def test_a_taken_port_is_named() -> None:
    found = recognise(REFUSALS[4][0], doing="docker compose up")
    assert isinstance(found, PortTakenError)
    assert found.port == 443
    assert found.fixes[0] == "ss -ltnp 'sport = :443' shows who listens there"


@pytest.mark.parametrize(
    ("said", "image"),
    [
        (REFUSALS[6][0], "nope/nope"),
        (REFUSALS[7][0], "redis:99"),
        ("Unable to find image 'a/b:1' locally\nmanifest unknown", None),
    ],
)
def test_an_image_that_cannot_be_pulled_is_named_where_docker_names_it(said: str, image: str | None) -> None:
    found = recognise(said, doing="docker pull")
    assert isinstance(found, PullError)
    assert found.image == image


def test_without_the_program_the_way_to_install_it_is_named(tmp_path: Path) -> None:
    with pytest.raises(NotInstalledError, match="Docker is not installed"):
        Docker(LocalHost(), {"PATH": str(tmp_path)}).version()


@pytest.mark.parametrize(
    ("answer", "compose", "told"),
    [
        (version(engine="19.03.5"), "2.26.1", r"Docker Engine is 19\.03\.5; nself needs 20\.10"),
        (version(client="18.9"), "2.26.1", r"the docker client is 18\.9"),
        (version(), "2.17.2", r"Docker Compose is 2\.17\.2; nself needs 2\.20"),
    ],
)
def test_what_is_too_old_is_said_with_what_is_needed(tmp_path: Path, answer: str, compose: str, told: str) -> None:
    docker = scripted(tmp_path, {"version": (0, answer, ""), "compose version": (0, f"v{compose}\n", "")})
    with pytest.raises(TooOldError, match=told):
        docker.version()


def test_a_client_without_compose_is_told_apart(tmp_path: Path) -> None:
    said = "docker: 'compose' is not a docker command."
    docker = scripted(tmp_path, {"version": (0, version(), ""), "compose version": (1, "", said)})
    with pytest.raises(ComposeMissingError):
        docker.version()
    assert docker.version(compose=False).compose == ""


def test_a_daemon_that_is_down_is_told(tmp_path: Path) -> None:
    said = "Cannot connect to the Docker daemon at unix:///var/run/docker.sock. Is the docker daemon running?"
    docker = scripted(tmp_path, {"version": (1, version(engine=None), said)})
    with pytest.raises(DaemonDownError, match="does not answer"):
        docker.version()


@pytest.mark.parametrize("printed", ["Emulate Docker CLI using podman\n", '{"Client": {"Version": "5.0.1"}}'])
def test_another_program_by_its_name_is_told_apart(tmp_path: Path, printed: str) -> None:
    docker = scripted(tmp_path, {"version": (0, printed, "")})
    with pytest.raises(DockerError, match=r"not JSON|does not tell its version"):
        docker.version()


def test_both_kinds_of_lists_are_read(tmp_path: Path) -> None:
    docker = scripted(tmp_path, {"ps": (0, '{"a":1}\n{"a":2}\n', ""), "compose ps": (0, '[{"a":1},{"a":2}]', "")})
    assert docker.ndjson("ps") == docker.ndjson("compose", "ps") == [{"a": 1}, {"a": 2}]


def test_variables_are_added_to_the_callers(tmp_path: Path) -> None:
    (tmp_path / "docker").write_text('#!/bin/sh\necho "$GIVEN $OWN"\n')
    (tmp_path / "docker").chmod(0o755)
    docker = Docker(LocalHost(), {"PATH": f"{tmp_path}:/bin", "OWN": "own"})
    assert docker.run("x", env={"GIVEN": "secret"}).stdout == "secret own\n"


@pytest.mark.parametrize(
    ("words", "name"),
    [
        (("compose", "-f", "a.yml", "-p", "shop", "up", "--detach", "api"), "compose up"),
        (("image", "inspect", "x"), "image inspect"),
        (("pull", "x"), "pull"),
        (("--version",), ""),
    ],
)
def test_a_command_is_named_without_its_options(words: tuple[str, ...], name: str) -> None:
    assert doing(words) == name


def test_a_real_engine_answers(docker: Engine) -> None:
    real = Docker(LocalHost(), _environ(docker))
    assert real.version().os == "linux"
    assert real.inspect_image("nself-nowhere/none:1") is None


def test_a_real_engine_says_what_it_cannot_pull(docker: Engine) -> None:
    with pytest.raises(PullError, match="connection refused"):
        Docker(LocalHost(), _environ(docker)).run("pull", "127.0.0.1:1/none:1")


def _environ(docker: Engine) -> dict[str, str]:
    import os

    return {**os.environ, **docker.environ}
