"""PgBouncer: many connections of the project's own services over few to PostgreSQL.

Custom services with access `database` get its address in DATABASE_URL. Our own servers stay with PostgreSQL itself:
they pool by themselves, and LISTEN, advisory locks and prepared statements need a session of their own.
"""

from __future__ import annotations

from dataclasses import replace
from enum import StrEnum

from nself.errors import ConfigProblemsError, Problem
from nself.model.project import Project
from nself.model.service import Service
from nself.model.spec import Category, Network, Port, Probe, Program, Resources, ServiceSpec, Stop
from nself.records import dataclass
from nself.services import images, postgres
from nself.settings import IMAGE, env

NAME = "pooler"
PORT = Port(name="postgres", number=6432, setting="POOLER_PORT")
CONSOLE = "pgbouncer"
"""The database that answers SHOW POOLS."""
PREPARED_SINCE = "1.21"
"""From this version on PgBouncer keeps prepared statements apart by client, also within transaction mode."""
OWN_SERVERS = 40
"""Connections of PostgreSQL that stay for our servers, the tool and the owner's psql."""
LARGEST_POOL = 100


class Mode(StrEnum):
    TRANSACTION = "transaction"
    SESSION = "session"


@dataclass(frozen=True, slots=True, kw_only=True)
class PoolerSettings:
    """Variables of PgBouncer."""

    enabled: bool = env(
        "POOLER_ENABLED",
        default=False,
        help="Run PgBouncer before PostgreSQL; DATABASE_URL of custom services names it.",
    )
    pool_size: int | None = env(
        "POOLER_POOL_SIZE",
        default=None,
        minimum=1,
        help="Connections it keeps to PostgreSQL: those of POSTGRES_MAX_CONNECTIONS less 40, at most 100.",
    )
    mode: Mode = env(
        "POOLER_MODE",
        default=Mode.TRANSACTION,
        help="When a client gives its connection back: after each transaction (needs PgBouncer 1.21), or at its end.",
    )
    max_clients: int = env("POOLER_MAX_CLIENTS", default=500, minimum=1, help="Most clients at once; more are refused.")
    port: int | None = env(
        "POOLER_PORT", default=None, minimum=1, maximum=65535, help="Its port; a free one from 6432 when unset."
    )
    image: str | None = env("POOLER_IMAGE", default=None, pattern=IMAGE, help="Another container image in its place.")


def settings(project: Project) -> PoolerSettings:
    return project.settings(PoolerSettings)


def wanted(project: Project) -> bool:
    return settings(project).enabled


def pool_size(project: Project) -> int:
    """How many connections it may keep. More than PostgreSQL has would be refused there, at the worst moment."""
    asked, most = settings(project).pool_size, postgres.settings(project).max_connections
    free = most - OWN_SERVERS
    if asked is None and free > 0:
        return min(LARGEST_POOL, free)
    if asked is None or asked > free:
        needed = (asked or 1) + OWN_SERVERS
        problem = Problem(
            path="POOLER_POOL_SIZE",
            message=f"{asked or 1} connections do not fit: POSTGRES_MAX_CONNECTIONS is {most}, "
            f"and {OWN_SERVERS} of them stay for the stack's own servers",
            hint=f"set POSTGRES_MAX_CONNECTIONS to {needed} or more",
        )
        raise ConfigProblemsError([problem])
    return asked


def database_url(project: Project, network: Network, database: str | None = None) -> str:
    """The project's database or another, through the pool where there is one."""
    if not wanted(project):
        return postgres.database_url(project, network, database)
    found = postgres.settings(project)
    return postgres.url(replace(found, database=database) if database else found, network.endpoint(NAME, PORT.name))


def spec(project: Project, network: Network) -> ServiceSpec:
    found = settings(project)
    database = postgres.settings(project)
    if not database.enabled:
        problem = Problem(
            path="POOLER_ENABLED",
            message="PgBouncer stands before the stack's own PostgreSQL, and POSTGRES_ENABLED is false",
            hint="use the pooler of whoever runs your database",
        )
        raise ConfigProblemsError([problem])
    return ServiceSpec(
        name=NAME,
        category=Category.OPTIONAL,
        description="Connection pool of PostgreSQL",
        command=("{bin:pgbouncer}", "{build}/pooler/pgbouncer.ini"),
        programs=(program(found.mode),),
        image=images.image("pgbouncer", override=found.image),
        ports=(PORT,),
        probe=Probe(kind="tcp", port=PORT.name),
        needs=postgres.needs(project),
        files={"pgbouncer.ini": configuration(project, network)},
        secret_files={"users.txt": users(database)},
        resources=Resources(memory="128M", cpu=0.5),
        # INT lets running transactions end; TERM would cut them off.
        stop=Stop(signal="INT", grace_s=10),
    )


def program(mode: Mode) -> Program:
    return Program(
        name="pgbouncer",
        minimum=PREPARED_SINCE if mode is Mode.TRANSACTION else None,
        hint="apt install pgbouncer",
        otherwise="set POOLER_MODE=session, where clients keep their connection until they leave",
    )


def configuration(project: Project, network: Network) -> str:
    """pgbouncer.ini. Names that are not in users.txt are looked up in PostgreSQL, so every role may come in."""
    found, database = settings(project), postgres.settings(project)
    at, behind = network.listen(NAME, PORT.name), network.endpoint(postgres.NAME, postgres.PORT.name)
    values: dict[str, object] = {
        "listen_addr": at.host,
        "listen_port": at.port,
        "unix_socket_dir": "",
        "auth_type": "scram-sha-256",
        "auth_file": "{secrets}/pooler/users.txt",
        "auth_user": database.user,
        "admin_users": database.user,
        "pool_mode": found.mode,
        "default_pool_size": pool_size(project),
        "max_db_connections": pool_size(project),
        "max_client_conn": found.max_clients,
        # Both sides are inside the stack.
        "client_tls_sslmode": "disable",
        "server_tls_sslmode": "disable",
        # Sent by JDBC to every server; changes nothing that a pooled connection could keep.
        "ignore_startup_parameters": "extra_float_digits",
        "log_connections": 0,
        "log_disconnections": 0,
    }
    if found.mode is Mode.TRANSACTION:
        values["max_prepared_statements"] = 200
    lines = [f"{name} = {value}" for name, value in values.items()]
    return "\n".join(["[databases]", f"* = host={behind.host} port={behind.port}", "", "[pgbouncer]", *lines, ""])


def users(database: postgres.PostgresSettings) -> str:
    """Who signs in to PostgreSQL, and how: quotes are doubled, everything else may stand as it is."""
    name, password = (text.replace('"', '""') for text in (database.user, database.password))
    return f'"{name}" "{password}"\n'


SERVICE = Service(
    name=NAME,
    category=Category.OPTIONAL,
    help="Connection pool (PgBouncer)",
    ports=(PORT,),
    settings=(PoolerSettings,),
    wanted=wanted,
    spec=spec,
    words=("pgbouncer",),
)
