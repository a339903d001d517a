"""Volumes of a project: what is in them, copied out and in through a container that is never started."""

from __future__ import annotations

import re
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from nself.errors import ConfigError, DockerError
from nself.host import LocalHost
from nself.model.spec import Image, ServiceSpec
from nself.runtimes.compose.docker import Docker

if TYPE_CHECKING:
    from nself.runtimes.compose.runtime import Compose

UNITS = {"B": 1, "kB": 1000, "MB": 1000**2, "GB": 1000**3, "TB": 1000**4}
AT = "/volume"
COPY_S = 3600.0
MEASURE_S = 120.0


def name_of(compose: Compose, volume: str) -> str:
    return f"{compose.project}_{volume}_data"


def sizes(compose: Compose) -> dict[str, int]:
    """{volume that exists: bytes}, in the project's names."""
    here = names(compose)
    if not here:
        return {}
    measured = {each["Name"]: size(each["Size"]) for each in measure(compose.docker, compose.host)}
    return {name: measured.get(name_of(compose, name), 0) for name in here}


def names(compose: Compose) -> list[str]:
    """Volumes that exist, in the project's names."""
    told = compose.docker.run("volume", "ls", "--format", "{{.Name}}", timeout_s=30).stdout.split()
    wanted = dict.fromkeys(volume.name for spec in compose.specs for volume in spec.volumes)
    return [name for name in wanted if name_of(compose, name) in told]


def measure(docker: Docker, host: LocalHost) -> list[dict[str, str]]:
    """Every volume of the engine with its size. It measures for one at a time, and refuses others meanwhile."""
    deadline = host.monotonic() + MEASURE_S
    while True:
        try:
            told: list[dict[str, str]] | None = docker.json(
                "system", "df", "-v", "--format", "{{json .Volumes}}", timeout_s=MEASURE_S
            )
            return told or []
        except DockerError as error:
            if "already running" not in error.message or host.monotonic() > deadline:
                raise
            host.sleep(0.5)


def remove(compose: Compose) -> int:
    found = [name_of(compose, name) for name in names(compose)]
    if found:
        compose.docker.run("volume", "rm", *found, timeout_s=120)
    return len(found)


def claim(compose: Compose, specs: Sequence[ServiceSpec]) -> None:
    """Give volumes that are not there yet to the accounts that will write to them. Docker makes them root's unless the
    image has the folder, and an image may hold no program that could change that: the engine does it itself."""
    wanted = [(volume.name, spec.image) for spec in specs for volume in spec.volumes if spec.image]
    theirs = {name: image.user for name, image in wanted if image.user and not image.built}
    here = compose.docker.run("volume", "ls", "--quiet").stdout.split() if theirs else []
    for name, user in theirs.items():
        if user and name_of(compose, name) not in here:
            with _mounted(compose, name) as container:
                compose.docker.run("cp", "-a", "-", f"{container}:/", stdin=_folder_of(user))


def _folder_of(user: str) -> str:
    """An archive of one folder, the volume's, that belongs to `uid:gid`."""
    import io
    import tarfile

    folder, out = tarfile.TarInfo(AT.removeprefix("/")), io.BytesIO()
    folder.type, folder.mode = tarfile.DIRTYPE, 0o700
    folder.uid, folder.gid = (int(number) for number in user.split(":"))
    with tarfile.open(fileobj=out, mode="w") as archive:
        archive.addfile(folder)
    return out.getvalue().decode("ascii")


@contextmanager
def copied_out(compose: Compose, volume: str) -> Iterator[Path]:
    """A copy of its files, gone when the reader is done."""
    compose.host.make_folder(compose.layout.run)
    with (
        tempfile.TemporaryDirectory(dir=compose.layout.run, prefix=f"volume-{volume}-") as folder,
        _mounted(compose, volume) as container,
    ):
        compose.docker.run("cp", "-a", f"{container}:{AT}/.", folder, timeout_s=COPY_S)
        yield Path(folder)


def fill(compose: Compose, volume: str, folder: Path) -> None:
    """Add what is in `folder`, owned by the account that will use it."""
    image = _image(compose, volume)
    with _mounted(compose, volume) as container:
        compose.docker.run("cp", f"{folder}/.", f"{container}:{AT}", timeout_s=COPY_S)
    if image.user:
        mount = f"type=volume,source={name_of(compose, volume)},target={AT}"
        argv = ["--rm", "--user", "0", "--network", "none", "--entrypoint", "chown", "--mount", mount, image.reference]
        compose.docker.run("run", *argv, "-R", image.user, AT, timeout_s=COPY_S)


@contextmanager
def _mounted(compose: Compose, volume: str) -> Iterator[str]:
    """A container that has the volume and is never started. Compose's labels make the volume one of its own."""
    labels = {"com.docker.compose.project": compose.project, "com.docker.compose.volume": f"{volume}_data"}
    full, words = name_of(compose, volume), [f"{key}={text}" for key, text in labels.items()]
    words += [f"nself.project={compose.project}"]
    compose.docker.run("volume", "create", *(word for label in words for word in ("--label", label)), full)
    mount = f"type=volume,source={full},target={AT}"
    ran = compose.docker.run("create", "--mount", mount, _image(compose, volume).reference, "true")
    container = ran.stdout.strip()
    try:
        yield container
    finally:
        compose.docker.run("rm", "-f", "--volumes", container, check=False)


def _image(compose: Compose, volume: str) -> Image:
    for spec in compose.specs:
        if spec.image and any(each.name == volume for each in spec.volumes):
            return spec.image
    raise ConfigError(f"no service of this project has a volume {volume}", fixes=["nself status"])


def size(text: str) -> int:
    """`48.2MB`; Docker counts in thousands. What it could not measure counts nothing."""
    found = re.fullmatch(r"([0-9.]+)([kMGT]?B)", text)
    return int(float(found[1]) * UNITS[found[2]]) if found else 0
