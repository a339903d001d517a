"""A real S3 server for tests: the Versity gateway over a folder, signatures checked."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

from nself.storage.settings import BackendKind, StorageSettings
from tests.cluster import free_port

KEY, SECRET, REGION, BUCKET = "test-access-key", "test-secret-access-key", "no-region", "files"
WHERE = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")])


@dataclass(frozen=True)
class S3Server:
    """`folder` holds what the server stores: an object is a file below `<bucket>/`."""

    url: str
    folder: Path
    process: subprocess.Popen[bytes]

    def settings(self, **changes: str) -> StorageSettings:
        values = {
            "s3_endpoint": self.url,
            "s3_access_key": KEY,
            "s3_secret_key": SECRET,
            "s3_bucket": BUCKET,
            "s3_region": REGION,
            "s3_root_folder": "root",
            "spool_dir": str(self.folder.parent / "spool"),
            "database_url": "",
        }
        return StorageSettings(backend=BackendKind.S3, **{**values, **changes})  # type: ignore[arg-type]


@contextmanager
def s3_server(folder: Path) -> Iterator[S3Server]:
    """The server with one empty bucket; skips the test when the program is not installed."""
    program = shutil.which("versitygw", path=WHERE)
    if program is None:
        pytest.skip("no S3 server: versitygw is not installed (go install github.com/versity/versitygw/cmd/versitygw)")
    data = folder / "data"
    (data / BUCKET).mkdir(parents=True)
    port = free_port()
    process = subprocess.Popen(
        [program, "--port", f"127.0.0.1:{port}", "--region", REGION, "--quiet", "posix", str(data)],
        env={"ROOT_ACCESS_KEY": KEY, "ROOT_SECRET_KEY": SECRET, "HOME": str(folder)},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        _wait(f"http://127.0.0.1:{port}", process)
        yield S3Server(f"http://127.0.0.1:{port}", data, process)
    finally:
        process.kill()
        process.wait(60)


def _wait(url: str, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + 90
    while True:
        try:
            httpx.get(url)
            return
        except httpx.TransportError:
            if process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError("the S3 server did not start") from None
            time.sleep(0.02)
