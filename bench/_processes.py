"""Servers as processes of their own, each on a free port, ended when the measurement is over."""

from __future__ import annotations

import contextlib
import json
import os
import pwd
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import IO, Any
from urllib.error import HTTPError, URLError
from urllib.request import Request, urlopen

WAIT_S = 60


@contextlib.contextmanager
def running(argv: Sequence[str], url: str, environ: Mapping[str, str] | None = None) -> Iterator[int]:
    """The process id, once anything answers at `url`."""
    with tempfile.TemporaryFile() as log:
        process = subprocess.Popen(
            argv, stdin=subprocess.DEVNULL, stdout=log, stderr=log, env={**os.environ, **(environ or {})}
        )
        try:
            _wait(process, url, log)
            yield process.pid
        finally:
            process.terminate()
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def _wait(process: subprocess.Popen[bytes], url: str, log: IO[bytes]) -> None:
    deadline = time.monotonic() + WAIT_S
    while True:
        try:
            with urlopen(url, timeout=2):
                return
        except HTTPError:
            return
        except (URLError, OSError) as error:
            if process.poll() is not None or time.monotonic() > deadline:
                log.seek(0)
                raise RuntimeError(f"{process.args!r} does not answer: {log.read()[-2000:]!r}") from error
            time.sleep(0.02)


def post(port: int, path: str, body: Any) -> None:
    request = Request(f"http://127.0.0.1:{port}{path}", json.dumps(body).encode(), {"Content-Type": "application/json"})
    with urlopen(request, timeout=120) as answer:
        assert answer.status == 200


def packages(name: str, *wanted: str) -> Path | None:
    """A folder in the user's cache with these npm packages in it; None where there is no npm or it cannot get them."""
    folder = Path(pwd.getpwuid(os.getuid()).pw_dir) / ".cache" / "nself-bench" / name
    marker = folder / "installed"
    if marker.exists() and marker.read_text() == " ".join(wanted):
        return folder
    if not shutil.which("npm"):
        return None
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "package.json").write_text('{"private": true}')
    npm = ["npm", "install", "--prefix", str(folder), "--no-audit", "--no-fund"]
    if subprocess.run([*npm, *wanted], capture_output=True, timeout=300, check=False).returncode:
        return None
    marker.write_text(" ".join(wanted))
    return folder
