"""A database made with another password than the project now has: set in single-user mode, by who owns the files."""

from __future__ import annotations

from nself.errors import DatabaseError
from nself.model.containers import ContainerPlace
from nself.model.spec import ServiceSpec
from nself.runtimes import probes, wire
from nself.runtimes.compose.docker_errors import last_line
from nself.runtimes.compose.stack import ContainerStack


def change(compose: ContainerStack, spec: ServiceSpec) -> None:
    """The container is stopped, the data changed by another that has it alone, and started again."""
    login = probes.login_of(spec, compose.network)
    place = ContainerPlace(spec)
    compose.docker.run("stop", compose.containers()[spec.name].id, timeout_s=spec.stop.grace_s + 30)
    data = place.argv()[place.argv().index("-D") + 1]
    argv = compose.compose(
        "run", "--rm", "--no-deps", "-T", "--entrypoint", "postgres", spec.name, "--single", "-D", data, "postgres"
    )
    sql = wire.password_statements(user=login.user, password=login.password)
    ran = compose.docker.run(*argv, stdin=sql, check=False, timeout_s=60)
    if not ran.ok or "ERROR" in ran.stderr:
        raise DatabaseError(
            f"the password of {login.user} could not be set: {last_line(ran.stderr)}",
            fixes=["put the old POSTGRES_PASSWORD back in .env", "nself logs postgres"],
        )
    compose.docker.run(*compose.compose("start", spec.name), timeout_s=60)
    compose.forget()
