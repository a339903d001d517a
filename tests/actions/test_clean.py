"""What `clean` looks for, and that it leaves alone what it must."""

from __future__ import annotations

from pathlib import Path

import pytest

from nself.actions import clean
from nself.actions.clean import Engine, Kind, Wishes
from nself.errors import DockerError, PermissionDeniedError
from nself.events import ignore
from nself.host import LocalHost
from nself.model.spec import Runtime
from nself.runtimes.compose import containers
from tests.actions.places import written

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
