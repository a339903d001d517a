"""What `clean` looks for, and that it leaves alone what it must."""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator
from pathlib import Path

import pytest

from nself.actions import clean, stop
from nself.actions.clean import Kind, Wishes
from nself.actions.leftovers import Engine
from nself.errors import DockerError, PermissionDeniedError, UsageError
from nself.events import ignore
from nself.host import LocalHost
from nself.model.project import Project
from nself.model.spec import Runtime
from nself.runtimes.compose import containers, ownership
from tests.actions.places import written
from tests.docker.engine import Engine as DockerEngine

ALL = [Kind.CONTAINERS, Kind.IMAGES, Kind.NETWORKS]


@pytest.mark.parametrize(
    ("runtime", "wishes", "found"),
    [
        (Runtime.COMPOSE, Wishes(), [Kind.IMAGES]),
        (Runtime.COMPOSE, Wishes(kinds=[Kind.NETWORKS, Kind.CONTAINERS]), [Kind.CONTAINERS, Kind.NETWORKS]),
        (Runtime.COMPOSE, Wishes(everything=True), ALL),
        (Runtime.COMPOSE, Wishes(everything=True, volumes=True), [*ALL, Kind.VOLUMES]),
        (Runtime.COMPOSE, Wishes(volumes=True), [Kind.VOLUMES]),
        (Runtime.NATIVE, Wishes(), []),
        (Runtime.NATIVE, Wishes(everything=True, volumes=True), []),
        (Runtime.NATIVE, Wishes(kinds=[Kind.IMAGES]), [Kind.IMAGES]),
    ],
)
def test_what_is_looked_for_on_the_engine(runtime: Runtime, wishes: Wishes, found: list[Kind]) -> None:
    assert clean.kinds(runtime, wishes) == found


def test_data_is_not_deleted_in_production(tmp_path: Path) -> None:
    project = written(tmp_path, {"ENV": "prod", "BASE_DOMAIN": "shop.example"})
    with pytest.raises(PermissionDeniedError):
        clean.clean(project, LocalHost(), {}, ignore, Wishes(volumes=True))


def test_old_logs_and_strangers_go_and_data_stays(tmp_path: Path) -> None:
    project = written(tmp_path)
    logs, data = project.layout.logs, project.layout.data("postgres")
    for folder in (logs, data):
        folder.mkdir(parents=True)
    for name in ("postgres.log", "postgres.log.1", "gone.log"):
        (logs / name).write_text("x" * 100)
    (data / "rows").write_text("precious")

    done = clean.clean(project, LocalHost(), {}, ignore, Wishes())

    assert (done.removed.files, done.reclaimed_bytes) == (2, 200)
    assert [path.name for path in logs.iterdir()] == ["postgres.log"]
    assert (data / "rows").read_text() == "precious"


def test_a_project_of_the_same_name_elsewhere_is_left_alone(
    tmp_path: Path, docker: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    project = written(tmp_path)
    stranger = container(folder="/srv/other/.nself/build/compose")
    monkeypatch.setattr(containers, "of", lambda *_: {"postgres": stranger})
    with pytest.raises(DockerError, match="another project called shop has containers here"):
        Engine(project, LocalHost(), {}, [Kind.CONTAINERS])


def container(*, folder: str) -> containers.Container:
    told = {
        "Id": "1" * 64,
        "Name": "/shop-postgres-1",
        "Config": {
            "Labels": {containers.SERVICE: "postgres", containers.FOLDER: folder},
            "Image": "postgres",
        },
        "State": {"Status": "exited"},
        "Image": "sha256:1",
        "NetworkSettings": {},
    }
    found = containers._container(told)
    assert found is not None
    return found


@pytest.fixture
def shop(tmp_path: Path, docker: DockerEngine, debian_image: str) -> Iterator[Project]:
    """A project in containers that was started once: a stopped container, a volume, a network, on a real engine."""
    (tmp_path / "nself.yml").write_text("runtime: compose\n")
    name = f"commands-{secrets.token_hex(4)}"
    project = written(tmp_path, {"PROJECT_NAME": name})
    number = ownership.establish(project.layout, LocalHost(), ignore).id
    labels = {"nself.project": name, containers.PROJECT: name, ownership.LABEL: number}
    words = [word for key, text in labels.items() for word in ("--label", f"{key}={text}")]
    docker.run("network", "create", *words, f"{name}_network")
    docker.run("volume", "create", *words, f"{name}_postgres_data")
    own = {containers.SERVICE: "postgres", containers.FOLDER: str(project.layout.build(Runtime.COMPOSE))}
    words += [word for key, text in own.items() for word in ("--label", f"{key}={text}")]
    mount = ("-v", f"{name}_postgres_data:/data", "--network", f"{name}_network")
    docker.run("run", "-d", *words, *mount, "--init", debian_image, "sh", "-c", "echo rows > /data/rows; sleep 60")
    yield project
    for listing, remove in (("ps -aq", "rm -f"), ("volume ls -q", "volume rm"), ("network ls -q", "network rm")):
        left = docker.run(*listing.split(), "--filter", f"label=nself.project={name}").stdout.split()
        if left:
            docker.run(*remove.split(), *left)


def test_a_stack_in_containers_is_taken_down_and_all_of_it_counted(shop: Project) -> None:
    done = clean.clean(shop, LocalHost(), os.environ, ignore, Wishes(everything=True, volumes=True))
    removed = done.removed
    assert (removed.containers, removed.networks, removed.volumes, removed.images) == (1, 1, 1, 0)
    assert done.reclaimed_bytes >= 5  # what was written to the volume
    again = clean.clean(shop, LocalHost(), os.environ, ignore, Wishes(everything=True, volumes=True))
    assert (again.removed.containers, again.removed.volumes) == (0, 0)


def test_what_runs_stays_and_so_does_its_data(shop: Project, docker: DockerEngine) -> None:
    everything = [Kind.CONTAINERS, Kind.NETWORKS, Kind.IMAGES]
    done = clean.clean(shop, LocalHost(), os.environ, ignore, Wishes(kinds=everything))
    removed = done.removed
    assert (removed.containers, removed.networks, removed.volumes) == (0, 0, 0)
    volumes = docker.run("volume", "ls", "-q", "--filter", f"label=nself.project={shop.name}").stdout.split()
    assert volumes == [f"{shop.name}_postgres_data"]


def test_a_stop_says_what_it_removed_and_takes_the_images_built_for_the_project_when_asked(
    shop: Project, docker: DockerEngine, debian_image: str
) -> None:
    known = ownership.known(shop.layout, LocalHost())
    assert known
    recipe = f"FROM {debian_image}\nLABEL nself.project={shop.name} {ownership.LABEL}={known.id}\n"
    docker.run("build", "-q", "-t", f"{shop.name}/web", "-", input=recipe)
    with pytest.raises(UsageError, match="--rmi is for the whole stack"):
        stop.stop(shop, LocalHost(), os.environ, ignore, stop.Wishes(services=["postgres"], images=True))

    done = stop.stop(shop, LocalHost(), os.environ, ignore, stop.Wishes(images=True))

    assert (done.removed.containers, done.removed.images, done.removed.volumes) == (1, 1, 0)
    assert docker.run("image", "ls", "-q", f"{shop.name}/web").stdout == ""
