"""What an engine does to its users: it hangs, speaks nonsense, loses its network, gives a name or a port to others."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from nself.actions import doctor
from nself.actions.project import load as loaded
from nself.actions.stack import open_stack
from nself.errors import DockerError, NselfError
from nself.events import ignore
from nself.host import LocalHost
from nself.runtimes.compose import containers
from nself.runtimes.compose.docker import Docker
from nself.runtimes.compose.docker_errors import HangingError, NameTakenError, NotDockerError, PullError, recognise
from nself.runtimes.compose.perform import fetch
from nself.runtimes.compose.runtime import Compose
from tests.runtimes.compose.programs import scripted, version
from tests.services.projects import SECRETS

CONTAINER = {
    "Id": "f" * 64,
    "Name": "/shop-postgres-1",
    "Image": "sha256:1",
    "RestartCount": 0,
    "State": {"Status": "running", "ExitCode": 0, "Pid": 1, "StartedAt": "2026-01-01T00:00:00.1Z"},
    "NetworkSettings": {"Networks": {}},
}


def opened(folder: Path, docker: Docker) -> Compose:
    (folder / "nself.yml").write_text("version: '1'\nruntime: compose\n")
    (folder / ".env").write_text(
        "".join(f"{name}={text}\n" for name, text in {"PROJECT_NAME": "shop", **SECRETS}.items())
    )
    runtime = open_stack(loaded(folder, {}), LocalHost(), docker.environ).runtime
    assert isinstance(runtime, Compose)
    return runtime


def running(folder: Path, made_from: str = "/elsewhere/shop") -> Docker:
    labels = {containers.SERVICE: "postgres", containers.FOLDER: made_from}
    told = json.dumps([{**CONTAINER, "Config": {"Image": "x", "Labels": labels}}])
    answers = {"ps -aq": (0, "f" * 64, ""), "container inspect": (0, told, ""), "images": (0, "", "")}
    return scripted(folder, answers)


def test_a_daemon_that_hangs_is_told_with_a_way_out(tmp_path: Path) -> None:
    (tmp_path / "docker").write_text("#!/bin/sh\nexec sleep 30\n")
    (tmp_path / "docker").chmod(0o755)
    with pytest.raises(HangingError, match=r"docker info did not finish within 0\.2 s") as raised:
        Docker(LocalHost(), {"PATH": f"{tmp_path}:/bin:/usr/bin"}).run("info", timeout_s=0.2)
    assert (raised.value.exit_code, bool(raised.value.fixes)) == (4, True)


@pytest.mark.parametrize("printed", [r"\377\376 <html>", "[]", "{}", "null", '{"Client": 1, "Server": 2}'])
def test_what_is_not_docker_is_told_whatever_it_prints(tmp_path: Path, printed: str) -> None:
    (tmp_path / "docker").write_text(f"#!/bin/sh\nprintf '{printed}'\n")
    (tmp_path / "docker").chmod(0o755)
    with pytest.raises(NotDockerError):
        Docker(LocalHost(), {"PATH": f"{tmp_path}:/bin:/usr/bin"}).version()


def test_a_list_of_containers_that_is_cut_off_is_an_error_of_ours(tmp_path: Path) -> None:
    docker = scripted(tmp_path, {"ps -aq": (0, "a", ""), "container inspect": (0, '[{"Id": "a', "")})
    with pytest.raises(NotDockerError):
        containers.of(docker, "shop")


def test_containers_of_another_folder_are_neither_stopped_nor_entered(tmp_path: Path) -> None:
    compose = opened(tmp_path, running(tmp_path))
    for ask in (compose.observe, compose.shutdown, lambda: list(compose.lines("postgres"))):
        with pytest.raises(DockerError, match="made from /elsewhere/shop"):
            ask()
    assert not compose.running()


def test_a_container_that_was_taken_off_its_network_is_not_as_it_was_made(tmp_path: Path) -> None:
    compose = opened(tmp_path, running(tmp_path, str(tmp_path / ".nself/build/compose")))
    assert compose.observe()["postgres"].fingerprint == {"network": "none"}


@pytest.mark.parametrize("text", ["services: {", "", "[]", "services: {}", "services: 7"])
def test_a_compose_file_edited_by_hand_is_told_with_the_way_out(tmp_path: Path, text: str) -> None:
    compose = opened(tmp_path, running(tmp_path))
    compose.build.mkdir(parents=True)
    (compose.build / "docker-compose.yml").write_text(text)
    with pytest.raises(NselfError, match="is not as it was built") as raised:
        compose.wanted()
    assert raised.value.exit_code == 3


@pytest.mark.parametrize(
    "said", ["manifest verification failed for digest sha256:1", 'Get "https://r.example/v2/": EOF', "x509: unknown"]
)
def test_an_image_that_cannot_be_had_is_named_whatever_the_registry_says(tmp_path: Path, said: str) -> None:
    compose = opened(tmp_path, scripted(tmp_path, {"images": (0, "", ""), "pull": (1, "", said)}))
    redis = next(spec for spec in compose.specs if spec.image)
    assert redis.image
    image = replace(redis.image, reference="r.example/redis:7", built=False)
    compose.specs = [replace(redis, image=image)]
    with pytest.raises(PullError, match=r"the image r\.example/redis:7 could not be pulled") as raised:
        fetch(compose, compose.specs)
    assert raised.value.exit_code == 6


@pytest.mark.parametrize(
    ("said", "what"),
    [
        (
            'Error response from daemon: Conflict. The container name "/shop-nginx-1" is already in use by container '
            '"ab". You have to remove (or rename) that container to be able to reuse that name.',
            "container shop-nginx-1",
        ),
        ('network shop_network was found but has incorrect label com.docker.compose.network set to ""', "network shop"),
    ],
)
def test_a_name_that_somebody_else_has_is_told_with_how_to_free_it(said: str, what: str) -> None:
    found = recognise(said, doing="docker compose up")
    assert isinstance(found, NameTakenError)
    assert f"the {what}" in found.message
    assert f"docker {what.split(' ')[0]} rm" in found.fixes[0]


def test_doctor_looks_at_docker_when_the_project_runs_in_containers(tmp_path: Path) -> None:
    docker = scripted(tmp_path, {"version": (0, version(engine="19.03.1"), ""), "compose version": (0, "2.26.1", "")})
    opened(tmp_path, docker)
    wishes = doctor.Wishes(categories=("docker",))
    report = doctor.doctor(tmp_path, LocalHost(), docker.environ, ignore, wishes)
    assert [check.status for check in report.checks] == [doctor.State.FAIL]
    assert "Docker Engine is 19.03.1" in report.checks[0].message
    (tmp_path / "nself.yml").write_text("version: '1'\nruntime: native\n")
    assert not doctor.doctor(tmp_path, LocalHost(), docker.environ, ignore, wishes).checks
