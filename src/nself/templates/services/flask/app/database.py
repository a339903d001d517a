"""The project's PostgreSQL, when this service has access to it."""

from psycopg_pool import ConnectionPool

from app.settings import settings

# No connection is made before one is needed: the service starts without its database, too.
pool = ConnectionPool(settings.database_url, min_size=0, max_size=10, open=True) if settings.database_url else None


def version() -> str | None:
    if pool is None:
        return None
    with pool.connection() as connection:
        return connection.execute("SHOW server_version").fetchone()[0]
