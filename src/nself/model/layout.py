"""Where a project's generated and running things are. Paths only; who writes them is the caller's business."""

from __future__ import annotations

from pathlib import Path

from nself.records import dataclass

INIT_JOURNAL = ".nself.init"
"""Says, while `init` writes, what it does: whoever finds it takes the half-made project back."""


@dataclass(frozen=True, slots=True)
class Layout:
    """`state` is the project's `.nself`, git-ignored as a whole."""

    root: Path

    @property
    def state(self) -> Path:
        return self.root / ".nself"

    def build(self, target: str = "native") -> Path:
        """Generated files of one target. Deleting it and building again gives the same bytes."""
        return self.state / "build" / target

    @property
    def run(self) -> Path:
        """Sockets, pid files, locks."""
        return self.state / "run"

    @property
    def logs(self) -> Path:
        return self.state / "logs"

    @property
    def certs(self) -> Path:
        return self.state / "certs"

    @property
    def backups(self) -> Path:
        """Outside of `state`, which a reset empties."""
        return self.root / "_backup"

    @property
    def history(self) -> Path:
        return self.state / "history"

    @property
    def runtime(self) -> Path:
        """Names the runtime the stack was started on, where that is not the one of nself.yml."""
        return self.state / "runtime"

    @property
    def ports(self) -> Path:
        """The native runtime's chosen ports, kept so that URLs stay the same."""
        return self.state / "ports.json"

    @property
    def volumes(self) -> Path:
        """Which volumes have had data, by runtime."""
        return self.state / "volumes.json"

    @property
    def kept(self) -> Path:
        """The project as the command before found it: secrets are in it."""
        return self.state / "kept"

    @property
    def prepared(self) -> Path:
        """A file for each service's folder: what was done in it before anything ran from there, and from what."""
        return self.run / "prepared"

    @property
    def venvs(self) -> Path:
        """Python environments of services that are installed apart from nself: one folder a service."""
        return self.state / "venvs"

    def data(self, volume: str) -> Path:
        """What must survive everything: one folder a volume."""
        return self.state / "data" / volume
