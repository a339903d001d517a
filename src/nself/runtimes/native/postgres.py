"""A PostgreSQL data folder: made once, checked at every start, never touched when it is not ours to touch."""

from __future__ import annotations

import shutil
from pathlib import Path

from nself.errors import ConfigError, DatabaseError
from nself.events import Emit, Note
from nself.host import LocalHost
from nself.records import dataclass
from nself.runtimes.native import processes
from nself.runtimes.native.binaries import Postgres
from nself.runtimes.native.identity import Identity, give
from nself.runtimes.wire import password_statements

UNFINISHED = ".initdb-"


@dataclass(frozen=True, slots=True, kw_only=True)
class Cluster:
    """One data folder and the programs that serve it."""

    data: Path
    programs: Postgres
    identity: Identity
    host: LocalHost

    def prepare(self, *, user: str, password: str, emit: Emit) -> bool:
        """Make the data folder unless it is there; True when it was made. One of another major is refused."""
        self._discard_unfinished()
        if not self._holds_data():
            emit(Note(f"creating the database cluster with PostgreSQL {self.programs.version}"))
            self._initdb(user=user, password=password)
            return True
        self._check_major()
        self._clear_stale_pid()
        return False

    def set_password(self, *, user: str, password: str) -> None:
        """Give `user` this password, making the role if it is missing. The server must be stopped.

        Done in single-user mode: whoever may read the data folder as the stack's account may do it, and no network
        path without a password is ever opened.
        """
        argv = [
            *self.identity.prefix,
            str(self.programs.bin / "postgres"),
            "--single",
            "-D",
            str(self.data),
            "postgres",
        ]
        ran = self.host.run(
            argv, stdin=password_statements(user=user, password=password), env=_plain(), cwd=self.data.parent
        )
        if not ran.ok or "ERROR" in ran.stderr:
            raise DatabaseError(
                f"the password of {user} could not be set: {_last(ran.stderr)}",
                fixes=["put the old POSTGRES_PASSWORD back in .env", "nself logs postgres"],
            )

    def _holds_data(self) -> bool:
        """PG_VERSION is the first file initdb writes; other content without it is not ours to initialise over."""
        if (self.data / "PG_VERSION").exists():
            return True
        if self.data.exists() and any(self.data.iterdir()):
            raise DatabaseError(
                f"{self.data} is not empty and holds no PostgreSQL data, so it is left alone",
                fixes=[f"move it away: mv {self.data} {self.data}.unknown", "restore a backup"],
            )
        return False

    def _check_major(self) -> None:
        found = (self.data / "PG_VERSION").read_text(encoding="ascii").strip()
        if found != str(self.programs.major):
            raise ConfigError(
                f"the data in {self.data} is of PostgreSQL {found}; POSTGRES_VERSION asks for {self.programs.major}",
                fixes=[
                    f"set POSTGRES_VERSION={found} and start again; the data is untouched",
                    "to move it over: pg_dump from there, and psql in a new project folder",
                ],
            )

    def _initdb(self, *, user: str, password: str) -> None:
        """Into a folder beside, renamed when whole: being killed half-way leaves nothing that looks like data."""
        parent = self.data.parent
        self.host.make_folder(parent)
        unfinished = parent / f"{UNFINISHED}{self.data.name}"
        self.host.make_folder(unfinished, mode=0o700)
        secret = parent / f"{UNFINISHED}password"
        try:
            self.host.write(secret, password + "\n", mode=0o600)
            give([unfinished, secret], self.identity)
            self._run_initdb(unfinished, user, secret)
        finally:
            secret.unlink(missing_ok=True)
        if self.data.exists():
            self.data.rmdir()
        unfinished.rename(self.data)

    def _run_initdb(self, into: Path, user: str, secret: Path) -> None:
        options = ["--encoding=UTF8", "--locale=C.UTF-8", "--auth=scram-sha-256", "--data-checksums"]
        argv = [*self.identity.prefix, str(self.programs.bin / "initdb"), f"--pgdata={into}", f"--username={user}"]
        ran = self.host.run([*argv, f"--pwfile={secret}", *options], env=_plain(), cwd=into.parent)
        if not ran.ok:
            shutil.rmtree(into, ignore_errors=True)
            raise DatabaseError(
                f"the database cluster could not be created: {_last(ran.stderr)}",
                fixes=["df -h . to see whether the disk is full", f"ls -ld {into.parent}", "nself doctor"],
            )

    def _discard_unfinished(self) -> None:
        for left in self.data.parent.glob(f"{UNFINISHED}*"):
            self.host.remove(left)

    def _clear_stale_pid(self) -> None:
        """PostgreSQL removes a pid file of a dead server itself, with care for what may be left of that server. It
        cannot know that the number belongs to another program by now, after a reboot, be it one that has ended and was
        not reaped: only that case is ours."""
        file = self.data / "postmaster.pid"
        try:
            pid = int(file.read_text(encoding="ascii").split("\n", 1)[0])
        except (FileNotFoundError, ValueError):
            return
        words = [processes.name(pid), *processes.command_line(pid)]
        if words[0] and not any("postgres" in word for word in words):
            file.unlink(missing_ok=True)


def _plain() -> dict[str, str]:
    """initdb and single-user mode read PG* variables; ours must not be the user's shell's."""
    return {"PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8"}


def _last(stderr: str) -> str:
    lines = [line for line in stderr.splitlines() if line.strip()]
    telling = [line for line in lines if "error" in line.lower() or "fatal" in line.lower()]
    return (telling or lines or ["it said nothing"])[-1]
