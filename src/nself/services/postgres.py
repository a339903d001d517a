"""PostgreSQL: the one place where state lives."""

from __future__ import annotations

from dataclasses import replace
from urllib.parse import quote

from nself.errors import ConfigProblemsError, Problem
from nself.model.place import POSTGRES
from nself.model.project import Project
from nself.model.service import Service
from nself.model.spec import (
    Category,
    Endpoint,
    Image,
    Network,
    Port,
    Probe,
    Resources,
    Runtime,
    ServiceSpec,
    Stop,
    Volume,
)
from nself.records import dataclass
from nself.services import extensions, images
from nself.services.extensions import Supplier
from nself.settings import IMAGE, Form, env

NAME = POSTGRES
PORT = Port(name="postgres", number=5432, setting="POSTGRES_PORT")
MEMORY = Form(r"[1-9][0-9]*(kB|MB|GB)", "a size as PostgreSQL writes it: 64MB")
IDENTIFIER = Form(r"[A-Za-z_][A-Za-z0-9_-]{0,62}", "a name of at most 63 letters, digits, _ and -, no digit first")


@dataclass(frozen=True, slots=True, kw_only=True)
class PostgresSettings:
    """Variables of the database server."""

    enabled: bool = env(
        "POSTGRES_ENABLED",
        default=True,
        help="Run PostgreSQL as part of the stack; without it DATABASE_URL names yours.",
    )
    version: str = env("POSTGRES_VERSION", default="17", pattern=r"1[4-9]", help="Major version of PostgreSQL to run.")
    port: int | None = env(
        "POSTGRES_PORT", default=None, minimum=1, maximum=65535, help="Its port; a free one from 5432 when unset."
    )
    database: str | None = env(
        "POSTGRES_DB", default=None, pattern=IDENTIFIER, help="Database; the project's name with _ for - when unset."
    )
    user: str = env("POSTGRES_USER", default="postgres", pattern=IDENTIFIER, help="Its owner, a superuser.")
    password: str = env("POSTGRES_PASSWORD", default="", secret=True, generate=32, help="Password of POSTGRES_USER.")
    url: str | None = env(
        "DATABASE_URL",
        default=None,
        secret=True,
        pattern=r"postgres(ql)?://\S+",
        help="Connection string all services use; made from the values above when unset.",
    )
    extensions: tuple[str, ...] = env(
        "POSTGRES_EXTENSIONS",
        default=("pgcrypto", "citext", "pg_trgm"),
        help="Extensions to create in the database; in containers they choose the image.",
    )
    image: str | None = env(
        "POSTGRES_IMAGE",
        default=None,
        pattern=IMAGE,
        help="Container image instead of the one that POSTGRES_EXTENSIONS chooses: one built on the official image.",
    )
    max_connections: int = env("POSTGRES_MAX_CONNECTIONS", default=100, minimum=10, help="Most connections at once.")
    shared_buffers: str = env("POSTGRES_SHARED_BUFFERS", default="64MB", pattern=MEMORY, help="PostgreSQL's own cache.")
    effective_cache_size: str = env(
        "POSTGRES_EFFECTIVE_CACHE_SIZE",
        default="1GB",
        pattern=MEMORY,
        help="What the planner may expect to be cached by the system; reserves nothing.",
    )
    work_mem: str = env("POSTGRES_WORK_MEM", default="4MB", pattern=MEMORY, help="Memory of one sort or hash.")
    maintenance_work_mem: str = env(
        "POSTGRES_MAINTENANCE_WORK_MEM", default="64MB", pattern=MEMORY, help="Memory of VACUUM and CREATE INDEX."
    )


MAINTENANCE = frozenset({"postgres", "template0", "template1"})
"""Databases that a server comes with."""


def settings(project: Project) -> PostgresSettings:
    found = project.settings(PostgresSettings)
    if found.enabled and not found.password:
        raise ConfigProblemsError(
            [Problem(path="POSTGRES_PASSWORD", message="is required but not set", hint="nself init makes one")]
        )
    if not found.enabled and not found.url:
        problem = Problem(path="DATABASE_URL", message="is required when POSTGRES_ENABLED is false")
        raise ConfigProblemsError([problem])
    return replace(found, database=found.database or project.name.replace("-", "_"))


def database_url(project: Project, network: Network, database: str | None = None) -> str:
    """What every service connects with, to the project's database unless another is named. User and password are
    encoded: any character may stand in them."""
    found = settings(project)
    return found.url or url(replace(found, database=database) if database else found, network.endpoint(NAME, PORT.name))


def url(found: PostgresSettings, at: Endpoint) -> str:
    user, password, database = (quote(part or "", safe="") for part in (found.user, found.password, found.database))
    return f"postgresql://{user}:{password}@{at}/{database}"


def needs(project: Project) -> tuple[str, ...]:
    """What a service that uses the database waits for."""
    return (NAME,) if project.settings(PostgresSettings).enabled else ()


HBA = """\
# Passwords only, from this machine only.
host  all          all  127.0.0.1/32  scram-sha-256
host  all          all  ::1/128       scram-sha-256
host  replication  all  127.0.0.1/32  scram-sha-256
"""
CONTAINER_HBA = """\
# Passwords only, from the networks of the container only.
local all          all                scram-sha-256
host  all          all  127.0.0.1/32  scram-sha-256
host  all          all  ::1/128       scram-sha-256
host  all          all  samenet       scram-sha-256
host  replication  all  samenet       scram-sha-256
"""


def spec(project: Project, network: Network) -> ServiceSpec:
    found = settings(project)
    contained = network.runtime is not Runtime.NATIVE
    chosen = supplier(found, contained=contained)
    inside = chosen if contained else None
    data = "/".join(part for part in ("{data:postgres}", inside.folder if inside else "") if part)
    return ServiceSpec(
        name=NAME,
        category=Category.REQUIRED,
        description="PostgreSQL database",
        version=found.version,
        command=("{bin:postgres}", "-D", data, *flags(found, network.listen(NAME, PORT.name), project, inside)),
        image=image(found, chosen),
        env={
            "POSTGRES_USER": found.user,
            "POSTGRES_DB": found.database or "",
            "POSTGRES_EXTENSIONS": ",".join(found.extensions),
            **(first_start(data) if contained else {}),
        },
        secrets={"POSTGRES_PASSWORD": found.password},
        ports=(PORT,),
        probe=Probe(kind="postgres", port=PORT.name),
        volumes=(Volume(name=NAME, target=inside.volume if inside else extensions.VOLUME),),
        files={"pg_hba.conf": CONTAINER_HBA if contained else HBA},
        resources=Resources(memory="2G", cpu=1.0, shared_memory="256mb"),
        # Fast shutdown: running transactions are rolled back, nothing acknowledged is lost.
        stop=Stop(signal="INT", grace_s=60),
    )


def supplier(found: PostgresSettings, *, contained: bool) -> Supplier | None:
    """The image and what is in it. Who names one of their own promises that it is like the official one, and knows
    its extensions. Natively there need not be any image."""
    major = int(found.version)
    if found.image:
        return extensions.official(major)
    try:
        return extensions.choose(found.extensions, major)
    except ConfigProblemsError:
        if contained:
            raise
        return None


def image(found: PostgresSettings, chosen: Supplier | None) -> Image | None:
    if chosen is None:
        return None
    return images.image(chosen.name, found.image, tag=chosen.tags.get(int(found.version)) or None)


def first_start(data: str) -> dict[str, str]:
    """How the official image, and ours like it, makes a cluster on an empty volume."""
    options = ("--encoding=UTF8", "--locale=C.UTF-8", "--auth=scram-sha-256", "--data-checksums")
    return {"PGDATA": data, "POSTGRES_INITDB_ARGS": " ".join(options)}


def flags(found: PostgresSettings, at: Endpoint, project: Project, inside: Supplier | None = None) -> list[str]:
    """Server settings as `-c name=value`: they win over postgresql.conf, and an edit there stays possible."""
    libraries = extensions.libraries(found.extensions, inside.preload if inside else ())
    values = {
        "listen_addresses": at.host,
        "port": at.port,
        # TCP on loopback is enough, and a socket's path would be longer than the kernel allows in a deep folder. Only
        # the first start of a container needs one.
        "unix_socket_directories": "/var/run/postgresql" if inside else "",
        "hba_file": "{build}/postgres/pg_hba.conf",
        "password_encryption": "scram-sha-256",
        "cluster_name": project.name,
        "max_connections": found.max_connections,
        "shared_buffers": found.shared_buffers,
        "effective_cache_size": found.effective_cache_size,
        "work_mem": found.work_mem,
        "maintenance_work_mem": found.maintenance_work_mem,
        "max_wal_size": "512MB",
        # Compiling costs more than it saves in statements of a few milliseconds.
        "jit": "off",
        "logging_collector": "off",
        "log_line_prefix": "%m [%p] %q%u@%d/%a ",
        **({"shared_preload_libraries": ",".join(libraries)} if libraries else {}),
        **extensions.settings(found.extensions, found.database or ""),
    }
    return [word for name, value in values.items() for word in ("-c", f"{name}={value}")]


SERVICE = Service(
    name=NAME,
    category=Category.REQUIRED,
    help="PostgreSQL database",
    ports=(PORT,),
    settings=(PostgresSettings,),
    wanted=lambda project: project.settings(PostgresSettings).enabled,
    spec=spec,
)
