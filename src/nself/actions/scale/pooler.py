"""PgBouncer: switched on in the mode that works here, set up, and asked what its pools are doing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from nself.actions import derived
from nself.actions import project as projects
from nself.actions.config import change as config_change
from nself.actions.config.change import Target
from nself.actions.service import switch as service_switch
from nself.actions.stack import open_stack
from nself.errors import DockerError, PermissionDeniedError, UsageError
from nself.events import Emit, Warned
from nself.host import LocalHost
from nself.model.project import Project
from nself.model.spec import Category, Endpoint, Runtime, ServiceSpec
from nself.records import dataclass
from nself.runtimes import wire
from nself.runtimes.native import programs
from nself.runtimes.native.programs import ProgramTooOldError
from nself.services import pooler, postgres

WAIT_S = 5.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Configured:
    """`changed` are the settings that were written."""

    enabled: bool
    mode: str
    pool_size: int
    max_clients: int
    changed: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Pool:
    """The connections of one role to one database: its clients', and those kept to PostgreSQL."""

    database: str
    user: str
    clients_active: int
    clients_waiting: int
    servers_active: int
    servers_idle: int
    longest_wait_ms: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Status:
    """`pools` are those that clients have used since PgBouncer was started."""

    enabled: bool
    running: bool
    mode: str
    pool_size: int
    max_clients: int
    pools: tuple[Pool, ...]


def enable(target: Target, emit: Emit) -> Configured:
    """Switch it on. Where this machine's PgBouncer is too old for transaction mode, in session mode, and say so."""
    project = _load(target)
    changed = ["POOLER_MODE"] if _fall_back(project, target, emit) else []
    if service_switch.switch(target, pooler.NAME, on=True).changed:
        changed.append("POOLER_ENABLED")
    return _configured(_load(target), changed)


def disable(target: Target) -> Configured:
    changed = service_switch.switch(target, pooler.NAME, on=False).changed
    return _configured(_load(target), ["POOLER_ENABLED"] if changed else [])


def configure(target: Target, changes: Mapping[str, str]) -> Configured:
    """Write settings of the pool (`{"POOLER_POOL_SIZE": "50"}`), all of them or, when they do not fit, none."""
    if not changes:
        raise UsageError("there is nothing to change", fixes=["see nself scale pooler config --help"])
    after = projects.load(
        target.directory, target.environ, env=target.env, host=target.host, overrides=tuple(changes.items())
    )
    derived.remembered(after, target.host)
    for key, value in changes.items():
        config_change.set_value(target, key, value)
    return _configured(_load(target), list(changes))


def status(project: Project, host: LocalHost, environ: Mapping[str, str]) -> Status:
    """What is set, and what the console of the running PgBouncer says."""
    found = pooler.settings(project)
    pools: list[Pool] | None = None
    if found.enabled:
        pools = _pools(project, open_stack(project, host, environ).runtime.network.endpoint(pooler.NAME, "postgres"))
    return Status(
        enabled=found.enabled,
        running=pools is not None,
        mode=str(found.mode),
        pool_size=pooler.pool_size(project),
        max_clients=found.max_clients,
        pools=tuple(pools or ()),
    )


def _load(target: Target) -> Project:
    return projects.load(target.directory, target.environ, env=target.env, host=target.host)


def _fall_back(project: Project, target: Target, emit: Emit) -> bool:
    """Choose session mode where only that works; True when it was written. What the user chose stays."""
    if project.runtime is not Runtime.NATIVE or "POOLER_MODE" in project.values:
        return False
    spec = ServiceSpec(name=pooler.NAME, category=Category.OPTIONAL)
    try:
        programs.find(pooler.program(pooler.Mode.TRANSACTION), spec, target.host)
    except ProgramTooOldError as error:
        why = f"{error.message}. POOLER_MODE=session was set: clients keep their connection until they leave"
        emit(Warned(why, fix="install a newer one, then: nself scale pooler config --mode transaction"))
        config_change.set_value(target, "POOLER_MODE", pooler.Mode.SESSION)
        return True
    return False


def _configured(project: Project, changed: Sequence[str]) -> Configured:
    found = pooler.settings(project)
    return Configured(
        enabled=found.enabled,
        mode=str(found.mode),
        pool_size=pooler.pool_size(project),
        max_clients=found.max_clients,
        changed=tuple(changed),
    )


def _pools(project: Project, at: Endpoint) -> list[Pool] | None:
    """None when nobody listens there."""
    owner = postgres.settings(project)
    login = wire.Login(host=at.host, port=at.port, user=owner.user, password=owner.password, database=pooler.CONSOLE)
    try:
        rows = wire.query(login, "SHOW POOLS", timeout_s=WAIT_S)
    except ConnectionRefusedError:
        return None
    except wire.RefusedError as error:
        raise PermissionDeniedError(
            f"PgBouncer refused {owner.user}: {error}", fixes=["nself restart pooler", "nself logs pooler"]
        ) from error
    except OSError as error:
        raise DockerError(
            f"PgBouncer at {at} does not answer: {error.strerror or error}", fixes=["nself logs pooler", "nself status"]
        ) from error
    return [_pool(row) for row in rows if row["database"] != pooler.CONSOLE]


def _pool(row: Mapping[str, str | None]) -> Pool:
    def number(name: str) -> int:
        return int(row.get(name) or 0)

    return Pool(
        database=row["database"] or "",
        user=row["user"] or "",
        clients_active=number("cl_active"),
        clients_waiting=number("cl_waiting"),
        servers_active=number("sv_active"),
        servers_idle=number("sv_idle") + number("sv_used"),
        longest_wait_ms=number("maxwait") * 1000 + number("maxwait_us") // 1000,
    )
