"""Who a container runs as, of real images."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest

from nself.host import LocalHost
from nself.model.spec import Image
from nself.runtimes.compose import accounts
from nself.runtimes.compose.docker import Docker
from tests.docker.engine import Engine


@pytest.fixture
def container(docker: Engine, app_image: str) -> Iterator[str]:
    made = docker.run("create", app_image, "true").stdout.strip()
    yield made
    docker.run("rm", made)


@pytest.mark.parametrize(
    ("user", "account"),
    [
        (None, (4321, 8765)),
        ("1234:4321", (1234, 4321)),
        ("4321", (4321, 8765)),
        ("5555", (5555, 0)),
        ("app:daemon", (4321, 1)),
        ("app:7", (4321, 7)),
        ("nobody", (65534, 65534)),
    ],
)
def test_an_account_is_told_by_number_by_name_or_by_the_image(
    container: str, app_image: str, user: str | None, account: tuple[int, int]
) -> None:
    host = LocalHost()
    assert accounts.of(Image(reference=app_image, user=user), container, Docker(host, os.environ), host) == account


def test_an_image_that_says_nothing_runs_as_root(container: str, debian_image: str) -> None:
    host = LocalHost()
    found = accounts.of(Image(reference=debian_image), container, Docker(host, os.environ), host)
    assert str(found) == "0:0"
