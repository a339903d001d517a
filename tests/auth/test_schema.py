from __future__ import annotations

import asyncio
from dataclasses import replace

import asyncpg
import pytest

from nself.auth import schema
from nself.auth.store import SQL
from tests.auth.conftest import EMAIL, Api, Execute, Start, settings_of
from tests.cluster import Cluster


async def ensure(dsn: str, times: int) -> None:
    settings = settings_of(HASURA_GRAPHQL_DATABASE_URL=dsn)
    await asyncio.gather(*(schema.ensure(settings) for _ in range(times)))


def test_servers_may_start_at_once_on_an_empty_database(dsn: str) -> None:
    asyncio.run(ensure(dsn, 4))
    asyncio.run(ensure(dsn, 1))


def test_a_database_of_another_server_of_this_api_is_adopted(dsn: str) -> None:
    """Its own ledger, of another form, stays as it is; its rows are ours."""

    async def go() -> list[asyncpg.Record]:
        await ensure(dsn, 1)
        connection = await asyncpg.connect(dsn)
        try:
            await connection.execute(
                "DROP SCHEMA nself_auth CASCADE;"
                "CREATE TABLE auth.schema_migrations (version bigint NOT NULL PRIMARY KEY, dirty boolean NOT NULL);"
                "INSERT INTO auth.schema_migrations VALUES (20, false);"
                "INSERT INTO auth.users (email, locale) VALUES ('ada@example.com', 'en')"
            )
            await ensure(dsn, 1)
            return list(
                await connection.fetch("SELECT email::text, version, dirty FROM auth.users, auth.schema_migrations")
            )
        finally:
            await connection.close()

    assert [tuple(row) for row in asyncio.run(go())] == [("ada@example.com", 20, False)]


def test_seeds_are_there_with_the_configured_roles(start: Start, execute: Execute) -> None:
    start(AUTH_USER_DEFAULT_ALLOWED_ROLES="me,editor", AUTH_USER_DEFAULT_ROLE="member")
    roles = {row["role"] for row in execute("SELECT role FROM auth.roles")}
    assert roles == {"user", "anonymous", "me", "editor", "member"}
    assert {row["value"] for row in execute("SELECT value FROM auth.refresh_token_types")} == {"regular", "pat"}
    assert len(execute("SELECT id FROM auth.providers")) == 16


COLUMNS = """
    id uuid NO, created_at timestamptz NO, updated_at timestamptz NO, last_seen timestamptz YES, disabled bool NO,
    display_name text NO, avatar_url text NO, locale varchar NO, email citext YES, phone_number text YES,
    password_hash text YES, email_verified bool NO, phone_number_verified bool NO, new_email citext YES,
    otp_method_last_used text YES, otp_hash text YES, otp_hash_expires_at timestamptz NO, default_role text NO,
    is_anonymous bool NO, totp_secret text YES, active_mfa_type text YES, ticket text YES,
    ticket_expires_at timestamptz NO, metadata jsonb YES, webauthn_current_challenge text YES
"""


def test_users_have_the_columns_projects_rely_on(auth_dsn: str, execute: Execute) -> None:
    rows = execute(
        "SELECT column_name || ' ' || udt_name || ' ' || is_nullable AS text FROM information_schema.columns"
        " WHERE table_schema = 'auth' AND table_name = 'users' ORDER BY ordinal_position"
    )
    assert [row["text"] for row in rows] == [" ".join(column.split()) for column in COLUMNS.split(",")]


@pytest.mark.parametrize(
    "email", ["ada", "a@b@c", "a b@c.d", "a@b..c", "a@-b.c", "a@b.c\n", "", "@", "a@" + "b" * 64 + ".c"]
)
def test_the_email_domain_takes_addresses_only(auth_dsn: str, execute: Execute, email: str) -> None:
    with pytest.raises(asyncpg.CheckViolationError):
        execute(f"INSERT INTO auth.users (email, locale) VALUES ('{email}', 'en')")


def test_deleting_a_user_takes_everything_along(api: Api, execute: Execute) -> None:
    api.session()
    execute("DELETE FROM auth.users")
    left = "SELECT (SELECT count(*) FROM auth.user_roles) + (SELECT count(*) FROM auth.refresh_tokens) AS n"
    assert execute(left) == [{"n": 0}]


def test_a_role_in_use_cannot_go_but_can_be_renamed(api: Api, execute: Execute) -> None:
    api.session()
    with pytest.raises(asyncpg.ForeignKeyViolationError):
        execute("DELETE FROM auth.roles WHERE role = 'me'")
    execute("UPDATE auth.roles SET role = 'myself' WHERE role = 'me'")
    assert api.sign_in(EMAIL)["user"]["roles"] == ["user", "myself"]


def test_updated_at_moves_with_each_change(api: Api, execute: Execute) -> None:
    api.session()
    execute("UPDATE auth.users SET updated_at = '2000-01-01'")
    assert execute("SELECT updated_at > '2001-01-01' AS moved FROM auth.users") == [{"moved": True}]


def test_the_engine_s_role_of_upstream_clusters_gets_its_rights(dsn: str) -> None:
    async def go() -> bool:
        connection = await asyncpg.connect(dsn)
        try:
            await connection.execute("CREATE ROLE nhost_hasura")
            await ensure(dsn, 1)
            granted = await connection.fetchval("SELECT has_table_privilege('nhost_hasura', 'auth.users', 'DELETE')")
            await connection.execute("DROP OWNED BY nhost_hasura; DROP ROLE nhost_hasura")
        finally:
            await connection.close()
        return bool(granted)

    assert asyncio.run(go())


def test_every_named_query_is_good_sql(auth_dsn: str) -> None:
    async def go() -> None:
        connection = await asyncpg.connect(auth_dsn)
        try:
            for sql in SQL.values():
                await connection.prepare(sql)
        finally:
            await connection.close()

    asyncio.run(go())


def test_an_ordinary_owner_of_the_database_is_enough(cluster: Cluster) -> None:
    cluster.run("postgres", "CREATE ROLE ordinary LOGIN")
    cluster.run("postgres", "CREATE DATABASE owned OWNER ordinary")
    asyncio.run(ensure(cluster.dsn("owned").replace("postgres@", "ordinary@"), 1))
    cluster.run("owned", "INSERT INTO auth.users (email, locale) VALUES ('ada@example.com', 'en')")


def test_another_role_may_own_the_schema(dsn: str) -> None:
    """POSTGRES_MIGRATIONS_CONNECTION creates; the server's own connection is not used for it."""
    settings = settings_of(HASURA_GRAPHQL_DATABASE_URL="postgresql://nobody@127.0.0.1:1/x")
    asyncio.run(schema.ensure(replace(settings, migrations_url=dsn)))
