"""Folders of the project that containers work on: made where they are missing, and found out when they cannot be
written to, which a program in a container tells in few words and late."""

from __future__ import annotations

import stat
from collections.abc import Sequence
from pathlib import Path

from nself.events import Warned
from nself.model.spec import Image, Mount, ServiceSpec
from nself.runtimes import mounting
from nself.runtimes.compose import accounts, volumes
from nself.runtimes.compose.stack import ContainerStack

SHARED = 0o2775
"""Written to by the container's account and by the group of whoever has the project, whose files in it are."""


def ready(compose: ContainerStack, specs: Sequence[ServiceSpec]) -> None:
    root = compose.layout.root
    new = mounting.missing(root, specs, compose.host)
    for path, spec in new.items():
        if spec.image:
            compose.host.make_folder(path)
            _hand_over(compose, path, spec.image)
    for spec in specs:
        for mount in spec.mounts:
            if not mount.read_only and root / mount.path not in new:
                _look(compose, spec, mount)


def _hand_over(compose: ContainerStack, path: Path, image: Image) -> None:
    """The engine does what only root may do here."""
    # The words of --mount are CSV, and a path may hold a comma.
    source = str(path).replace('"', '""')
    with volumes.mounted(compose, f'type=bind,"source={source}",target={volumes.AT}', image) as container:
        uid = accounts.of(image, container, compose.docker, compose.host).uid
        if uid != path.stat().st_uid:
            archive = volumes.folder_of(volumes.AT, uid, path.stat().st_gid, SHARED)
            compose.docker.run("cp", "-", f"{container}:/", stdin=archive)


def _look(compose: ContainerStack, spec: ServiceSpec, mount: Mount) -> None:
    if spec.image is None or (compose.layout.root / mount.path).stat().st_mode & stat.S_IWOTH:
        return
    with volumes.mounted(compose, None, spec.image) as container:
        account = accounts.of(spec.image, container, compose.docker, compose.host)
    refusal = mounting.refusal(compose.layout.root, spec, mount, account.uid, account.gid)
    if refusal:
        compose.emit(Warned(refusal))
