"""What the Docker engine has of a project, counted before something of it is removed and afterwards."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from nself.host import LocalHost
from nself.model.project import Project
from nself.model.spec import Runtime
from nself.records import dataclass
from nself.runtimes.compose import containers, ownership
from nself.runtimes.compose.docker import Docker
from nself.runtimes.compose.leftovers import Kind as Kind
from nself.runtimes.compose.leftovers import Leftovers


@dataclass(frozen=True, slots=True)
class Gone:
    count: int
    reclaimed_bytes: int


class Engine:
    """What the Docker engine has of a project before anything is removed, and what of that is gone afterwards."""

    def __init__(self, project: Project, host: LocalHost, environ: Mapping[str, str], kinds: Sequence[Kind]) -> None:
        docker = Docker(host, environ)
        identity = ownership.known(project.layout, host)
        self.leftovers = Leftovers(docker=docker, host=host, project=project.name, root=project.root, identity=identity)
        if kinds:
            found = containers.of(docker, project.name).values()
            build = project.layout.build(Runtime.COMPOSE)
            containers.refuse_strangers(project.name, build, found, identity, host)
        self.before = {kind: self.leftovers.have(kind) for kind in kinds}

    def clean(self, *, every: bool) -> dict[Kind, Gone]:
        return {kind: self._removed(kind, had, every=every) for kind, had in self.before.items()}

    def _removed(self, kind: Kind, had: Mapping[str, int], *, every: bool) -> Gone:
        told = self.leftovers.remove(kind, every=every) if had else 0
        left = self.leftovers.have(kind) if had else {}
        gone = [size for name, size in had.items() if name not in left]
        return Gone(len(gone), told + sum(gone))
