"""What becomes of a project when its Docker engine dies, hangs, fills up, or has something done to it by hand."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.docker.private import PrivateEngine
from tests.e2e.conftest import Project
from tests.e2e.shops import shop

pytestmark = [pytest.mark.e2e, pytest.mark.xdist_group("engine")]


@pytest.fixture(scope="module")
def built(own_engine: PrivateEngine, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Project]:
    """`web` with its image, which each test finds stopped and leaves in some state or other."""
    project = shop(tmp_path_factory.mktemp("shop"), own_engine)
    project.nself("build", "--images", "web")
    yield project
    project.nself("stop", check=False)


@pytest.fixture
def project(built: Project) -> Project:
    built.nself("start", "web")
    return built


def container(engine: PrivateEngine, name: str = "shop-web-1") -> str:
    return engine.docker("inspect", "--format", "{{.State.Status}}", name, check=False)


def test_with_the_daemon_gone_nothing_is_called_stopped_and_all_is_there_when_it_is_back(
    project: Project, own_engine: PrivateEngine
) -> None:
    with own_engine.down():
        for command in ("status", "logs web", "exec web true", "health", "stop", "start web", "restart web"):
            refused = project.nself(*command.split(), check=False)
            assert refused.returncode == 4, command
            assert refused.stdout == "", command
            assert f"the Docker daemon at unix://{own_engine.socket} does not answer" in refused.stderr, command
            assert "what runs in it cannot be told" in refused.stderr
        told = project.json("status", check=False)
        assert (told["ok"], told["error"]["kind"]) == (False, "docker")

    project.nself("start", "web")
    assert project.health()["web"] == "healthy"


def test_a_paused_container_is_said_to_be_one_and_woken_by_start(project: Project, own_engine: PrivateEngine) -> None:
    own_engine.docker("pause", "shop-web-1")

    told = project.nself("status", check=False)
    started = project.nself("start", "web")

    assert told.returncode == 1 or told.returncode == 4
    assert "web: it is paused (docker pause)" in told.stdout
    assert "started: 1 of 1" in started.stdout
    assert container(own_engine) == "running"


def test_a_paused_container_is_stopped_by_stop(project: Project, own_engine: PrivateEngine) -> None:
    own_engine.docker("pause", "shop-web-1")

    stopped = project.nself("stop", "web")

    assert "stopped web" in stopped.stdout
    assert container(own_engine) == "exited"


def test_a_container_removed_by_hand_is_made_again(project: Project, own_engine: PrivateEngine) -> None:
    own_engine.docker("rm", "--force", "shop-web-1")

    assert project.status()["web"]["status"] == "stopped"
    refused = project.nself("exec", "web", "true", check=False)
    project.nself("start", "web")

    assert (refused.returncode, "web is not running" in refused.stderr) == (4, True)
    assert project.health()["web"] == "healthy"


def test_a_network_removed_by_hand_is_made_again(project: Project, own_engine: PrivateEngine) -> None:
    own_engine.docker("network", "disconnect", "--force", "shop_network", "shop-web-1")
    own_engine.docker("network", "rm", "shop_network")

    assert project.status()["web"]["health"] == "unhealthy"
    project.nself("start", "web")

    assert project.health()["web"] == "healthy"
