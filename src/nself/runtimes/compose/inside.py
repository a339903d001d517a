"""Running a program in a service's container: its own client where it has one, else a shell."""

from __future__ import annotations

from nself.model.spec import ServiceSpec
from nself.runtimes.compose.docker_errors import NotInstalledError
from nself.runtimes.compose.stack import ContainerStack
from nself.runtimes.runtime import Command, Inside

SHELL = ("sh", "-c", "command -v bash >/dev/null && exec bash || exec sh")


def command(compose: ContainerStack, spec: ServiceSpec, wish: Inside) -> Command:
    """`docker exec`, with variables handed over through its environment: a password is in no argv."""
    docker = compose.host.which("docker")
    if docker is None:
        raise NotInstalledError
    variables = {**_libpq(spec), **wish.env}
    argv = wish.argv or (("psql",) if _is_database(spec) else SHELL)
    words = [str(docker), "exec", "--interactive", *(["--tty"] if wish.terminal else [])]
    words += [word for name in variables for word in ("--env", name)]
    words += ["--workdir", str(wish.workdir)] if wish.workdir else []
    container = compose.containers()[spec.name].id
    environ = {**compose.docker.environment(), **variables}
    return Command(argv=(*words, container, *argv), env=environ, cwd=compose.layout.root)


def _libpq(spec: ServiceSpec) -> dict[str, str]:
    """libpq's own variables, as seen from inside."""
    if not _is_database(spec):
        return {}
    user = spec.env.get("POSTGRES_USER", "postgres")
    return {
        "PGHOST": "127.0.0.1",
        "PGPORT": str(spec.ports[0].number),
        "PGUSER": user,
        "PGPASSWORD": spec.secrets.get("POSTGRES_PASSWORD", ""),
        "PGDATABASE": spec.env.get("POSTGRES_DB") or user,
        "PGAPPNAME": "nself exec",
    }


def _is_database(spec: ServiceSpec) -> bool:
    return spec.probe is not None and spec.probe.kind == "postgres"
