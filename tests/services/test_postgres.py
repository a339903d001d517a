"""The database's spec and the connection string everybody uses."""

from __future__ import annotations

import asyncio
from urllib.parse import urlsplit

import asyncpg
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nself.errors import ConfigProblemsError
from nself.model.spec import Endpoint
from nself.services import postgres
from nself.services.postgres import PostgresSettings
from tests.cluster import Cluster
from tests.services.projects import SECRETS, network, project, spec


def test_the_database_is_named_after_the_project() -> None:
    assert spec(project(name="my-shop"), "postgres").env["POSTGRES_DB"] == "my_shop"


def test_it_listens_on_loopback_with_passwords_and_no_unix_socket() -> None:
    found = spec(project(), "postgres")
    assert "listen_addresses=127.0.0.1" in found.command
    assert "unix_socket_directories=" in found.command
    assert all("scram-sha-256" in line for line in found.files["pg_hba.conf"].splitlines() if line.startswith("host"))


def test_its_password_is_in_no_argv_and_no_repr() -> None:
    found = spec(project(), "postgres")
    assert SECRETS["POSTGRES_PASSWORD"] not in repr(found)
    assert SECRETS["POSTGRES_PASSWORD"] not in " ".join(found.command)


def test_a_setting_of_the_user_wins_over_the_small_default() -> None:
    found = spec(project(values={"POSTGRES_SHARED_BUFFERS": "1GB", "POSTGRES_MAX_CONNECTIONS": "300"}), "postgres")
    assert {"shared_buffers=1GB", "max_connections=300"} <= set(found.command)


def test_a_missing_password_is_a_problem_with_its_name() -> None:
    of = project(values={"POSTGRES_PASSWORD": ""})
    with pytest.raises(ConfigProblemsError, match="POSTGRES_PASSWORD: is required"):
        postgres.database_url(of, network(of))


def test_without_our_own_database_a_url_is_required_and_used_as_it_is() -> None:
    of = project(values={"POSTGRES_ENABLED": "false"})
    with pytest.raises(ConfigProblemsError, match="DATABASE_URL: is required when POSTGRES_ENABLED is false"):
        postgres.database_url(of, network(of))
    own = "postgresql://u:p@db.example.com/x"
    of = project(values={"POSTGRES_ENABLED": "false", "DATABASE_URL": own})
    assert postgres.database_url(of, network(of)) == own
    assert postgres.needs(of) == ()


@given(password=st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), min_size=1))
def test_any_password_survives_the_connection_string(password: str) -> None:
    url = postgres.url(PostgresSettings(password=password, database="shop"), Endpoint("127.0.0.1", 5432))
    parts = urlsplit(url)
    assert (parts.hostname, parts.port, parts.path) == ("127.0.0.1", 5432, "/shop")


def test_a_hostile_password_signs_in_to_a_real_server(cluster: Cluster) -> None:
    password = "a@b:c/d?e#f%20 g'h\"i&j=k\\l"

    async def sign_in() -> str:
        admin = await asyncpg.connect(cluster.dsn("postgres"))
        quoted = await admin.fetchval("SELECT quote_literal($1)", password)
        await admin.execute(f"DROP ROLE IF EXISTS hostile; CREATE ROLE hostile LOGIN PASSWORD {quoted}")
        await admin.close()
        found = PostgresSettings(user="hostile", password=password, database="postgres")
        connection = await asyncpg.connect(postgres.url(found, Endpoint("127.0.0.1", cluster.port)))
        try:
            return str(await connection.fetchval("SELECT current_user"))
        finally:
            await connection.close()

    assert asyncio.run(sign_in()) == "hostile"
