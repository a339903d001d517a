"""Renew nself by the installer that put it there, see that the new one runs, and go back to the old one if not."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn

from nself.actions.update.installation import NAME, By, Installation
from nself.errors import ConfigError, NetworkError, NselfError, ProgramMissingError, UsageError
from nself.events import Emit, StepStarted
from nself.host import LocalHost, Ran

ASK_S, INSTALL_S, RUN_S = 120.0, 1800.0, 60.0
_VERSION = re.compile(r"\d+(\.\d+)*((a|b|rc)\d+)?(\.post\d+)?(\.dev\d+)?")


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """`to` is a version, newer or older; None is the newest. `beta` counts those before a release too."""

    to: str | None = None
    beta: bool = False
    check: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Updated:
    """`latest` is what the installer would put there; None where none may be asked: `way_out` then says what to do."""

    current: str
    latest: str | None
    channel: str
    updated: bool
    installed_by: By
    way_out: tuple[str, ...] = ()


def update(found: Installation, host: LocalHost, environ: Mapping[str, str], emit: Emit, wish: Wish) -> Updated:
    """With `check` nothing is changed. An installation that is not ours to renew is refused with what to do."""
    if wish.to is not None and not _VERSION.fullmatch(wish.to):
        raise UsageError(f"{wish.to!r} is not a version", fixes=["nself update --to 1.0.0"])
    if found.way_out:
        if not wish.check:
            raise ConfigError(_refusal(found), fixes=found.way_out)
        return _told(found, wish, None, updated=False)
    latest = wish.to or _latest(found, host, environ, beta=wish.beta)
    if wish.check or latest == found.version:
        return _told(found, wish, latest, updated=False)
    emit(StepStarted(1, 2, f"install {NAME} {latest}", f"by {found.by}"))
    _install(found, host, environ, latest)
    emit(StepStarted(2, 2, f"run {NAME} {latest}", "does it say so itself?"))
    problem = _problem(found, host, environ, latest)
    if problem:
        _go_back(found, host, environ, problem=f"{NAME} {latest} was installed and does not run: {problem}")
    return _told(found, wish, latest, updated=True)


def _go_back(found: Installation, host: LocalHost, environ: Mapping[str, str], *, problem: str) -> NoReturn:
    try:
        _install(found, host, environ, found.version)
    except NselfError as error:
        raise NselfError(
            f"{problem}; {found.version} could not be put back: {error.message}",
            fixes=[f"{found.python} -m pip install {NAME}=={found.version}"],
        ) from error
    raise NselfError(f"{problem}; {found.version} is back", fixes=["report what it said", "nself version"])


def _told(found: Installation, wish: Wish, latest: str | None, *, updated: bool) -> Updated:
    return Updated(
        current=found.version,
        latest=latest,
        channel="beta" if wish.beta else "stable",
        updated=updated,
        installed_by=found.by,
        way_out=tuple(found.way_out),
    )


def _refusal(found: Installation) -> str:
    match found.by:
        case By.CHECKOUT:
            return f"this nself is a checkout, {found.source}: it is renewed there"
        case By.FILE:
            return f"this nself was installed from a file, {found.source}: there is no index to ask"
    return "this nself belongs to the operating system, which renews it with its other packages"


def _latest(found: Installation, host: LocalHost, environ: Mapping[str, str], *, beta: bool) -> str:
    """What an upgrade would install: asked of the installer, so that its index, its proxy and its pins count."""
    if found.by is By.UV:
        argv = [_program(host, "uv"), "pip", "list", "--outdated", "--format", "json", "--python", str(found.python)]
        rows = json.loads(_asked(host, [*argv, *(["--prerelease", "allow"] if beta else [])], environ).stdout)
        return next((row["latest_version"] for row in rows if row["name"] == NAME), found.version)
    argv = [*_pip(found), "install", "--dry-run", "--quiet", "--report", "-", "--no-deps", "--upgrade", NAME]
    told: dict[str, Any] = json.loads(_asked(host, [*argv, *(["--pre"] if beta else [])], environ).stdout)
    return next((item["metadata"]["version"] for item in told["install"]), found.version)


def _install(found: Installation, host: LocalHost, environ: Mapping[str, str], version: str) -> None:
    """The installer checks what it fetched against the hashes its index gives."""
    wanted = f"{NAME}=={version}"
    match found.by:
        case By.UV:
            argv = [_program(host, "uv"), "tool", "install", "--force", wanted]
        case By.PIPX:
            argv = [_program(host, "pipx"), "install", "--force", wanted]
        case _:
            argv = [*_pip(found), "install", "--quiet", wanted]
    _asked(host, argv, environ, timeout_s=INSTALL_S)


def _problem(found: Installation, host: LocalHost, environ: Mapping[str, str], version: str) -> str | None:
    """Why the program that is installed now is not the one it should be."""
    ran = host.run(
        [str(found.python), "-m", NAME, "version", "--json"], env=dict(environ), cwd=Path("/"), timeout_s=RUN_S
    )
    if not ran.ok:
        return _last_line(ran)
    try:
        says = json.loads(ran.stdout)["version"]
    except (ValueError, KeyError, TypeError):
        return "it does not say which version it is"
    return None if says == version else f"it says it is {says}"


def _pip(found: Installation) -> list[str]:
    return [str(found.python), "-m", "pip", "--no-input", "--disable-pip-version-check"]


def _program(host: LocalHost, name: str) -> str:
    path = host.which(name)
    if path is None:
        raise ProgramMissingError(
            f"nself was installed by {name}, which is not on PATH", fixes=[f"put {name} on PATH and try again"]
        )
    return str(path)


def _asked(host: LocalHost, argv: Sequence[str], environ: Mapping[str, str], timeout_s: float = ASK_S) -> Ran:
    ran = host.run(argv, env=dict(environ), timeout_s=timeout_s)
    if ran.ok:
        return ran
    if "No module named pip" in ran.stderr:
        raise ProgramMissingError("the Python that nself runs on has no pip", fixes=[f"{argv[0]} -m ensurepip"])
    raise NetworkError(
        f"{Path(argv[0]).name} could not get it: {_last_line(ran)}; what is installed stays as it is",
        fixes=["look at the network, and at the index pip is set to: pip config list", "try again"],
    )


def _last_line(ran: Ran) -> str:
    lines = [line.strip() for line in (ran.stderr or ran.stdout).splitlines() if line.strip()]
    telling = [line for line in lines if line.lower().startswith("error")]
    return (telling or lines or [f"exit code {ran.exit_code}"])[-1]
