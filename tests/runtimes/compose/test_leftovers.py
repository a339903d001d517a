"""Cleaning a real engine: what has the project's label goes, what has another's or none stays."""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import cast

import pytest

from nself.host import Host, LocalHost, Ran
from nself.runtimes.compose import ownership
from nself.runtimes.compose.docker import Docker
from nself.runtimes.compose.docker_errors import EngineBusyError
from nself.runtimes.compose.leftovers import Kind, Leftovers
from nself.runtimes.compose.ownership import Identity
from nself.runtimes.compose.volumes import ForeignVolumesError
from tests.docker.engine import Engine

MIB = 1024 * 1024


@dataclass
class Project:
    """One that left things behind. `made` are ids by kind."""

    name: str
    engine: Engine
    base: str
    scratch: Path
    number: str = field(default_factory=lambda: secrets.token_hex(8))

    @property
    def leftovers(self) -> Leftovers:
        host = LocalHost()
        docker = Docker(host, dict(os.environ))
        return Leftovers(docker=docker, host=host, project=self.name, root=self.scratch, identity=self.identity)

    @property
    def identity(self) -> Identity:
        return Identity(id=self.number, root=str(self.scratch), key="key")

    def labels(self, *, compose: bool = True) -> list[str]:
        names = ["nself.project", *(["com.docker.compose.project"] if compose else [])]
        found = {**dict.fromkeys(names, self.name), ownership.LABEL: self.number}
        return [word for name, text in found.items() for word in ("--label", f"{name}={text}")]

    def build(self, content: bytes, *, tag: bool = True) -> str:
        """An image with a file of this content; an image that had the tag before has none any more."""
        folder = self.scratch / secrets.token_hex(4)
        folder.mkdir()
        (folder / "file").write_bytes(content)
        (folder / "Dockerfile").write_text(f"FROM {self.base}\nCOPY file /file\n")
        words = ["--tag", f"nself-commands/{self.name}"] if tag else []
        ran = self.engine.run("build", "-q", *words, *self.labels(compose=False), str(folder))
        return ran.stdout.strip()

    def container(self, *command: str) -> str:
        return self.engine.run("run", "-d", *self.labels(), self.base, *command).stdout.strip()

    def volume(self, content: int = 0) -> str:
        name = self.engine.run("volume", "create", *self.labels()).stdout.strip()
        fill = ("sh", "-c", f"head -c {content} /dev/zero > /v/file")
        self.engine.run("run", "--rm", "-v", f"{name}:/v", self.base, *fill)
        return name

    def network(self) -> str:
        return self.engine.run(
            "network", "create", *self.labels(), f"{self.name}-{secrets.token_hex(2)}"
        ).stdout.strip()


@pytest.fixture
def projects(docker: Engine, debian_image: str, tmp_path: Path) -> Iterator[tuple[Project, Project]]:
    """Two on one engine, whatever they leave is gone afterwards."""
    made = tuple(Project(f"commands-{secrets.token_hex(4)}", docker, debian_image, tmp_path) for _ in range(2))
    yield made[0], made[1]
    for project in made:
        label = f"label=nself.project={project.name}"
        for listing, remove in (
            (["ps", "-aq"], ["rm", "-f"]),
            (["volume", "ls", "-q"], ["volume", "rm", "-f"]),
            (["network", "ls", "-q"], ["network", "rm"]),
            (["image", "ls", "-aq"], ["image", "rm", "-f"]),
        ):
            found = docker.run(*listing, "--filter", label).stdout.split()
            if found:
                docker.run(*remove, *dict.fromkeys(found), check=False)


Two = tuple[Project, Project]


def test_stopped_containers_go_and_what_they_wrote_is_counted(projects: Two) -> None:
    mine, other = projects
    running = mine.container("sleep", "60")
    stopped = mine.container("sh", "-c", f"head -c {3 * MIB} /dev/zero > /var/file")
    theirs = other.container("true")
    mine.engine.run("wait", stopped, theirs)

    before = mine.leftovers.have(Kind.CONTAINERS)
    mine.leftovers.remove(Kind.CONTAINERS)

    assert set(before) == {running, stopped}
    assert 3 * MIB * 0.95 < before[stopped] < 3 * MIB * 1.05
    assert set(mine.leftovers.have(Kind.CONTAINERS)) == {running}
    assert set(other.leftovers.have(Kind.CONTAINERS)) == {theirs}


def test_images_of_earlier_builds_go_with_the_bytes_that_only_they_had(projects: Two) -> None:
    mine, other = projects
    old = mine.build(os.urandom(2 * MIB))
    new, theirs, nobodys = mine.build(b"new"), other.build(b"1", tag=False), other.build(b"2")

    freed = mine.leftovers.remove(Kind.IMAGES)

    assert 2 * MIB * 0.95 < freed < 2 * MIB * 1.05  # the layers of the base are still in use
    assert set(mine.leftovers.have(Kind.IMAGES)) == {new}
    assert old not in mine.engine.run("image", "ls", "-aq", "--no-trunc").stdout.split()
    assert set(other.leftovers.have(Kind.IMAGES)) == {theirs, nobodys}


def test_the_tag_that_folders_of_one_name_shared_goes_with_an_image_of_ours_alone(projects: Two) -> None:
    mine, other = projects
    ours, theirs, named = (f"{mine.name}/{name}" for name in ("ours", "theirs", "named"))
    mine.engine.run("tag", mine.build(b"ours", tag=False), f"{ours}:latest")
    mine.engine.run("tag", other.build(b"theirs", tag=False), f"{theirs}:latest")
    mine.engine.run("tag", mine.build(b"named", tag=False), f"{named}:{mine.number}")

    mine.leftovers.remove(Kind.IMAGES)

    assert not mine.engine.has(ours)
    assert mine.engine.has(theirs) and mine.engine.has(f"{named}:{mine.number}")


def test_every_image_goes_unless_a_container_is_made_from_it(projects: Two) -> None:
    mine, _ = projects
    used, unused = mine.build(b"used"), mine.build(b"unused", tag=False)
    mine.engine.run("create", *mine.labels(), used, "true")
    mine.leftovers.remove(Kind.IMAGES, every=True)
    assert unused not in mine.leftovers.have(Kind.IMAGES)
    mine.leftovers.remove(Kind.CONTAINERS)
    mine.leftovers.remove(Kind.IMAGES, every=True)
    assert mine.leftovers.have(Kind.IMAGES) == {}


def test_networks_go_when_nobody_is_in_them(projects: Two) -> None:
    mine, other = projects
    empty, used, theirs = mine.network(), mine.network(), other.network()
    mine.engine.run("run", "-d", *mine.labels(), "--network", used, mine.base, "sleep", "60")
    mine.leftovers.remove(Kind.NETWORKS)
    assert [id for id in mine.leftovers.have(Kind.NETWORKS) if used.startswith(id)]
    assert not [id for id in mine.leftovers.have(Kind.NETWORKS) if empty.startswith(id)]
    assert [id for id in other.leftovers.have(Kind.NETWORKS) if theirs.startswith(id)]


def test_volumes_go_with_their_data_measured(projects: Two) -> None:
    mine, other = projects
    volume, theirs = mine.volume(2 * MIB), other.volume()
    assert 2 * MIB * 0.95 < mine.leftovers.have(Kind.VOLUMES)[volume] < 2 * MIB * 1.05
    mine.leftovers.remove(Kind.VOLUMES)
    assert mine.leftovers.have(Kind.VOLUMES) == {}
    assert set(other.leftovers.have(Kind.VOLUMES)) == {theirs}


def test_what_another_folder_left_under_this_name_stays(projects: Two) -> None:
    mine, _ = projects
    other = replace(mine, number=secrets.token_hex(8))
    theirs = other.container("true"), other.build(b"theirs"), other.network()
    other.engine.run("wait", theirs[0])
    kinds = (Kind.CONTAINERS, Kind.IMAGES, Kind.NETWORKS)
    assert all(mine.leftovers.have(kind) == {} for kind in kinds)
    for kind in kinds:
        mine.leftovers.remove(kind, every=True)
    assert [len(other.leftovers.have(kind)) for kind in kinds] == [1, 1, 1]
    volume = other.volume()
    with pytest.raises(ForeignVolumesError, match=volume):
        mine.leftovers.have(Kind.VOLUMES)


def test_a_project_that_left_nothing_has_nothing(projects: Two) -> None:
    mine, _ = projects
    assert all(mine.leftovers.have(kind) == {} for kind in Kind if kind is not Kind.BUILDERS)


class Busy:
    """A `docker` that answers as an engine which prunes for another program, `times` times."""

    def __init__(self, times: int) -> None:
        self.times = times
        self.slept = 0.0

    def run(self, argv: Sequence[str], **_: object) -> Ran:
        if "prune" not in argv:
            return Ran(tuple(argv), 0, "", "")
        said = "Error response from daemon: a prune operation is already running"
        busy, self.times = self.times > 0, self.times - 1
        return Ran(
            tuple(argv), 1 if busy else 0, "Total reclaimed space: 3MB\n" if not busy else "", said if busy else ""
        )

    def monotonic(self) -> float:
        return self.slept

    def sleep(self, seconds: float) -> None:
        self.slept += seconds


def cleaning(busy: Busy) -> Leftovers:
    host = cast(Host, busy)
    return Leftovers(docker=Docker(host, {}), host=host, project="mine", root=Path("/mine"), identity=None)


def test_an_engine_that_cleans_for_another_is_waited_for() -> None:
    busy = Busy(times=3)
    assert cleaning(busy).remove(Kind.IMAGES) == 3_000_000
    assert busy.slept


def test_but_not_for_ever() -> None:
    with pytest.raises(EngineBusyError, match="a prune operation is already running, for another program"):
        cleaning(Busy(times=10**6)).remove(Kind.IMAGES)
