"""The native runtime: what a project wants as processes, what runs, and making the second the first."""

from __future__ import annotations

import os
import sys
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import field
from functools import cached_property
from pathlib import Path

import nself
from nself.errors import ConfigError, UsageError
from nself.events import Emit, Note
from nself.host import LocalHost
from nself.model import spec as model
from nself.model.layout import Layout
from nself.model.place import program_of
from nself.model.spec import Endpoint, Network, ServiceSpec
from nself.records import dataclass
from nself.runtimes import digest, plan, probes, turns
from nself.runtimes.ledger import Ledger, Lost, volumes_of
from nself.runtimes.native import configuration, identity, processes, sockets, tail
from nself.runtimes.native.configuration import Program
from nself.runtimes.native.identity import Identity
from nself.runtimes.native.preparation import Workshop
from nself.runtimes.native.supervisor import Supervisor, SupervisorError
from nself.runtimes.outcome import After, Outcome, Patience
from nself.runtimes.plan import Observed, Running, State, Step, Wanted
from nself.runtimes.probes import Health
from nself.runtimes.runtime import Command, Inside, Usage

KEPT_VARIABLES = ("PATH", "LANG", "LC_ALL", "TZ", "HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "SSL_CERT_FILE")
"""What services inherit from the shell that started them; anything else of theirs is in their spec."""
STATES = {
    "RUNNING": State.RUNNING,
    "STARTING": State.STARTING,
    "BACKOFF": State.RESTARTING,
    "STOPPING": State.STOPPING,
    "EXITED": State.RESTARTING,
    "FATAL": State.FAILED,
    "UNKNOWN": State.FAILED,
    "STOPPED": State.STOPPED,
}


@dataclass(kw_only=True)
class Native:
    """One project on this machine. `environ` is the caller's; only a few of its variables reach services."""

    layout: Layout
    specs: Sequence[ServiceSpec]
    network: Network
    host: LocalHost
    environ: Mapping[str, str]
    emit: Emit
    watched: Mapping[str, Mapping[str, Path]] = field(default_factory=dict)
    """{service: {what: folder}}: files outside the build that a service reads only at its start."""
    kind: model.Runtime = model.Runtime.NATIVE

    @cached_property
    def rendered(self) -> configuration.Rendered:
        return configuration.read(self.layout.build() / "supervisord.conf")

    @cached_property
    def supervisor(self) -> Supervisor:
        return Supervisor(self.layout.state, identity.known(self.layout.root), self.host)

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

    def observe(self) -> Observed:
        """What supervisord runs, by service; a program that belongs to no service goes by its own name."""
        answer = self.supervisor.observe()
        if answer is None:
            return {}
        members: dict[str, list[str]] = {}
        for spec in self.specs:
            members.setdefault(program_of(spec), []).append(spec.name)
        return {
            name: _running(process)
            for process in answer["processes"]
            for name in members.get(process["name"], [process["name"]])
        }

    def check_ready(self) -> None:
        """Whoever built it found every program."""
        for spec in self.specs:
            self.program(program_of(spec))

    def running(self) -> bool:
        return self.supervisor.observe() is not None

    def unit(self, spec: ServiceSpec) -> str:
        return program_of(spec)

    def start(
        self, steps: Sequence[Step], *, after: After, patience: Patience, standing: Collection[str] = ()
    ) -> Outcome:
        from nself.runtimes.native import perform  # walks over this very object

        self.begin()
        early, late = plan.stops_of(steps)
        perform.stop(self, early)
        outcome = perform.start(self, steps, after=after, patience=patience, standing=standing)
        perform.retire(self, late, outcome)
        return outcome

    def stop(self, steps: Sequence[Step], *, grace_s: float | None = None) -> list[str]:
        from nself.runtimes.native import perform

        return perform.stop(self, steps, grace_s=grace_s)

    def drain(self) -> None:
        from nself.runtimes.native import reload  # asks this very object

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

    def begin(self) -> None:
        """Have a supervisord that knows the configuration as it was built last."""
        account = self._become()
        self._write_configuration(account)
        if self.supervisor.observe() is not None:
            self.supervisor.call("reread")
            return
        self.end_strays()
        sockets.ensure(self.supervisor.socket.parent, account.uid, account.gid)
        self.supervisor.launch(self._environment(account))

    def end_strays(self, *, grace_s: float = 20.0) -> None:
        """End what an earlier supervisord left behind when it was killed: its children cannot be adopted."""
        strays = self.supervisor.strays()
        if not strays:
            return
        self.emit(Note(f"ending {len(strays)} processes that outlived their supervisor"))
        for pid in strays:
            self.host.terminate(pid)
        if not self._gone(strays, within_s=grace_s):
            for pid in strays:
                self.host.terminate(pid, hard=True)
            if not self._gone(strays, within_s=grace_s):
                left = ", ".join(str(pid) for pid in strays if processes.alive(pid))
                raise SupervisorError(f"processes of an earlier start do not end: {left}", fixes=["nself doctor"])

    def _gone(self, pids: Sequence[int], *, within_s: float) -> bool:
        deadline = self.host.monotonic() + within_s
        while any(processes.alive(pid) for pid in pids):
            if self.host.monotonic() > deadline:
                return False
            self.host.sleep(0.02)
        return True

    @property
    def hold(self) -> Path:
        return configuration.hold_file(self.layout.state)

    def program(self, unit: str) -> Program:
        try:
            return self.rendered.programs[unit]
        except KeyError:
            raise ConfigError(f"the build has no program for {unit}", fixes=["nself build", "nself doctor"]) from None

    def log(self, unit: str) -> Path:
        """The file a unit's output goes to."""
        return self.program(unit).log or self.layout.logs / f"{unit}.log"

    def fingerprint(self, unit: str) -> dict[str, str]:
        """What a unit would be started from: its program, its files, and the variables of every service in it."""
        own = [spec for spec in self.specs if program_of(spec) == unit]
        folders = [(what, folder) for spec in own for what, folder in self.watched.get(spec.name, {}).items()]
        return {
            **configuration.fingerprint(self.program(unit), specs=own, build=self.layout.build()),
            **{what: digest.of_folder(folder) for what, folder in folders},
            **{part: text for spec in own for part, text in self.workshop(spec).state().items()},
        }

    def workshop(self, spec: ServiceSpec) -> Workshop:
        return Workshop(spec=spec, layout=self.layout, host=self.host, environ=self.environ)

    def _become(self) -> Identity:
        """Settle who runs the stack and hand that account what it writes."""
        programs = [program.binary for program in self.rendered.programs.values() if program.argv]
        reach = [*programs, Path(sys.executable), Path(sys.base_prefix), Path(nself.__file__)]
        account = identity.choose(self.layout.root, self.host, self.emit, programs=reach)
        self.supervisor = Supervisor(self.layout.state, account, self.host)
        for folder in (self.layout.run, self.layout.logs, self.layout.state / "data"):
            self.host.make_folder(folder)
            folder.chmod(0o700)  # what services say and keep is nobody else's business
        for volume in {volume.name for spec in self.specs for volume in spec.volumes}:
            self.host.make_folder(self.layout.data(volume))
        identity.give(self._handed_over(account), account)
        return account

    def _handed_over(self, account: Identity) -> Iterator[Path]:
        """Everything below `.nself` but what may be large: volumes that are the account's already, and installed
        programs, which it only reads."""
        data = self.layout.state / "data"
        for entry in self.layout.state.iterdir():
            if entry not in (data, self.layout.venvs):
                yield entry
        os.chown(data, account.uid, account.gid) if account.dropped else None
        for volume in data.iterdir():
            if volume.lstat().st_uid != account.uid:
                yield volume

    def _write_configuration(self, account: Identity) -> None:
        text = configuration.launched(
            self.rendered,
            socket=self.supervisor.socket,
            state=self.layout.state,
            logs=self.layout.logs,
        )
        self.host.write(self.supervisor.configuration, text, mode=0o600)
        identity.give([self.supervisor.configuration], account)

    def _environment(self, account: Identity) -> dict[str, str]:
        kept = {name: self.environ[name] for name in KEPT_VARIABLES if name in self.environ}
        home = self.environ.get("HOME", str(account.home))
        if account.dropped:
            home = str(self.layout.run / "home")
            self.host.make_folder(Path(home), mode=0o700)
            identity.give([Path(home)], account)
        return {"PATH": "/usr/bin:/bin", "LANG": "C.UTF-8", **kept, "HOME": home}


def _size(folder: Path) -> int:
    return sum(each.lstat().st_size for each in folder.rglob("*") if each.is_file() or each.is_symlink())


def _running(process: Mapping[str, object]) -> Running:
    import json

    text = str(process["fingerprint"])
    return Running(
        unit=str(process["name"]),
        state=STATES[str(process["state"])],
        fingerprint=json.loads(text) if text else {},
        pid=int(str(process["pid"])),
        started_at=float(str(process["started_at"])),
        reason=str(process["reason"]),
    )
