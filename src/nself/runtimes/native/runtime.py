"""The native runtime: what a project wants as processes, what runs, and making the second the first."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

from nself.errors import UsageError
from nself.model import spec as model
from nself.model.place import program_of
from nself.model.spec import Endpoint, ServiceSpec
from nself.records import dataclass
from nself.runtimes import plan, probes, turns
from nself.runtimes.ledger import Ledger, Lost, volumes_of
from nself.runtimes.native import identity, processes, tail
from nself.runtimes.native.stack import ProcessStack
from nself.runtimes.outcome import After, Outcome, Patience
from nself.runtimes.plan import Observed, Step, Wanted
from nself.runtimes.probes import Health
from nself.runtimes.runtime import Command, Inside, Usage


@dataclass(kw_only=True)
class Native(ProcessStack):
    """One project on this machine."""

    kind: model.Runtime = model.Runtime.NATIVE

    def locked(self, command: str, *, wait_s: float, ends: Collection[str] = ()) -> AbstractContextManager[None]:
        return turns.taken(self.layout, self.host, self.emit, command, wait_s=wait_s, ends=ends)

    def wanted(self) -> list[Wanted]:
        """Every service with the fingerprint its program would be started under."""
        prints = {unit: self.fingerprint(unit) for unit in {program_of(spec) for spec in self.specs}}
        return [
            Wanted(spec=spec, unit=unit, fingerprint=prints[unit], reloadable=self._reloadable(spec, prints[unit]))
            for spec in self.specs
            for unit in [program_of(spec)]
        ]

    def _reloadable(self, spec: ServiceSpec, parts: Mapping[str, str]) -> frozenset[str]:
        """Its files, here and elsewhere; not what it was started as."""
        if spec.reload is None:
            return frozenset()
        outside = self.watched.get(spec.name, {})
        return frozenset(part for part in parts if part in outside or part.startswith(f"{spec.name}/"))

    def known(self) -> list[Wanted]:
        """The same without fingerprints, and so without a build: enough to stop things."""
        return [Wanted(spec=spec, unit=program_of(spec)) for spec in self.specs]

    def check_ready(self) -> None:
        """Whoever built it found every program."""
        for spec in self.specs:
            self.program(program_of(spec))

    def running(self) -> bool:
        return self.supervisor.observe() is not None

    def unit(self, spec: ServiceSpec) -> str:
        return program_of(spec)

    def start(
        self,
        steps: Sequence[Step],
        *,
        after: After,
        patience: Patience,
        standing: Collection[str] = (),
        meanwhile: Callable[[], None],
    ) -> Outcome:
        from nself.runtimes.native import perform  # what only shows a stack starts sooner without it

        self.begin(meanwhile)
        early, late = plan.stops_of(steps)
        perform.stop(self, early)
        outcome = perform.start(self, steps, after=after, patience=patience, standing=standing)
        perform.retire(self, late, outcome)
        return outcome

    def stop(self, steps: Sequence[Step], *, grace_s: float | None = None) -> list[str]:
        from nself.runtimes.native import perform

        return perform.stop(self, steps, grace_s=grace_s)

    def drain(self) -> None:
        from nself.runtimes.native import reload

        reload.drain(self)

    def shutdown(self) -> None:
        self.supervisor.shutdown(wait_s=30)
        self.end_strays()

    def check(self, specs: Sequence[ServiceSpec], *, timeout_s: float | None = None) -> Mapping[str, Health]:
        return probes.check_all(specs, self.network, timeout_s=timeout_s)

    def usage(self, observed: Observed) -> Mapping[str, Usage]:
        """Services of one process are measured once."""
        pids = {running.unit: running.pid for running in observed.values() if running.pid}
        found = {unit: processes.usage(pid) for unit, pid in pids.items()}
        return {
            unit: Usage(cpu_percent=used.cpu_percent, cpu_s=used.cpu_s, memory_bytes=used.memory_bytes)
            for unit, used in found.items()
            if used
        }

    def inner(self, service: str, port: str) -> Endpoint:
        return self.network.endpoint(service, port)

    def published(self, spec: ServiceSpec) -> Mapping[str, Endpoint]:
        return {port.name: self.network.listen(spec.name, port.name) for port in spec.ports}

    def lines(self, unit: str, *, last: int | None = None) -> Iterator[str]:
        return tail.lines(self.log(unit), last=last)

    def follow(self, units: Sequence[str]) -> Iterator[Mapping[str, Sequence[str]]]:
        """Across rotation, until the reader stops asking."""
        followers = {unit: tail.Follower(self.log(unit)) for unit in units}
        while True:
            found = {unit: lines for unit, follower in followers.items() if (lines := follower.new_lines())}
            yield found
            if not found:
                self.host.sleep(0.1)

    def inside(self, spec: ServiceSpec, wish: Inside) -> Command:
        from nself.runtimes.native import inside

        return inside.command(self, spec, wish)

    def volume_names(self) -> list[str]:
        names = dict.fromkeys(volume.name for spec in self.specs for volume in spec.volumes)
        return [name for name in names if self.host.exists(self.layout.data(name))]

    def volumes(self) -> Mapping[str, int]:
        return {name: _size(self.layout.data(name)) for name in self.volume_names()}

    def adopt_volumes(self) -> Sequence[str]:
        raise UsageError("natively all data is in the project's own folder: there is nothing to take over")

    def check_volumes(self) -> None:
        """They are in the project's own folder."""

    @property
    def ledger(self) -> Ledger:
        return Ledger(layout=self.layout, host=self.host, runtime=self.kind)

    def lost_volumes(self, services: Collection[str]) -> list[Lost]:
        seen = self.ledger.seen()
        return [
            Lost(volume=name, place=str(self.layout.data(name)), seen=seen[name])
            for name in volumes_of(self.specs, services)
            if name in seen and self._is_empty(name)
        ]

    def remember_volumes(self, services: Collection[str]) -> None:
        self.ledger.remember(name for name in volumes_of(self.specs, services) if not self._is_empty(name))

    def forget_volumes(self, volumes: Iterable[str] | None = None) -> None:
        self.ledger.forget(volumes)

    def _is_empty(self, volume: str) -> bool:
        """As is the folder that a disk is to be mounted on. What may not be looked into is not called empty."""
        try:
            return not any(self.layout.data(volume).iterdir())
        except FileNotFoundError:
            return True
        except OSError:
            return False

    def remove_volumes(self) -> int:
        found = self.volume_names()
        for name in found:
            self.host.remove(self.layout.data(name))
        self.forget_volumes()
        return len(found)

    @contextmanager
    def volume(self, name: str) -> Iterator[Path]:
        yield self.layout.data(name)

    def fill_volume(self, name: str, folder: Path) -> None:
        import shutil

        target = self.layout.data(name)
        shutil.copytree(folder, target, symlinks=True, dirs_exist_ok=True)
        identity.give([target], identity.known(self.layout.root))


def _size(folder: Path) -> int:
    return sum(each.lstat().st_size for each in folder.rglob("*") if each.is_file() or each.is_symlink())
