"""What the GraphQL server reads from its environment, under Hasura's own names."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

from nself.records import dataclass
from nself.settings import JsonObject, JsonObjects, env, whole_env


class LogLevel(StrEnum):
    debug = "debug"
    info = "info"
    warn = "warn"
    error = "error"


class NamingConvention(StrEnum):
    hasura = "hasura-default"
    graphql = "graphql-default"


class HookMode(StrEnum):
    get = "get"
    post = "post"


@dataclass(frozen=True, slots=True, kw_only=True)
class GraphqlSettings:
    database_url: str = env(
        "HASURA_GRAPHQL_DATABASE_URL",
        aliases=("PG_DATABASE_URL", "DATABASE_URL"),
        secret=True,
        help="PostgreSQL connection string of the database that is served (the source `default`).",
    )
    metadata_database_url: str | None = env(
        "HASURA_GRAPHQL_METADATA_DATABASE_URL",
        default=None,
        secret=True,
        help="Where the metadata is kept (schema hdb_catalog), if not in the served database.",
    )
    server_host: str = env("HASURA_GRAPHQL_SERVER_HOST", default="127.0.0.1", help="Address to listen on.")
    server_port: int = env("HASURA_GRAPHQL_SERVER_PORT", default=8080, minimum=0, maximum=65535, help="Port.")
    admin_secret: str | None = env(
        "HASURA_GRAPHQL_ADMIN_SECRET",
        default=None,
        aliases=("HASURA_GRAPHQL_ACCESS_KEY",),
        secret=True,
        help="Whoever sends it as X-Hasura-Admin-Secret may do everything. Without one, everybody may.",
    )
    jwt_secret: JsonObject | None = env(
        "HASURA_GRAPHQL_JWT_SECRET",
        default=None,
        secret=True,
        help="How tokens are verified: a JSON object with `type` and `key`, or `jwk_url`, and the claim options.",
        example='{"type": "HS256", "key": "..."}',
    )
    jwt_secrets: JsonObjects | None = env(
        "HASURA_GRAPHQL_JWT_SECRETS",
        default=None,
        secret=True,
        help="Several of them, in place of the one: a token is for the secret whose `issuer` it names, or has none.",
        example='[{"type": "HS256", "key": "...", "issuer": "shop"}, {"jwk_url": "https://...", "issuer": "staff"}]',
    )
    auth_hook: str | None = env(
        "HASURA_GRAPHQL_AUTH_HOOK", default=None, help="URL of a webhook that decides a request's session variables."
    )
    auth_hook_mode: HookMode = env(
        "HASURA_GRAPHQL_AUTH_HOOK_MODE", default=HookMode.get, help="How the webhook is called."
    )
    unauthorized_role: str | None = env(
        "HASURA_GRAPHQL_UNAUTHORIZED_ROLE", default=None, help="Role of requests that carry neither secret nor token."
    )
    metadata_dir: str | None = env(
        "HASURA_GRAPHQL_METADATA_DIR",
        default=None,
        help="A metadata directory (version 3), applied at start when it differs from what was applied last.",
    )
    enable_console: bool = env(
        "HASURA_GRAPHQL_ENABLE_CONSOLE",
        default=False,
        help="Serve the console (GraphiQL, with roles and explain) at /console.",
    )
    enabled_apis: tuple[str, ...] = env(
        "HASURA_GRAPHQL_ENABLED_APIS",
        default=("metadata", "graphql", "pgdump", "developer", "config"),
        help="Which endpoints answer; the others are 404.",
    )
    enable_allowlist: bool = env(
        "HASURA_GRAPHQL_ENABLE_ALLOWLIST",
        default=False,
        help="Roles other than admin may run nothing but the operations of collections on the allow list.",
    )
    infer_function_permissions: bool = env(
        "HASURA_GRAPHQL_INFER_FUNCTION_PERMISSIONS",
        default=True,
        help="A role may call a tracked query function when it may select from the table it returns. When off, and for "
        "mutations always, the function needs a permission of its own.",
    )
    depth_limit: int = env(
        "NSELF_GRAPHQL_DEPTH_LIMIT",
        default=20,
        minimum=0,
        help="How deep fields may be nested, for roles other than admin; 0 for no limit. "
        "`set_api_limits` sets this and the following limits for single roles.",
    )
    node_limit: int = env(
        "NSELF_GRAPHQL_NODE_LIMIT",
        default=500,
        minimum=0,
        help="How many fields with a selection set one operation may have, for roles other than admin; 0 for no limit.",
    )
    cost_limit: int = env(
        "NSELF_GRAPHQL_COST_LIMIT",
        default=1_000_000,
        minimum=0,
        help="How many objects one answer may hold, for roles other than admin: a list counts as many as its `limit` "
        "says, or 20 without one, times those of the lists around it. 0 for no limit.",
    )
    batch_limit: int = env(
        "NSELF_GRAPHQL_BATCH_LIMIT",
        default=100,
        minimum=0,
        help="How many operations one request may hold, for roles other than admin; 0 for no limit.",
    )
    time_limit_ms: int = env(
        "NSELF_GRAPHQL_TIME_LIMIT",
        default=60_000,
        minimum=0,
        help="How long one operation may take, for roles other than admin, in ms; its statement is cancelled then. "
        "0 for no limit.",
    )
    cors_domain: str = env(
        "HASURA_GRAPHQL_CORS_DOMAIN",
        default="*",
        help="Origins that browsers may call from: `*`, or a list such as https://*.example.com,http://localhost:3000.",
    )
    disable_cors: bool = env("HASURA_GRAPHQL_DISABLE_CORS", default=False, help="Send no CORS headers at all.")
    ws_read_cookie: bool = env(
        "HASURA_GRAPHQL_WS_READ_COOKIE",
        default=False,
        help="Read the cookie of a websocket's handshake although CORS is disabled. Only safe if cookies are SameSite.",
    )
    websocket_keepalive_s: int = env(
        "HASURA_GRAPHQL_WEBSOCKET_KEEPALIVE",
        default=5,
        minimum=0,
        help="How often a websocket's client hears that it is still connected, in seconds; 0 for never.",
    )
    websocket_init_timeout_s: int = env(
        "HASURA_GRAPHQL_WEBSOCKET_CONNECTION_INIT_TIMEOUT",
        default=3,
        minimum=1,
        help="How long a websocket may be open without `connection_init`, in seconds.",
    )
    close_websockets_on_metadata_change: bool = env(
        "HASURA_GRAPHQL_CLOSE_WEBSOCKETS_ON_METADATA_CHANGE",
        default=False,
        help="Close every websocket with code 1012 when the metadata changes. Otherwise subscriptions go on under the "
        "new permissions, and those that are not allowed any more end with an error.",
    )
    live_queries_interval_ms: int = env(
        "HASURA_GRAPHQL_LIVE_QUERIES_MULTIPLEXED_REFETCH_INTERVAL",
        default=1000,
        minimum=10,
        help="How often live queries are asked again at least, in ms.",
    )
    live_queries_batch_size: int = env(
        "HASURA_GRAPHQL_LIVE_QUERIES_MULTIPLEXED_BATCH_SIZE",
        default=100,
        minimum=1,
        help="How many different subscribers of a live query one SQL statement answers.",
    )
    streaming_queries_interval_ms: int = env(
        "HASURA_GRAPHQL_STREAMING_QUERIES_MULTIPLEXED_REFETCH_INTERVAL",
        default=1000,
        minimum=10,
        help="How often streams are asked again at least, in ms.",
    )
    streaming_queries_batch_size: int = env(
        "HASURA_GRAPHQL_STREAMING_QUERIES_MULTIPLEXED_BATCH_SIZE",
        default=100,
        minimum=1,
        help="How many subscribers of a stream one SQL statement answers.",
    )
    live_queries_check_interval_ms: int = env(
        "HASURA_GRAPHQL_LIVE_QUERIES_CHANGE_CHECK_INTERVAL",
        default=100,
        minimum=0,
        help="How often to look whether anything was committed, in ms: if so, subscriptions are asked again early. "
        "0 for never.",
    )
    stringify_numeric_types: bool = env(
        "HASURA_GRAPHQL_STRINGIFY_NUMERIC_TYPES",
        default=False,
        help="bigint, numeric, float8 and money as JSON strings, for clients that would lose digits.",
    )
    dev_mode: bool = env("HASURA_GRAPHQL_DEV_MODE", default=False, help="Show internal error details to every role.")
    admin_internal_errors: bool = env(
        "HASURA_GRAPHQL_ADMIN_INTERNAL_ERRORS", default=True, help="Show internal error details to the admin role."
    )
    enable_telemetry: bool = env(
        "HASURA_GRAPHQL_ENABLE_TELEMETRY", default=False, help="Accepted for compatibility; nothing is ever sent."
    )
    pg_dump: str | None = env(
        "NSELF_GRAPHQL_PG_DUMP",
        default=None,
        help="The program pg_dump, if not the one beside PostgreSQL or on the path. As new as the server, or newer.",
    )
    log_level: LogLevel = env("HASURA_GRAPHQL_LOG_LEVEL", default=LogLevel.info, help="How much to log.")
    pg_connections: int = env(
        "HASURA_GRAPHQL_PG_CONNECTIONS", default=20, minimum=2, help="Largest number of database connections."
    )
    async_actions_fetch_interval_ms: int = env(
        "HASURA_GRAPHQL_ASYNC_ACTIONS_FETCH_INTERVAL",
        default=1000,
        minimum=0,
        help="How often to look for calls of asynchronous actions that other engine processes took in, in ms; "
        "0 leaves all of them to the others.",
    )
    schema_sync_interval_ms: int = env(
        "HASURA_GRAPHQL_SCHEMA_SYNC_POLL_INTERVAL",
        default=1000,
        minimum=0,
        help="How often to look for metadata changes made by other engine processes, in ms; 0 never looks.",
    )
    statement_timeout_ms: int = env(
        "HASURA_GRAPHQL_STATEMENT_TIMEOUT",
        default=0,
        minimum=0,
        help="Longest time one SQL statement of a GraphQL request may take, in ms; 0 for no limit.",
    )
    enable_remote_schema_permissions: bool = env(
        "HASURA_GRAPHQL_ENABLE_REMOTE_SCHEMA_PERMISSIONS",
        default=False,
        help="Roles see of remote schemas only what a permission gives them. Without it, every role sees all of them.",
    )
    graceful_shutdown_timeout_s: int = env(
        "HASURA_GRAPHQL_GRACEFUL_SHUTDOWN_TIMEOUT",
        default=60,
        minimum=0,
        help="How long requests under way may take to end after the server was told to stop, in seconds.",
    )
    enable_apollo_federation: bool = env(
        "HASURA_GRAPHQL_ENABLE_APOLLO_FEDERATION",
        default=False,
        help="Serve `_service` and `_entities` to Apollo gateways, as the experimental feature apollo_federation does.",
    )
    body_limit_mb: int = env(
        "HASURA_GRAPHQL_BODY_LIMIT", default=32, minimum=1, help="Largest request body accepted, in MiB."
    )
    events_fetch_interval_ms: int = env(
        "HASURA_GRAPHQL_EVENTS_FETCH_INTERVAL",
        default=1000,
        minimum=0,
        help="How often to look for events captured outside the engine, in ms; its own mutations are seen at once. 0 "
        "delivers no captured events in this process.",
    )
    events_fetch_batch_size: int = env(
        "HASURA_GRAPHQL_EVENTS_FETCH_BATCH_SIZE",
        default=100,
        minimum=0,
        help="Most events to take at a time. 0 delivers no captured events in this process.",
    )
    events_http_pool_size: int = env(
        "HASURA_GRAPHQL_EVENTS_HTTP_POOL_SIZE",
        default=100,
        minimum=1,
        help="Most event deliveries that are under way at a time.",
    )
    scheduled_events_retention_days: int = env(
        "NSELF_GRAPHQL_SCHEDULED_EVENTS_RETENTION",
        default=0,
        minimum=0,
        maximum=36_500,
        help="After how many days cron and scheduled events that are over, and the logs of their calls, are deleted. 0 "
        "keeps them for ever. For event triggers, see their cleanup_config.",
    )
    log_headers_from_env: bool = env(
        "HASURA_GRAPHQL_LOG_HEADERS_FROM_ENV",
        default=False,
        help="Keep the values of headers that come from the environment in the logs of invocations.",
    )
    experimental_features: tuple[str, ...] = env(
        "HASURA_GRAPHQL_EXPERIMENTAL_FEATURES",
        default=(),
        help="Parts of the API that are off otherwise: naming_convention, apollo_federation. Others have no effect.",
    )
    naming_convention: NamingConvention = env(
        "HASURA_GRAPHQL_DEFAULT_NAMING_CONVENTION",
        default=NamingConvention.hasura,
        help="How sources that do not say spell their names, with the feature naming_convention on: graphql-default "
        "makes types PascalCase, fields and arguments camelCase, values of enums upper-case.",
    )
    environ: Mapping[str, str] = whole_env()
    """What metadata may name: `{from_env: NAME}`, `value_from_env`, `{{NAME}}` in a URL."""
