"""What the functions server reads from its environment, and what of it a function may see."""

from __future__ import annotations

from nself.records import dataclass
from nself.settings import JsonObject, env


@dataclass(frozen=True, slots=True, kw_only=True)
class FunctionsSettings:
    """Where the functions are, how far one call may go, and the variables that functions are given."""

    port: int = env(
        "FUNCTIONS_PORT", default=3000, minimum=0, maximum=65535, help="Port the functions server listens on."
    )
    folder: str = env("FUNCTIONS_DIR", default="functions", help="Folder whose files are the functions.")
    dev: bool = env(
        "FUNCTIONS_DEV",
        default=False,
        help="Reload functions when a file changes, and answer errors with their message and stack.",
    )
    timeout_s: float = env(
        "FUNCTIONS_TIMEOUT",
        default=60.0,
        minimum=0.1,
        maximum=3600,
        help="Seconds one call may take before it is ended.",
    )
    workers: int = env(
        "FUNCTIONS_WORKERS", default=8, minimum=1, maximum=256, help="Calls of one language that run at one time."
    )
    queue: int = env(
        "FUNCTIONS_QUEUE", default=100, minimum=0, help="Calls that may wait for a worker; more are refused."
    )
    idle_s: float = env(
        "FUNCTIONS_IDLE", default=120.0, minimum=0.1, help="Seconds after which a worker without calls is ended."
    )
    memory_mb: int = env("FUNCTIONS_MEMORY_MB", default=512, minimum=64, help="Memory one worker may use, in MiB.")
    max_body_mb: int = env(
        "FUNCTIONS_MAX_BODY_MB", default=100, minimum=1, maximum=1024, help="Largest request or answer, in MiB."
    )
    cors_origins: tuple[str, ...] = env(
        "FUNCTIONS_CORS_ORIGINS",
        default=("*",),
        help="Origins whose pages may call functions; empty leaves CORS to each function.",
    )
    python: str | None = env(
        "FUNCTIONS_PYTHON", default=None, help="Python interpreter of Python functions, if not this server's own."
    )
    deno_cache: str | None = env(
        "DENO_DIR", default=None, help="Where Deno keeps downloaded modules, if not in the user's cache folder."
    )
    variables: JsonObject | None = env(
        "FUNCTIONS_ENV",
        default=None,
        secret=True,
        help="Variables given to functions, as a JSON object of names and texts.",
        example='{"STRIPE_API_KEY":"sk_test_..."}',
    )
    graphql_url: str | None = env(
        "NHOST_GRAPHQL_URL", default=None, help="GraphQL endpoint that functions are told of."
    )
    auth_url: str | None = env("NHOST_AUTH_URL", default=None, help="Auth API that functions are told of.")
    storage_url: str | None = env("NHOST_STORAGE_URL", default=None, help="Storage API that functions are told of.")
    functions_url: str | None = env("NHOST_FUNCTIONS_URL", default=None, help="This server's URL, told to functions.")
    admin_secret: str | None = env(
        "HASURA_GRAPHQL_ADMIN_SECRET",
        default=None,
        aliases=("NHOST_ADMIN_SECRET",),
        secret=True,
        help="Admin secret: given to functions, and required to list them.",
    )
    jwt_secret: JsonObject | None = env(
        "HASURA_GRAPHQL_JWT_SECRET",
        default=None,
        aliases=("NHOST_JWT_SECRET",),
        secret=True,
        help="JSON Web Token secret, given to functions.",
    )
    webhook_secret: str | None = env(
        "NHOST_WEBHOOK_SECRET",
        default=None,
        secret=True,
        generate=48,
        help="Secret that triggers, actions and other callers of your webhooks send; given to functions.",
    )
    database_url: str | None = env(
        "DATABASE_URL", default=None, secret=True, help="PostgreSQL connection string, given to functions when set."
    )
