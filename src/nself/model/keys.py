"""The project's own settings: what it is called, where it answers, and the keys every service shares.

Each service declares its own variables in its settings class; these belong to no service. `_N` in a name of the
numbered families at the end stands for any number from 1.
"""

from __future__ import annotations

from enum import StrEnum

from nself.model.project import Environment
from nself.records import dataclass
from nself.settings import IMAGE, Form, env

NAME_PATTERN = r"[a-z][a-z0-9_-]{0,49}"
_LABEL = r"[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
HOST_PATTERN = Form(rf"(?=.{{1,253}}\.?$){_LABEL}(\.{_LABEL})*\.?", "a host name, as example.com")
SIZE_PATTERN = Form(r"[1-9][0-9]*(\.[0-9]+)?[KMGT]?i?B?", "a size, as 256M or 1G")


class LogLevel(StrEnum):
    DEBUG = "debug"
    INFO = "info"
    WARN = "warn"
    ERROR = "error"


@dataclass(frozen=True, slots=True, kw_only=True)
class ProjectSettings:
    """Keys of the project as a whole."""

    project_name: str = env(
        "PROJECT_NAME",
        help="Name of the project: lower-case letters, digits, - and _, at most 50. Names its database and volumes.",
        example="shop",
    )
    environment: Environment = env("ENV", default=Environment.DEV, help="Environment this folder runs as.")
    base_domain: str = env(
        "BASE_DOMAIN",
        default="localhost",
        pattern=HOST_PATTERN,
        help="Domain under which every service has its host: api.<domain>, auth.<domain>, …",
    )
    dev_domain: str | None = env(
        "DEV_DOMAIN", default=None, pattern=HOST_PATTERN, help="BASE_DOMAIN in the dev environment."
    )
    staging_domain: str | None = env(
        "STAGING_DOMAIN", default=None, pattern=HOST_PATTERN, help="BASE_DOMAIN in the staging environment."
    )
    prod_domain: str | None = env(
        "PROD_DOMAIN", default=None, pattern=HOST_PATTERN, help="BASE_DOMAIN in the prod environment."
    )
    description: str = env("PROJECT_DESCRIPTION", default="", help="One line about the project.")
    admin_email: str | None = env(
        "ADMIN_EMAIL",
        default=None,
        pattern=Form(r"[^@\s]+@[^@\s]+", "an address, as you@example.com"),
        help="Contact of the certificates; admin@<domain> when unset.",
    )
    timezone: str = env("TZ", default="UTC", help="Time zone of every service.")
    log_level: LogLevel = env("LOG_LEVEL", default=LogLevel.INFO, help="How much the services write to their logs.")
    base_image: str = env(
        "NSELF_BASE_IMAGE",
        default="python:3.13-slim-bookworm",
        pattern=IMAGE,
        help="What `nself build --images` makes nself's own image from: any image based on Debian or Ubuntu.",
    )
    jwt_key: str = env(
        "JWT_KEY",
        aliases=("HASURA_JWT_KEY", "AUTH_JWT_SECRET", "AUTH_JWT_KEY"),
        secret=True,
        minimum=32,
        generate=64,
        help="The one key that signs access tokens: GraphQL, auth, storage and functions all use it.",
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class CustomServiceSettings:
    """Keys of one custom service, `CS_1`, `CS_2`, …"""

    definition: str | None = env(
        "CS_N",
        default=None,
        help="A service of your own: name:template[:port][:route]. Without a route it is reachable inside only.",
        example="worker:custom:8001:worker",
    )
    port: int | None = env("CS_N_PORT", default=None, minimum=1, maximum=65535, help="Port it listens on; 8000+N.")
    route: str | None = env("CS_N_ROUTE", default=None, help="Public host: a label below BASE_DOMAIN, or a full host.")
    domain: str | None = env("CS_N_DOMAIN", default=None, help="Public host, always taken as a full host name.")
    dev_domain: str | None = env("CS_N_DEV_DOMAIN", default=None, help="Full public host in dev.")
    staging_domain: str | None = env("CS_N_STAGING_DOMAIN", default=None, help="Full public host in staging.")
    prod_domain: str | None = env("CS_N_PROD_DOMAIN", default=None, help="Full public host in prod.")
    public: bool | None = env("CS_N_PUBLIC", default=None, help="Expose it by the proxy; true when it has a route.")
    command: str | None = env("CS_N_COMMAND", default=None, help="Program and arguments that run it natively.")
    image: str | None = env(
        "CS_N_IMAGE", default=None, pattern=IMAGE, help="Container image, for the container runtimes."
    )
    build: str | None = env("CS_N_BUILD", default=None, help="Folder with a Dockerfile, for the container runtimes.")
    workdir: str | None = env("CS_N_WORKDIR", default=None, help="Folder it runs in; services/<name>.")
    memory: str = env(
        "CS_N_MEMORY", default="256M", pattern=SIZE_PATTERN, help="Memory limit; natively it is only compared."
    )
    cpu: float = env("CS_N_CPU", default=0.25, minimum=0.01, help="CPU limit in cores.")
    replicas: int = env("CS_N_REPLICAS", default=1, minimum=0, help="How many copies run.")
    health_path: str = env(
        "CS_N_HEALTHCHECK",
        default="/health",
        pattern=Form(r"/\S*", "a path, as /health"),
        help="Path that answers 2xx.",
    )
    volumes: tuple[str, ...] = env(
        "CS_N_VOLUMES",
        default=(),
        help="What it keeps: name:/path[:ro] is a volume, ./folder:/path[:ro] a file or folder of the project. The "
        "service is told in VOLUME_<NAME> where it is, natively too.",
        example="data:/app/data,./uploads:/app/uploads:ro",
    )
    host_port: int | None = env(
        "CS_N_HOST_PORT",
        default=None,
        minimum=1,
        maximum=65535,
        help="Port on 127.0.0.1 of this machine, in dev only; natively it is the port it listens on.",
    )
    rate_limit: int | None = env("CS_N_RATE_LIMIT", default=None, minimum=1, help="Requests a minute and client.")
    needs: tuple[str, ...] = env(
        "CS_N_DEPENDS_ON",
        default=("postgres", "redis"),
        help="Services that must be healthy before it starts, as far as the project has them.",
    )
    access: tuple[str, ...] = env(
        "CS_N_ACCESS",
        default=(),
        help="Secrets it is given: database (DATABASE_URL, the owner's password), redis (REDIS_URL, its password), "
        "admin (GraphQL's admin secret).",
    )
    database: str | None = env(
        "CS_N_DATABASE",
        default=None,
        pattern=Form(r"[a-z_][a-z0-9_]{0,62}", "a database's name of lower-case letters, digits and _"),
        help="Database of its own in the project's PostgreSQL, made at the next start: POSTGRES_DB and, with access to "
        "it, DATABASE_URL name it instead of the project's.",
    )
    table_prefix: str | None = env("CS_N_TABLE_PREFIX", default=None, help="Passed to it as TABLE_PREFIX.")
    redis_prefix: str | None = env("CS_N_REDIS_PREFIX", default=None, help="Passed to it as REDIS_PREFIX.")
    redis_db: int = env("CS_N_REDIS_DB", default=0, minimum=0, maximum=15, help="Its database in Redis, in REDIS_URL.")
    legacy_name: str | None = env("CS_N_NAME", default=None, help="Older form of the name in CS_N.")
    legacy_type: str | None = env("CS_N_TYPE", default=None, help="Older form of the template in CS_N.")
    env_pairs: tuple[str, ...] = env(
        "CS_N_ENV",
        default=(),
        aliases=("CS_N_ENV_VARS",),
        help="Older form of CS_N_ENV_<KEY>: K=V,K2=V2, where no value can hold a comma.",
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class FrontendSettings:
    """Keys of one frontend, `FRONTEND_APP_1_…`: a development server or site behind the proxy."""

    name: str | None = env("FRONTEND_APP_N_NAME", default=None, aliases=("FRONTEND_APP_N_SYSTEM_NAME",), help="Its id.")
    display_name: str | None = env("FRONTEND_APP_N_DISPLAY_NAME", default=None, help="Name for people; the id.")
    port: int | None = env(
        "FRONTEND_APP_N_PORT", default=None, minimum=1, maximum=65535, help="Port of its server; 3000+N-1."
    )
    route: str | None = env(
        "FRONTEND_APP_N_ROUTE",
        default=None,
        aliases=("FRONTEND_APP_N_PREFIX",),
        help="Public host: a label below BASE_DOMAIN, its name when unset, the domain itself when empty.",
    )
    framework: str | None = env("FRONTEND_APP_N_FRAMEWORK", default=None, help="nextjs, react, vue, svelte, …")
    table_prefix: str | None = env("FRONTEND_APP_N_TABLE_PREFIX", default=None, help="Prefix of its tables.")
    path: str | None = env(
        "FRONTEND_APP_N_PATH",
        default=None,
        help="Folder of its source. Once it is built, the proxy serves dist, build, out or the folder itself, the "
        "first with an index.html; in dev only when no port is named.",
    )
    dist: str | None = env(
        "FRONTEND_APP_N_DIST",
        default=None,
        help="Folder of its built files, relative to FRONTEND_APP_N_PATH, else to the project; found when unset.",
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class ScaleSettings:
    """Keys of one entry of `scale:` in nself.yml: how much of a built-in service runs."""

    replicas: int | None = env("SCALE_N_REPLICAS", default=None, minimum=1, maximum=100, help="How many copies run.")
    memory: str | None = env(
        "SCALE_N_MEMORY", default=None, pattern=SIZE_PATTERN, help="Memory limit of each; natively it is only compared."
    )
    cpu: float | None = env("SCALE_N_CPU", default=None, minimum=0.01, help="CPU limit of each, in cores.")


@dataclass(frozen=True, slots=True, kw_only=True)
class AutoscaleSettings:
    """Keys of one entry of `autoscale:` in nself.yml: what `nself scale auto run` keeps a service to."""

    min: int = env("AUTOSCALE_N_MIN", default=1, minimum=1, maximum=100, help="Never fewer replicas.")
    max: int = env("AUTOSCALE_N_MAX", default=10, minimum=1, maximum=100, help="Never more replicas.")
    cpu_threshold: int = env(
        "AUTOSCALE_N_CPU_THRESHOLD",
        default=70,
        minimum=1,
        maximum=100,
        help="Percent of its CPU limit that each replica is to use, on average.",
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class RemoteSchemaSettings:
    """Keys of one remote GraphQL schema, `REMOTE_SCHEMA_1_…`."""

    name: str | None = env("REMOTE_SCHEMA_N_NAME", default=None, help="Its name in the metadata.")
    url: str | None = env("REMOTE_SCHEMA_N_URL", default=None, pattern=r"https?://\S+", help="Its GraphQL endpoint.")
    headers: str | None = env("REMOTE_SCHEMA_N_HEADERS", default=None, secret=True, help="Headers to send: k:v,k2:v2.")


FAMILIES: tuple[type, ...] = (CustomServiceSettings, FrontendSettings, RemoteSchemaSettings)

PASSED_THROUGH = ("HASURA_GRAPHQL_", "AUTH_")
"""Names with these prefixes reach their server whether or not we know them: upstream has more than we declare."""

RESERVED = (
    "POSTGRES_",
    "HASURA_",
    "STORAGE_",
    "NGINX_",
    "SSL_",
    "MAILPIT_",
    "REDIS_",
    "POOLER_",
    "MLFLOW_",
    "FUNCTIONS_",
    "CS_",
    "FRONTEND_APP_",
    "REMOTE_SCHEMA_",
)
"""Names with these prefixes are ours: an unknown one is a mistake, never a variable of the user's own program."""

SWITCHES = frozenset(
    f"{name}_ENABLED"
    for name in (
        "ALERTMANAGER", "BACKUP", "BULLMQ", "CADVISOR", "ELASTICSEARCH", "GRAFANA", "LOKI", "MEILISEARCH",
        "MINIO", "MLFLOW", "MONITORING", "NODE_EXPORTER", "NSELF_ADMIN", "OPENSEARCH", "POOLER",
        "POSTGRES_EXPORTER", "PROMETHEUS", "PROMTAIL", "REDIS", "REDIS_EXPORTER", "SEARCH", "SONIC", "TEMPO",
        "TYPESENSE", "VECTOR", "ZINC",
    )
)  # fmt: skip
"""Switches of the contract. One that no service declares switches nothing on, and who sets it must hear so."""

WEAK = frozenset({
    "0123456789abcdef0123456789abcdef", "admin", "admin123", "administrator", "change-me", "change-this-secret",
    "changeit", "changeme", "default", "demo", "dev", "development",
    "development-secret-key-minimum-32-characters-long", "hasura-admin-secret-dev", "hasura-jwt-secret-dev",
    "letmein", "minioadmin", "myadminsecretkey", "mypassword", "nhost-admin-secret", "nself-admin-secret", "pass",
    "password", "password123", "postgres", "postgres-dev-password", "postgrespassword", "qwerty", "redis", "root",
    "secret", "secret123", "supersecret", "test", "your-secret-key",
    "your-super-secret-jwt-token-with-at-least-32-characters-long",
})  # fmt: skip
"""Secrets that stand in tutorials and templates: whoever attacks tries them first."""

SHORTEST_SECRET = 12
