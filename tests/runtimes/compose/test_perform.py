from __future__ import annotations

import json
from pathlib import Path

import pytest

from nself import __version__
from nself.errors import DockerError
from nself.model.spec import Category, Image, ServiceSpec
from nself.runtimes.compose import perform, server_image
from nself.runtimes.compose.docker import Docker
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
