from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace
from typing import cast

import pytest

from nself import __version__
from nself.errors import DockerError
from nself.events import ignore
from nself.model.container_settings import PullPolicy
from nself.model.spec import Category, Image, ServiceSpec
from nself.runtimes.compose import perform, server_image
from nself.runtimes.compose.docker import Docker
from nself.runtimes.compose.runtime import Compose
from tests.runtimes.compose.programs import scripted

OURS = Image(reference="nself/server:1", built=True)
AUTH = ServiceSpec(name="auth", category=Category.REQUIRED, server="auth", image=OURS)
WEB = ServiceSpec(
    name="web", category=Category.CUSTOM, build=Path("/web"), image=Image(reference="shop/web:1", built=True)
)


def holding(folder: Path, labels: dict[str, str]) -> Docker:
    told = json.dumps([{"Id": "sha256:1", "Config": {"Labels": labels}}])
    return scripted(folder, {f"image inspect {OURS.reference}": (0, told, "")})


def test_an_image_of_another_nself_is_refused_with_both_versions(tmp_path: Path) -> None:
    docker = holding(tmp_path, {server_image.TITLE: server_image.NAMED, server_image.VERSION: "0.0.1"})
    with pytest.raises(DockerError) as refused:
        perform.refuse_another_version(docker, [AUTH, WEB])
    assert refused.value.message == f"nself/server:1 holds nself 0.0.1, and this is nself {__version__}"
    assert refused.value.fixes == ("nself build --images server",)


@pytest.mark.parametrize(
    "labels",
    [
        {server_image.TITLE: server_image.NAMED, server_image.VERSION: __version__},
        {server_image.TITLE: "something else", server_image.VERSION: "0.0.1"},
        {},
    ],
)
def test_our_own_and_what_says_nothing_of_us_is_used(tmp_path: Path, labels: dict[str, str]) -> None:
    perform.refuse_another_version(holding(tmp_path, labels), [AUTH])


def test_services_of_the_user_s_own_are_not_asked_for_our_version(tmp_path: Path) -> None:
    perform.refuse_another_version(scripted(tmp_path, {}), [WEB])


HERE = ServiceSpec(name="redis", category=Category.OPTIONAL, image=Image(reference="redis:7"))
MISSING = ServiceSpec(name="minio", category=Category.OPTIONAL, image=Image(reference="minio:1"))


def pulled(folder: Path, pull: PullPolicy) -> list[str]:
    """The images that were asked for, of one that is here, one that is not, and one that was built."""
    docker, said = scripted(folder, {"pull": (0, "", "")}), folder / "said"
    program = folder / "docker"
    program.write_text(program.read_text().replace("case", f'echo "$*" >> {said}\ncase', 1))
    here = {"redis:7": "sha256:1", "shop/web:1": "sha256:2"}
    compose = SimpleNamespace(docker=docker, image_ids=lambda: here, forget_images=lambda: None, emit=ignore, pull=pull)
    perform.fetch(cast(Compose, compose), [HERE, MISSING, WEB])
    return [line.split()[-1] for line in said.read_text().splitlines()]


def test_what_is_missing_is_pulled_and_all_that_is_not_built_where_that_is_wanted(tmp_path: Path) -> None:
    assert pulled(tmp_path, PullPolicy.MISSING) == ["minio:1"]
    (tmp_path / "said").unlink()
    assert pulled(tmp_path, PullPolicy.ALWAYS) == ["minio:1", "redis:7"]


def test_where_nothing_may_be_pulled_the_missing_image_is_named(tmp_path: Path) -> None:
    with pytest.raises(DockerError, match=r"^minio:1: not on this engine, and IMAGE_PULL_POLICY=never$") as refused:
        pulled(tmp_path, PullPolicy.NEVER)
    assert "docker load" in refused.value.fixes[0]
    assert not (tmp_path / "said").exists()
