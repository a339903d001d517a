"""Fixtures over a real engine. What cannot be had on this machine skips the test, with the reason."""

from __future__ import annotations

import os
import secrets
import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from nself.events import ignore
from nself.host import LocalHost
from nself.runtimes.compose.docker import Docker
from nself.runtimes.compose.images import Builder
from nself.runtimes.compose.server_image import ServerImage
from nself.services import images
from tests.cluster import own_folder
from tests.docker import bases
from tests.docker.engine import RUN, Engine, UnavailableError, close_run, end_daemon, locked, open_engine
from tests.docker.private import PrivateEngine, private_engine


def pytest_configure(config: pytest.Config) -> None:
    if not hasattr(config, "workerinput"):
        folder, lock = own_folder(tempfile.gettempdir(), "nself-docker-", end_daemon)
        os.environ[RUN] = str(folder)
        config.add_cleanup(lock.close)


def pytest_unconfigure(config: pytest.Config) -> None:
    if not hasattr(config, "workerinput"):
        close_run()


@pytest.fixture(scope="session")
def docker() -> Iterator[Engine]:
    """An engine that answers; programs that tests start find it too."""
    try:
        engine = open_engine()
    except UnavailableError as error:
        pytest.skip(str(error))
    with pytest.MonkeyPatch.context() as patch:
        for name, text in engine.environ.items():
            patch.setenv(name, text)
        yield engine


@pytest.fixture(scope="session")
def own_engine() -> Iterator[PrivateEngine]:
    """An engine to be broken; who breaks it mends it. Tests with it are in one file, and so on one worker."""
    folder, lock = own_folder(tempfile.gettempdir(), "nself-engine-", end_daemon)
    try:
        with private_engine(folder) as engine:
            yield engine
    except UnavailableError as error:
        pytest.skip(str(error))
    finally:
        lock.close()
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def debian_image(docker: Engine) -> str:
    """A minimal Debian, without Python."""
    try:
        return bases.debian(docker)
    except UnavailableError as error:
        pytest.skip(str(error))


@pytest.fixture(scope="session")
def base_image(docker: Engine, debian_image: str) -> Callable[[str], str]:
    """`base_image("python")`: see `bases.BASES`."""

    def make(name: str) -> str:
        try:
            return bases.base(name, docker)
        except UnavailableError as error:
            pytest.skip(str(error))

    return make


@pytest.fixture(scope="session")
def server_image(docker: Engine, debian_image: str, tmp_path_factory: pytest.TempPathFactory) -> str:
    """The image of our servers as this checkout makes it, under the name that projects ask for."""
    scratch = tmp_path_factory.mktemp("server-image")
    host = LocalHost()
    builder = Builder(docker=Docker(host, dict(os.environ)), host=host, logs=scratch, emit=ignore)
    reference = images.image(images.OURS).reference
    with locked("server-image"):
        ServerImage(builder=builder, reference=reference, base=debian_image, scratch=Path(scratch)).ensure()
    return reference


@pytest.fixture(scope="session")
def app_image(docker: Engine, debian_image: str) -> Iterator[str]:
    """An image whose account is said by name, `app` (4321:8765), with root's folders `/srv/filled` and `/srv/empty`."""
    # Of this worker alone: another one ends earlier, and takes its own away.
    image = f"nself-test/app-{secrets.token_hex(4)}"
    text = (
        f"FROM {debian_image}\n"
        "RUN groupadd --gid 8765 app && useradd --uid 4321 --gid app --no-create-home app"
        " && mkdir -p /srv/filled /srv/empty && echo first > /srv/filled/greeting\n"
        "USER app\n"
    )
    docker.run("build", "--quiet", "--tag", image, "-", input=text)
    yield image
    docker.run("image", "rm", "--force", image, check=False)
