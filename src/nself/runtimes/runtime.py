"""The protocol every runtime speaks: observe what runs, perform a plan, and answer for single services."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import field
from pathlib import Path
from typing import Protocol

from nself.host import LocalHost
from nself.model import spec as model
from nself.model.spec import Endpoint, Network, ServiceSpec
from nself.records import dataclass
from nself.runtimes.ledger import Ledger, Lost
from nself.runtimes.outcome import After, Outcome, Patience
from nself.runtimes.plan import Observed, Step, Wanted
from nself.runtimes.probes import Health


@dataclass(frozen=True, slots=True, kw_only=True)
class Usage:
    """What a unit and all below it use. `cpu_percent` of one processor, the mean since it started; `cpu_s` in all."""

    cpu_percent: float
    cpu_s: float
    memory_bytes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """A program to become. Secrets are in `env` only."""

    argv: tuple[str, ...]
    env: Mapping[str, str] = field(repr=False)
    cwd: Path


@dataclass(frozen=True, slots=True, kw_only=True)
class Inside:
    """What is to be run inside a service; an empty `argv` is its own client, else a shell."""

    argv: tuple[str, ...] = ()
    env: Mapping[str, str] = field(default_factory=dict, repr=False)
    workdir: Path | None = None
    terminal: bool = False


class Runtime(Protocol):
    """One project on one runtime."""

    @property
    def kind(self) -> model.Runtime: ...

    @property
    def specs(self) -> Sequence[ServiceSpec]:
        """The services this runtime can run."""
        ...

    @property
    def network(self) -> Network:
        """Where tools on this machine reach the services; what the services themselves use may differ."""
        ...

    @property
    def host(self) -> LocalHost: ...

    def locked(self, command: str, *, wait_s: float, ends: Collection[str] = ()) -> AbstractContextManager[None]:
        """One change of the stack at a time. Commands of ours that are among `ends` are ended, others waited for."""
        ...

    def unit(self, spec: ServiceSpec) -> str:
        """What is started and stopped for a service: several may share one."""
        ...

    def wanted(self) -> list[Wanted]:
        """Every service with the fingerprint it would be started under."""
        ...

    def known(self) -> list[Wanted]:
        """The same without fingerprints, and so without a build: enough to stop things."""
        ...

    def check_ready(self) -> None:
        """Raise what would keep the built project from starting here, as far as that can be told beforehand."""
        ...

    def observe(self) -> Observed: ...

    def running(self) -> bool:
        """Whether anything of this project runs, as far as can be told without trouble."""
        ...

    def start(
        self,
        steps: Sequence[Step],
        *,
        after: After,
        patience: Patience,
        standing: Collection[str] = (),
        meanwhile: Callable[[], None],
    ) -> Outcome:
        """Perform a plan. `standing` services run already; they too are waited for until they are well. `meanwhile` is
        called once there is something to wait for, and is not waited for itself."""
        ...

    def stop(self, steps: Sequence[Step], *, grace_s: float | None = None) -> list[str]:
        """Perform stop steps, in order; the services that were stopped."""
        ...

    def drain(self) -> None:
        """Wait until those that the proxy was led away from are asked nothing any more; half a minute at most."""
        ...

    def shutdown(self) -> None:
        """With every service stopped: end what is left of the stack itself."""
        ...

    def check(self, specs: Sequence[ServiceSpec], *, timeout_s: float | None = None) -> Mapping[str, Health]:
        """Ask all at once whether they are well."""
        ...

    def usage(self, observed: Observed) -> Mapping[str, Usage]:
        """By unit."""
        ...

    def published(self, spec: ServiceSpec) -> Mapping[str, Endpoint]:
        """{port name: where it is open on this machine}."""
        ...

    def inner(self, service: str, port: str) -> Endpoint:
        """Where other services reach it now: an address, never a name."""
        ...

    def lines(self, unit: str, *, last: int | None = None) -> Iterator[str]:
        """What a unit said that is still kept, oldest first; of a long log the `last` lines."""
        ...

    def follow(self, units: Sequence[str]) -> Iterator[Mapping[str, Sequence[str]]]:
        """New lines by unit, as they come; an empty mapping when there was nothing for a moment."""
        ...

    def inside(self, spec: ServiceSpec, wish: Inside) -> Command:
        """The command that runs a program as the service would."""
        ...

    def volume_names(self) -> list[str]:
        """Volumes that exist."""
        ...

    def volumes(self) -> Mapping[str, int]:
        """{volume that exists: bytes in it}."""
        ...

    def check_volumes(self) -> None:
        """Raise when another project has volumes by the names of this one's."""
        ...

    def adopt_volumes(self) -> Sequence[str]:
        """Make those this project's own; which there are now."""
        ...

    @property
    def ledger(self) -> Ledger:
        """Which volumes have had data."""
        ...

    def lost_volumes(self, services: Collection[str]) -> Sequence[Lost]:
        """Those of these services that had data at an earlier start and are gone by now, or empty."""
        ...

    def remember_volumes(self, services: Collection[str]) -> None:
        """These services are well: what they have in their volumes would be missed from now on."""
        ...

    def forget_volumes(self, volumes: Iterable[str] | None = None) -> None:
        """Miss these no more, or none: they were removed because that was asked for."""
        ...

    def remove_volumes(self) -> int:
        """Delete every volume's data; how many there were. Nothing may run."""
        ...

    def volume(self, name: str) -> AbstractContextManager[Path]:
        """A folder with a volume's files, to be read while it is open."""
        ...

    def fill_volume(self, name: str, folder: Path) -> None:
        """Put what is in `folder` into a volume, made when it is missing. Nothing may use it."""
        ...
