"""What the environment tells this service. Nothing else reads it."""

import os
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Settings:
    service: str
    environment: str
    host: str
    port: int
    body_limit: int
    """Largest request body, in bytes."""
    grace_s: int
    """How long a stop waits for requests that are under way."""
    database_url: str | None = field(repr=False)
    """Given when the service asks for it: `access: database` in nself.yml."""


def _load() -> Settings:
    env = os.environ
    return Settings(
        service=env.get("SERVICE_NAME", "{{SERVICE_NAME}}"),
        environment=env.get("ENV", "dev"),
        host=env.get("HOST", "127.0.0.1"),
        port=int(env.get("PORT", "{{PORT}}")),
        body_limit=int(env.get("BODY_LIMIT", str(1024 * 1024))),
        grace_s=int(env.get("GRACE_SECONDS", "10")),
        database_url=env.get("DATABASE_URL"),
    )


settings = _load()
