"""Volumes of a project: what is in them, copied out and in through a container that is never started."""

from __future__ import annotations

import re
import shlex
import tempfile
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import NamedTuple

from nself.errors import ConfigError, DockerError
from nself.host import LocalHost
from nself.model.spec import Category, Image, ServiceSpec, Volume
from nself.runtimes.compose import accounts, ownership
from nself.runtimes.compose.docker import Docker
from nself.runtimes.compose.ownership import Identity
from nself.runtimes.compose.stack import ContainerStack
from nself.runtimes.ledger import Lost, volumes_of

UNITS = {"B": 1, "kB": 1000, "MB": 1000**2, "GB": 1000**3, "TB": 1000**4}
AT = "/volume"
COPY_S = 3600.0
MEASURE_S = 120.0


class Found(NamedTuple):
    """A volume of the engine; `identity` and `folder` are empty where it was not made for one of our projects."""

    name: str
    identity: str
    folder: str


class ForeignVolumesError(DockerError):
    """What another project has by these names is neither used nor deleted."""

    def __init__(self, theirs: Sequence[Found], root: Path) -> None:
        listed = ", ".join(each.name for each in theirs)
        folders = sorted({each.folder for each in theirs if each.folder})
        if folders == [str(root)]:
            whose = f"made from this folder, under another number than {ownership.path(root).name} has now"
        elif folders:
            whose = f"those of a project in {' and '.join(folders)}"
        else:
            whose = "not made by nself"
        super().__init__(
            f"there are volumes by the names of this project's, {whose}: {listed}",
            fixes=[
                "give this project another PROJECT_NAME",
                "nself start --adopt-volumes takes them over, with what is in them",
                f"if nobody needs them: docker volume rm {' '.join(each.name for each in theirs)}",
            ],
        )


def name_of(compose: ContainerStack, volume: str) -> str:
    return f"{compose.project}_{volume}_data"


def sizes(compose: ContainerStack) -> dict[str, int]:
    """{volume that exists: bytes}, in the project's names."""
    here = names(compose)
    if not here:
        return {}
    measured = {each["Name"]: size(each["Size"]) for each in measure(compose.docker, compose.host)}
    return {name: measured.get(name_of(compose, name), 0) for name in here}


def names(compose: ContainerStack) -> list[str]:
    """Volumes that exist and are ours, in the project's names."""
    here, identity = _here(compose), compose.identity
    return [name for name, each in here.items() if identity and identity.owns(each.name, each.identity)]


def lost(compose: ContainerStack, seen: Mapping[str, datetime], services: Collection[str]) -> list[Lost]:
    """Of those that were seen: what the engine has no more. Nothing is asked where nothing was seen."""
    wanted = [name for name in volumes_of(compose.specs, services) if name in seen]
    here = names(compose) if wanted else []
    return [
        Lost(volume=name, place=f"the volume {name_of(compose, name)}", seen=seen[name])
        for name in wanted
        if name not in here
    ]


def refuse_foreign(compose: ContainerStack) -> None:
    """ForeignVolumesError when another project has volumes by the names of ours. Compose itself would use them."""
    theirs = _theirs(compose)
    if theirs:
        raise ForeignVolumesError(theirs, compose.layout.root)


def adopt(compose: ContainerStack) -> Identity:
    """From now on they are ours, with what is in them. The folder they were made from must have given them up."""
    identity, theirs = ownership.required(compose.identity), _theirs(compose)
    for each in theirs:
        if each.folder and ownership.holder(each.identity, Path(each.folder), compose.host):
            raise ConfigError(
                f"{each.folder} still has {each.name} as its own: two projects cannot have one volume",
                fixes=[
                    f"rm {shlex.quote(str(ownership.path(Path(each.folder))))} gives up its volumes, then try again",
                    "give this one another PROJECT_NAME",
                ],
            )
    found = replace(identity, adopted={**identity.adopted, **{each.name: each.identity for each in theirs}})
    if theirs:
        ownership.save(found, compose.layout, compose.host)
    return found


def _forget(compose: ContainerStack, gone: Sequence[str]) -> None:
    """Whoever makes one by the name of a volume that was taken over once is somebody else."""
    identity = ownership.required(compose.identity)
    left = {name: label for name, label in identity.adopted.items() if name not in gone}
    if left != identity.adopted:
        ownership.save(replace(identity, adopted=left), compose.layout, compose.host)


def _theirs(compose: ContainerStack) -> list[Found]:
    identity = compose.identity
    return [each for each in _here(compose).values() if not (identity and identity.owns(each.name, each.identity))]


def _here(compose: ContainerStack) -> dict[str, Found]:
    """Volumes that exist, by the project's names for them; whoever made them."""
    fields = ("{{.Name}}", *(f'{{{{.Label "{label}"}}}}' for label in (ownership.LABEL, ownership.FOLDER)))
    told = compose.docker.run("volume", "ls", "--format", "\t".join(fields), timeout_s=30).stdout.splitlines()
    found = {each.name: each for each in (Found(*line.split("\t")) for line in told if line.count("\t") == 2)}
    wanted = dict.fromkeys(volume.name for spec in compose.specs for volume in spec.volumes)
    return {name: found[full] for name in wanted if (full := name_of(compose, name)) in found}


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


def remove(compose: ContainerStack) -> int:
    here = [each.name for each in _here(compose).values()]
    if here:
        refuse_foreign(compose)
        compose.docker.run("volume", "rm", *here, timeout_s=120)
        _forget(compose, here)
    return len(here)


def claim(compose: ContainerStack, specs: Sequence[ServiceSpec]) -> None:
    """Make the volumes that are not there yet, with our labels, and give them to the accounts that will write to them.
    Docker makes them root's unless the image has the folder, and an image may hold no program that could change that:
    the engine does it itself."""
    # Of several services that share one the first makes it.
    wanted = {volume.name: (spec, volume) for spec in reversed(specs) for volume in spec.volumes}
    here = _here(compose) if wanted else {}
    for name, (spec, volume) in reversed(wanted.items()):
        if name not in here and spec.image:
            _claim(compose, spec, spec.image, volume)


def _claim(compose: ContainerStack, spec: ServiceSpec, image: Image, volume: Volume) -> None:
    """What is in an image's folder of the user's own comes with it, as with Docker alone."""
    if spec.category is not Category.CUSTOM and (image.built or not image.user):
        _make(compose, volume.name)
        return
    own = spec.category is Category.CUSTOM
    at, mode = (volume.target, 0o755) if own else (AT, 0o700)
    with _mounted(compose, volume.name, image, at) as container:
        account = accounts.of(image, container, compose.docker, compose.host)
        archive = folder_of(at, account.uid, account.gid, mode)
        compose.docker.run("cp", "-", f"{container}:/", stdin=archive)


def folder_of(at: str, uid: int, gid: int, mode: int) -> str:
    """An archive of one folder, with whose it is: `docker cp -` leaves that as it is, and with `-a` gives it to the
    account of the container, looked for on the machine."""
    import io
    import tarfile
    import time

    folder, out = tarfile.TarInfo(at.removeprefix("/")), io.BytesIO()
    folder.type, folder.mode = tarfile.DIRTYPE, mode
    folder.uid, folder.gid, folder.mtime = uid, gid, time.time()
    with tarfile.open(fileobj=out, mode="w") as archive:
        archive.addfile(folder)
    return out.getvalue().decode("ascii")


@contextmanager
def copied_out(compose: ContainerStack, volume: str) -> Iterator[Path]:
    """A copy of its files, gone when the reader is done."""
    compose.host.make_folder(compose.layout.run)
    with (
        tempfile.TemporaryDirectory(dir=compose.layout.run, prefix=f"volume-{volume}-") as folder,
        _mounted(compose, volume, _image(compose, volume)) as container,
    ):
        compose.docker.run("cp", "-a", f"{container}:{AT}/.", folder, timeout_s=COPY_S)
        yield Path(folder)


def fill(compose: ContainerStack, volume: str, folder: Path) -> None:
    """Add what is in `folder`, owned by the account that will use it."""
    refuse_foreign(compose)
    image = _image(compose, volume)
    with _mounted(compose, volume, image) as container:
        compose.docker.run("cp", f"{folder}/.", f"{container}:{AT}", timeout_s=COPY_S)
        account = accounts.of(image, container, compose.docker, compose.host)
    mount = f"type=volume,source={name_of(compose, volume)},target={AT}"
    # An image of the user's own may hold no program but its own.
    with_chown = next((spec.image for spec in compose.specs if spec.server and spec.image), image).reference
    argv = ["--rm", "--user", "0", "--network", "none", "--entrypoint", "chown", "--mount", mount, with_chown]
    compose.docker.run("run", *argv, "-R", str(account), AT, timeout_s=COPY_S)


def _make(compose: ContainerStack, volume: str) -> str:
    """Its name on the engine; one that is there is left as it is. Compose's labels make it one of Compose's own."""
    identity = ownership.required(compose.identity)
    labels = {
        "com.docker.compose.project": compose.project,
        "com.docker.compose.volume": f"{volume}_data",
        "nself.project": compose.project,
        ownership.LABEL: identity.id,
        ownership.FOLDER: identity.root,
    }
    full = name_of(compose, volume)
    words = [word for key, text in labels.items() for word in ("--label", f"{key}={text}")]
    compose.docker.run("volume", "create", *words, full)
    return full


def _mounted(compose: ContainerStack, volume: str, image: Image, at: str = AT) -> AbstractContextManager[str]:
    return mounted(compose, f"type=volume,source={_make(compose, volume)},target={at}", image)


@contextmanager
def mounted(compose: ContainerStack, mount: str | None, image: Image) -> Iterator[str]:
    """A container that has this mounted and is never started."""
    ran = compose.docker.run("create", *(["--mount", mount] if mount else []), image.reference, "true")
    container = ran.stdout.strip()
    try:
        yield container
    finally:
        compose.docker.run("rm", "-f", "--volumes", container, check=False)


def _image(compose: ContainerStack, volume: str) -> Image:
    for spec in compose.specs:
        if spec.image and any(each.name == volume for each in spec.volumes):
            return spec.image
    raise ConfigError(f"no service of this project has a volume {volume}", fixes=["nself status"])


def size(text: str) -> int:
    """`48.2MB`; Docker counts in thousands. What it could not measure counts nothing."""
    found = re.fullmatch(r"([0-9.]+)([kMGT]?B)", text)
    return int(float(found[1]) * UNITS[found[2]]) if found else 0
