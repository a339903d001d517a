"""A project's services as processes: the programs as they were built, their supervisord, what runs below it."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import field
from functools import cached_property
from pathlib import Path

import nself
from nself.errors import ConfigError
from nself.events import Emit, Note, Warned
from nself.host import LocalHost
from nself.model.layout import Layout
from nself.model.place import program_of
from nself.model.spec import Network, ServiceSpec
from nself.records import dataclass
from nself.runtimes import digest, mounting
from nself.runtimes.native import configuration, identity, processes, sockets
from nself.runtimes.native.configuration import Program
from nself.runtimes.native.identity import Identity
from nself.runtimes.native.preparation import Workshop
from nself.runtimes.native.supervisor import Supervisor, SupervisorError
from nself.runtimes.plan import Observed, Running, State

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
class ProcessStack:
    """What starting, asking and ending them all need. `environ` is the caller's; only a few of its variables reach
    services."""

    layout: Layout
    specs: Sequence[ServiceSpec]
    network: Network
    host: LocalHost
    environ: Mapping[str, str]
    emit: Emit
    watched: Mapping[str, Mapping[str, Path]] = field(default_factory=dict)
    """{service: {what: folder}}: files outside the build that a service reads only at its start."""

    @cached_property
    def rendered(self) -> configuration.Rendered:
        return configuration.read(self.layout.build() / "supervisord.conf")

    @cached_property
    def supervisor(self) -> Supervisor:
        return Supervisor(self.layout.state, identity.known(self.layout.root), self.host)

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

    def begin(self, meanwhile: Callable[[], None] = lambda: None) -> None:
        """Have a supervisord that knows the configuration as it was built last. `meanwhile` is called as it starts."""
        account = self._become()
        self._write_configuration(account)
        if self.supervisor.observe() is not None:
            self.supervisor.call("reread")
            meanwhile()
            return
        self.end_strays()
        sockets.ensure(self.supervisor.socket.parent, account.uid, account.gid)
        pid = self.supervisor.launch(self._environment(account))
        meanwhile()
        self.supervisor.await_answer(pid)

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
        """The file a unit's output goes to, or will when it is built."""
        program = self.rendered.programs.get(unit)
        return (program and program.log) or self.layout.logs / f"{unit}.log"

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
        self._ready_mounts(account)
        return account

    def _ready_mounts(self, account: Identity) -> None:
        """What services work on of the project's folder: made where it is missing, told of where it is not theirs."""
        for folder in mounting.missing(self.layout.root, self.specs, self.host):
            self.host.make_folder(folder)
            identity.give([folder], account)
        for spec in self.specs if account.dropped else ():
            for mount in spec.mounts:
                refusal = mounting.refusal(self.layout.root, spec, mount, account.uid, account.gid)
                if refusal:
                    self.emit(Warned(refusal))

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
