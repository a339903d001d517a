"""Running a program as a native service would: its variables and folder, its own client where it has one."""

from __future__ import annotations

from nself.errors import ProgramMissingError
from nself.model.spec import ServiceSpec
from nself.runtimes import probes
from nself.runtimes.native import units
from nself.runtimes.native.stack import ProcessStack
from nself.runtimes.runtime import Command, Inside


def command(native: ProcessStack, spec: ServiceSpec, wish: Inside) -> Command:
    """The caller's own user; nothing of the service but its variables."""
    variables = {**native.environ, **spec.env, **spec.secrets, **_libpq(native, spec), **wish.env}
    argv = wish.argv or _default(native, spec)
    cwd = wish.workdir or spec.workdir or native.layout.root
    return Command(argv=(_program(argv[0], native, spec), *argv[1:]), env=variables, cwd=cwd)


def _libpq(native: ProcessStack, spec: ServiceSpec) -> dict[str, str]:
    """libpq's own variables: a password in them is in no argv and needs no file."""
    if not _is_database(spec):
        return {}
    login = probes.login_of(spec, native.network)
    return {
        "PGHOST": login.host,
        "PGPORT": str(login.port),
        "PGUSER": login.user,
        "PGPASSWORD": login.password,
        "PGDATABASE": spec.env.get("POSTGRES_DB") or login.user,
        "PGAPPNAME": "nself exec",
    }


def _default(native: ProcessStack, spec: ServiceSpec) -> tuple[str, ...]:
    """What is run when nothing is named: the service's own client, else a shell."""
    if _is_database(spec):
        return ("psql",)
    shell = next((found for name in ("bash", "sh") if (found := native.host.which(name))), None)
    if shell is None:
        raise ProgramMissingError("there is no shell on this machine", fixes=[f"nself exec {spec.name} -- PROGRAM"])
    return (str(shell),)


def _program(name: str, native: ProcessStack, spec: ServiceSpec) -> str:
    """PostgreSQL's programs are those of the server that runs, wherever they are kept."""
    if _is_database(spec) and "/" not in name:
        found = units.cluster(native, spec).programs.bin / name
        return str(found) if found.exists() else name
    return name


def _is_database(spec: ServiceSpec) -> bool:
    return spec.probe is not None and spec.probe.kind == "postgres"
