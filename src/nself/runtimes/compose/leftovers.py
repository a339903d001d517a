"""What a project leaves on the engine: found by its labels, and nothing else is ever touched.

Docker's own `prune` removes what no container uses and measures what that gave back; filters on the project's name and
number keep it to the project. The build cache of the engine carries no labels: of it only our own packages image goes.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from enum import StrEnum
from pathlib import Path
from typing import Any

from nself.host import Host
from nself.model.containers import NOBODYS
from nself.records import dataclass
from nself.runtimes.compose import ownership
from nself.runtimes.compose.containers import PROJECT
from nself.runtimes.compose.docker import Docker
from nself.runtimes.compose.docker_errors import EngineBusyError
from nself.runtimes.compose.ownership import Identity
from nself.runtimes.compose.server_image import BASE, INPUTS, PACKAGES
from nself.runtimes.compose.volumes import ForeignVolumesError, Found, size

OURS = "nself.project"
"""Label of everything that is made for a project, images included."""
WAIT_S = 600.0
TURN_S = 120.0
"""How long it waits for its turn: the engine prunes, and measures its disk, for one at a time."""
POLL_S = 0.5
_RECLAIMED = re.compile(r"^Total reclaimed space: (\S+)$", re.MULTILINE)


class Kind(StrEnum):
    """What can be removed, in the order in which it must go."""

    CONTAINERS = "containers"
    IMAGES = "images"
    NETWORKS = "networks"
    BUILDERS = "builders"
    VOLUMES = "volumes"


@dataclass(frozen=True, slots=True, kw_only=True)
class Leftovers:
    """Of one project on one engine; a folder in which nothing was built has none."""

    docker: Docker
    host: Host
    project: str
    root: Path
    identity: Identity | None

    def have(self, kind: Kind) -> dict[str, int]:
        """{what there is: bytes}; nothing is known of images before they are gone, since they share layers."""
        match kind:
            case Kind.CONTAINERS:
                # "12kB (virtual 454MB)": what it wrote itself, and that with its image.
                found = self._listed("container", "ls", "--all", "--size", "--no-trunc", *self._ours)
                return {each["ID"]: size(each["Size"].split(" ")[0]) for each in found}
            case Kind.IMAGES:
                images = self._listed("image", "ls", "--all", "--no-trunc", *self._ours)
                return {each["ID"]: 0 for each in images}
            case Kind.NETWORKS:
                return {each["ID"]: 0 for each in self._listed("network", "ls", *self._ours)}
            case Kind.BUILDERS:
                return {each["ID"]: 0 for each in self._listed("image", "ls", "--no-trunc", PACKAGES)}
            case Kind.VOLUMES:
                return self._volumes()

    def remove(self, kind: Kind, *, every: bool = False) -> int:
        """Remove what nothing uses: stopped containers, networks without one, images of earlier builds (with `every`
        all that were built for the project), volumes. The bytes that Docker says only afterwards."""
        match kind:
            case Kind.CONTAINERS | Kind.NETWORKS:
                noun = "container" if kind is Kind.CONTAINERS else "network"
                self._prune(noun, *self._ours)
                return 0
            case Kind.IMAGES:
                self._untag()
                more = ["--all"] if every else []
                return self._prune("image", *more, *self._ours)
            case Kind.BUILDERS:
                # Ours is labelled with what it was made from, too; only it says on which base.
                return self._prune("image", "--all", "--filter", f"label={INPUTS}", "--filter", f"label!={BASE}")
            case Kind.VOLUMES:
                # One by one: `volume prune` passes over those with a name.
                for name in sorted(self._volumes()):
                    self.docker.run("volume", "rm", name, timeout_s=WAIT_S)
                return 0

    def _untag(self) -> None:
        """Names that images had before a project's number was their tag, and that every folder of this name shared."""
        for each in self._listed("image", "ls", *self._ours):
            if each["Tag"] == NOBODYS and each["Repository"].startswith(f"{self.project}/"):
                # One that still runs is refused, and goes another time.
                self.docker.run("image", "rm", f"{each['Repository']}:{NOBODYS}", check=False)

    @property
    def _ours(self) -> tuple[str, ...]:
        """Nothing has the number of a folder that has none."""
        number = self.identity.id if self.identity else "none"
        return "--filter", f"label={OURS}={self.project}", "--filter", f"label={ownership.LABEL}={number}"

    def _volumes(self) -> dict[str, int]:
        told = json.loads(self._in_turn("system", "df", "-v", "--format", "{{json .Volumes}}"))
        named = {f"{label}={self.project}" for label in (PROJECT, OURS)}
        sizes = {_found(each): size(each["Size"]) for each in told or [] if named & set(each["Labels"].split(","))}
        theirs = [each for each in sizes if not (self.identity and self.identity.owns(each.name, each.identity))]
        if theirs:
            raise ForeignVolumesError(theirs, self.root)
        return {each.name: number for each, number in sizes.items()}

    def _prune(self, noun: str, *filters: str) -> int:
        found = _RECLAIMED.search(self._in_turn(noun, "prune", "--force", *filters))
        return size(found[1]) if found else 0

    def _in_turn(self, *argv: str) -> str:
        deadline = self.host.monotonic() + TURN_S
        while True:
            try:
                return self.docker.run(*argv, timeout_s=WAIT_S).stdout
            except EngineBusyError:
                if self.host.monotonic() > deadline:
                    raise
                self.host.sleep(POLL_S)

    def _listed(self, *argv: str) -> list[Any]:
        return self.docker.ndjson(*argv, "--format", "{{json .}}", timeout_s=WAIT_S)


def _found(told: Mapping[str, str]) -> Found:
    """`told` as `docker system df` prints it."""
    labels = dict(label.partition("=")[::2] for label in told["Labels"].split(","))
    return Found(told["Name"], labels.get(ownership.LABEL, ""), labels.get(ownership.FOLDER, ""))
