"""What containers are given of this machine besides the build: certificates they can read, images that are here."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from nself.host import LocalHost
from nself.model.layout import Layout
from nself.model.place import SECRETS

FOLDER = "certs"
"""Below `.nself/run`, which only its owner may enter: there the files may be readable, so that a container's account
can read them whatever its number is."""


def certificates(layout: Layout, host: LocalHost) -> None:
    """Bring the copy up to date."""
    target = layout.run / FOLDER
    host.make_folder(target)
    wanted = {file.name: host.read(file) for file in host.glob(layout.certs, "*.pem")}
    for name, text in wanted.items():
        if not host.exists(target / name) or host.read(target / name) != text:
            host.write(target / name, text, mode=0o644)
    for file in host.glob(target, "*"):
        if file.name not in wanted:
            host.remove(file)


def secrets(build: Path) -> None:
    """Secret files are closed to others by their folder, and readable in it: each container has its own mounted."""
    folder = build / SECRETS
    if folder.is_dir():
        folder.chmod(0o700)
        for file in folder.rglob("*"):
            file.chmod(0o755 if file.is_dir() else 0o644)


def image_ids(references: Sequence[str], listed: Iterable[Mapping[str, Any]]) -> dict[str, str]:
    """{reference: id} of those that are here; `listed` as `docker images --digests` prints them."""
    here: dict[str, str] = {}
    for image in listed:
        here[f"{image['Repository']}:{image['Tag']}"] = image["ID"]
        here[f"{image['Repository']}@{image['Digest']}"] = image["ID"]
    return {reference: here[name] for reference in references if (name := _plain(reference)) in here}


def _plain(reference: str) -> str:
    """As the list has it: a digest wins over the tag, and what is not said is `latest`."""
    name, _, pinned = reference.partition("@")
    name = name.removeprefix("docker.io/").removeprefix("library/")
    repository, colon, tag = name.rpartition(":")
    if not colon or "/" in tag:
        repository, tag = name, "latest"
    return f"{repository}@{pinned}" if pinned else f"{repository}:{tag}"
