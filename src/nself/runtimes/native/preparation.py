"""Before a service runs from its folder: packages installed, sources compiled, each only when there is a reason to."""

from __future__ import annotations

import hashlib
import json
import os
import pwd
import shlex
from collections.abc import Mapping, Sequence
from pathlib import Path

from nself.errors import NselfError
from nself.events import Emit, Note
from nself.host import LocalHost
from nself.model.layout import Layout
from nself.model.spec import ServiceSpec, Task
from nself.records import dataclass
from nself.runtimes.native.identity import Identity

LONGEST_S = 1800.0
"""A first build of a large dependency tree on a small machine takes minutes; what takes longer hangs."""
LAST_LINES = 12


class PreparationError(NselfError):
    """A service's folder could not be made ready; `log` is what was said last."""

    def __init__(self, message: str, *, log: Sequence[str] = ()) -> None:
        super().__init__(message)
        self.log = tuple(log)


@dataclass(frozen=True, kw_only=True)
class Workshop:
    """One service's folder and what is known about it."""

    spec: ServiceSpec
    layout: Layout
    host: LocalHost
    environ: Mapping[str, str]
    """The caller's: package managers find their caches, mirrors and certificates there, as in the user's shell."""

    @property
    def folder(self) -> Path:
        return self.spec.workdir or self.layout.root

    @property
    def log(self) -> Path:
        return self.layout.logs / f"{self.spec.name}.build.log"

    @property
    def marker(self) -> Path:
        """Of the folder: replicas of a service share it."""
        name = hashlib.sha256(os.fsencode(self.folder)).hexdigest()[:16]
        return self.layout.prepared / f"{name}.json"

    def state(self) -> dict[str, str]:
        """What each task would be done from, for the fingerprint: another text when it is due."""
        due = {task.name for task in self.due()}
        return {
            f"{task.name} of {self.spec.name}": "due" if task.name in due else self.inputs(task)
            for task in self.spec.preparation.tasks
        }

    def due(self) -> list[Task]:
        """The first task that is not done any more, and those after it."""
        done = self._done()
        tasks = [task for task in self.spec.preparation.tasks if self.inputs(task)]
        for number, task in enumerate(tasks):
            missing = any(not self.host.exists(self.folder / product) for product in task.makes)
            if missing or done.get(task.name) != self.inputs(task):
                return tasks[number:]
        return []

    def inputs(self, task: Task) -> str:
        """Hash of the files it reads, by name and content, and of its commands; empty when none of them is there."""
        files = sorted({file for pattern in task.inputs for file in self.folder.glob(pattern) if file.is_file()})
        if not files:
            return ""
        found = hashlib.sha256(repr(task.run).encode())
        for file in files:
            found.update(f"\0{file.relative_to(self.folder)}\0".encode(errors="surrogateescape"))
            try:
                found.update(hashlib.sha256(file.read_bytes()).digest())
            except OSError:  # a file we may not read: whoever needs it will say so
                found.update(b"unreadable")
        return found.hexdigest()[:16]

    def prepare(self, account: Identity, emit: Emit) -> None:
        """Do what is due, as the folder's owner. Each task that is done stays done when a later one fails.

        One at a time in a folder."""
        due = self.due()
        if not due:
            return
        self._check_programs()
        owner = self._owner(account)
        self.host.write(self.log, "", mode=0o600)
        for task in due:
            emit(Note(f"{self.spec.name}: {task.name}"))
            hashed = self.inputs(task)
            for argv in task.run:
                self._run(task, argv, owner)
            self.host.write(self.marker, json.dumps(self._done() | {task.name: hashed}))

    def _run(self, task: Task, argv: Sequence[str], owner: Identity | None) -> None:
        try:
            code = self.host.run_into(
                self.log,
                [*(owner.prefix if owner else ()), *argv],
                env={**self.environ, **({"HOME": str(owner.home)} if owner else {})},
                cwd=self.folder,
                timeout_s=LONGEST_S,
            )
        except NselfError as error:
            raise PreparationError(f"{task.name} failed: {error.message}", log=self._last_lines()) from error
        if code:
            where = self.log.relative_to(self.layout.root)
            raise PreparationError(
                f"{task.name} failed: `{shlex.join(argv)}` ended with exit code {code}; all it said is in {where}",
                log=self._last_lines(),
            )

    def _check_programs(self) -> None:
        for program in self.spec.preparation.programs:
            if self.host.which(program.name) is None:
                message = f"it needs {program.name}, which is not installed on this machine"
                raise PreparationError(message, log=[program.hint, "or in containers: nself start --runtime compose"])

    def _owner(self, account: Identity) -> Identity | None:
        """As root: the account to become, so that no package's install script is handed the machine; None for root's
        own folder. A folder of somebody else is not entered."""
        if os.geteuid() != 0:
            return None
        uid = self.folder.stat().st_uid
        if uid == 0:
            return None
        if uid == account.uid:
            return account
        name = next((entry.pw_name for entry in pwd.getpwall() if entry.pw_uid == uid), str(uid))
        raise PreparationError(
            f"{self.folder} belongs to {name}, and the stack runs as {account.name}",
            log=[f"chown -R {account.name} {shlex.quote(str(self.folder))}"],
        )

    def _done(self) -> dict[str, str]:
        try:
            found = json.loads(self.marker.read_text(encoding="utf-8"))
        except (OSError, ValueError):  # never done, or the marker was damaged: done again, no harm
            return {}
        return found if isinstance(found, dict) else {}

    def _last_lines(self) -> tuple[str, ...]:
        with self.log.open("rb") as file:
            file.seek(max(0, self.log.stat().st_size - 16_384))
            lines = file.read().decode(errors="replace").splitlines()
        return tuple(line for line in lines if line.strip())[-LAST_LINES:]
