"""The Python packages of our image, unpacked by this machine's pip for the Python inside: no build needs a network.

Versions and hashes are those of the lock file that ships with nself; where they come from (an index, a mirror, a cache)
is pip's configuration on this machine, and none of it gets into the image.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from nself.errors import ConfigError, NetworkError, NselfError, ProgramMissingError
from nself.host import LocalHost
from nself.records import dataclass
from nself.runtimes.compose.docker_errors import last_line

OLDEST_PYTHON = (3, 11)
ASK = "import json,platform,sys;print(json.dumps([sys.version_info[:2],platform.machine(),platform.libc_ver()]))"
"""Run inside the base image: what packages must be made for."""
KEPT_PROGRAMS = frozenset({"deno"})
"""Of what packages put into `bin`: the rest are scripts that name this machine's Python."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """The Python that will import the packages."""

    python: tuple[int, int]
    machine: str
    libc: int
    """glibc's minor version, the 36 of 2.36."""

    @property
    def platforms(self) -> list[str]:
        """Every tag of wheels it can use, by what pip calls them."""
        modern = [f"manylinux_2_{minor}_{self.machine}" for minor in range(self.libc, 4, -1)]
        return [*modern, f"manylinux2014_{self.machine}"]


def target(answer: str, base: str) -> Target:
    """What `ASK` printed inside `base`, refused when nself cannot run there."""
    python, machine, (family, version) = json.loads(answer)
    if family != "glibc":
        raise ConfigError(
            f"the base image {base} has no glibc: packages of PostgreSQL and nginx are made for glibc",
            fixes=["use an image based on Debian or Ubuntu: nself build --images --base-image debian:bookworm-slim"],
        )
    if tuple(python) < OLDEST_PYTHON:
        raise ConfigError(
            f"the base image {base} has Python {python[0]}.{python[1]}; nself needs 3.11 or newer",
            fixes=["use a newer one: nself build --images --base-image debian:bookworm-slim"],
        )
    return Target(python=(python[0], python[1]), machine=machine, libc=int(version.split(".")[1]))


def unpack(lock: Path, into: Path, wanted: Target, host: LocalHost, environ: Mapping[str, str]) -> None:
    """Install what `lock` pins into the folder `into`, each file checked against its hash."""
    ran = host.run(
        [
            *_pip(host),
            *("install", "--quiet", "--disable-pip-version-check", "--no-input", "--no-compile", "--no-deps"),
            *("--require-hashes", "--only-binary=:all:", "--implementation=cp"),
            f"--python-version={wanted.python[0]}.{wanted.python[1]}",
            *(f"--platform={tag}" for tag in wanted.platforms),
            *("--target", str(into), "-r", str(lock)),
        ],
        env=environ,
    )
    if not ran.ok:
        raise _failed(ran.stderr)
    for program in (into / "bin").iterdir():
        if program.name not in KEPT_PROGRAMS:
            program.unlink()


def _pip(host: LocalHost) -> Sequence[str]:
    """Any pip does, for it installs for another Python."""
    from importlib.util import find_spec

    if find_spec("pip"):
        return (sys.executable, "-m", "pip")
    found = host.which("pip3") or host.which("pip")
    if found is None:
        raise ProgramMissingError(
            "pip is not installed, and the image's packages are fetched with it",
            fixes=[f"{sys.executable} -m ensurepip", "apt install python3-pip"],
        )
    return (str(found),)


def _failed(stderr: str) -> NselfError:
    telling = [line for line in stderr.splitlines() if line.startswith("ERROR")]
    said = telling[-1].removeprefix("ERROR: ") if telling else last_line(stderr)
    if "No space left" in stderr:
        return NselfError(f"the disk is full: {said}", fixes=["df -h .", "pip cache purge"])
    return NetworkError(
        f"the image's packages could not be fetched: {said}",
        fixes=["check the network and pip's index: pip config list", "pip download click, to see what pip says"],
    )
