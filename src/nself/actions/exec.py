"""Run a program as a service would: `psql` in the database, a shell with a server's variables."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from nself.actions.stack import Stack, open_stack
from nself.errors import DockerError, ProgramMissingError
from nself.host import LocalHost
from nself.model.project import Project
from nself.model.spec import ServiceSpec
from nself.runtimes.native import units
from nself.runtimes.plan import ALIVE
from nself.services import postgres


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """What to become. Secrets are in `env` only."""

    argv: tuple[str, ...]
    env: Mapping[str, str] = field(repr=False)
    cwd: Path


@dataclass(frozen=True, slots=True, kw_only=True)
class Wishes:
    argv: tuple[str, ...] = ()
    workdir: Path | None = None
    env: Mapping[str, str] = field(default_factory=dict)


class NotRunningError(DockerError):
    """The service does not run, so there is nothing to be inside of."""

    kind = "not-running"


def command(project: Project, host: LocalHost, environ: Mapping[str, str], service: str, wishes: Wishes) -> Command:
    """What `nself exec` becomes: the caller's own user, the service's variables and folder."""
    opened = open_stack(project, host, environ)
    spec = opened.spec(service)
    running = opened.native.observe().get(spec.name)
    if running is None or running.state not in ALIVE:
        raise NotRunningError(f"{service} is not running", fixes=[f"nself start {service}", "nself status"])
    variables = {**environ, **_variables(opened, spec), **wishes.env}
    given = wishes.argv[1:] if wishes.argv[:1] == ("--",) else wishes.argv
    argv = tuple(given) or _default(opened, spec, host)
    cwd = wishes.workdir or spec.workdir or project.root
    return Command(argv=(_program(argv[0], opened, spec), *argv[1:]), env=variables, cwd=cwd)


def _variables(opened: Stack, spec: ServiceSpec) -> dict[str, str]:
    given = {**spec.env, **spec.secrets}
    return {**given, **_libpq(opened)} if spec.name == postgres.NAME else given


def _libpq(opened: Stack) -> dict[str, str]:
    """libpq's own variables: a password in them is in no argv and needs no file."""
    found = postgres.settings(opened.project)
    at = opened.native.network.endpoint(postgres.NAME, postgres.PORT.name)
    return {
        "PGHOST": at.host,
        "PGPORT": str(at.port),
        "PGUSER": found.user,
        "PGPASSWORD": found.password,
        "PGDATABASE": found.database or found.user,
        "PGAPPNAME": "nself exec",
    }


def _default(opened: Stack, spec: ServiceSpec, host: LocalHost) -> tuple[str, ...]:
    """What is run when nothing is named: the service's own client, else a shell."""
    if spec.name == postgres.NAME:
        return ("psql",)
    shell = next((found for name in ("bash", "sh") if (found := host.which(name))), None)
    if shell is None:
        raise ProgramMissingError("there is no shell on this machine", fixes=[f"nself exec {spec.name} -- PROGRAM"])
    return (str(shell),)


def _program(name: str, opened: Stack, spec: ServiceSpec) -> str:
    """PostgreSQL's programs are those of the server that runs, wherever they are kept."""
    if spec.name == postgres.NAME and "/" not in name:
        found = units.cluster(opened.native, spec).programs.bin / name
        return str(found) if found.exists() else name
    return name
