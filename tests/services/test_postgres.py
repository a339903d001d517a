"""The database's spec and the connection string everybody uses."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from urllib.parse import urlsplit

import asyncpg
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nself.errors import ConfigProblemsError
from nself.model.loopback import LoopbackNetwork
from nself.model.spec import Endpoint, Runtime, ServiceSpec
from nself.services import images, postgres
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


def test_extensions_bring_the_libraries_and_settings_they_need() -> None:
    found = spec(project(values={"POSTGRES_EXTENSIONS": "pg_cron,pg_stat_statements"}), "postgres")
    assert "shared_preload_libraries=pg_cron,pg_stat_statements" in found.command
    assert "cron.database_name=shop" in found.command
    assert not [word for word in spec(project(), "postgres").command if "preload" in word]


def contained(**values: str) -> ServiceSpec:
    of = project(values=values)
    return postgres.spec(of, Contained(network(of)))


@dataclass(frozen=True)
class Contained:
    """The network as it is between containers."""

    native: LoopbackNetwork
    runtime: Runtime = Runtime.COMPOSE

    def endpoint(self, service: str, port: str = "http") -> Endpoint:
        return Endpoint(service, 5432)

    def listen(self, service: str, port: str = "http") -> Endpoint:
        return Endpoint("0.0.0.0", 5432)

    def public_url(self, host: str) -> str:
        return self.native.public_url(host)


def test_a_container_listens_to_its_networks_with_passwords() -> None:
    found = contained()
    assert "listen_addresses=0.0.0.0" in found.command
    assert "unix_socket_directories=/var/run/postgresql" in found.command
    lines = [line.split() for line in found.files["pg_hba.conf"].splitlines() if not line.startswith("#")]
    assert {line[-1] for line in lines} == {"scram-sha-256"}
    assert {line[3] for line in lines if line[0] == "host"} == {"127.0.0.1/32", "::1/128", "samenet"}


def test_a_container_s_image_is_the_one_its_extensions_choose() -> None:
    assert contained().image == images.image("nself")
    chosen = contained(POSTGRES_EXTENSIONS="vector,citext", POSTGRES_VERSION="16")
    assert chosen.image is not None
    assert chosen.image.reference == "pgvector/pgvector:pg16"
    assert chosen.env["PGDATA"] == "{data:postgres}"
    assert chosen.volumes[0].target == "/var/lib/postgresql/data"


def test_an_image_with_another_folder_for_its_data_gets_it() -> None:
    found = contained(POSTGRES_EXTENSIONS="timescaledb,pg_cron")
    assert found.volumes[0].target == "/home/postgres/pgdata"
    assert found.command[:3] == ("{bin:postgres}", "-D", "{data:postgres}/data")
    assert "shared_preload_libraries=timescaledb,pg_cron" in found.command


def test_an_image_of_the_user_s_own_is_taken_with_whatever_extensions() -> None:
    found = contained(POSTGRES_IMAGE="example/postgres:1", POSTGRES_EXTENSIONS="of_their_own,pg_cron")
    assert found.image is not None
    assert (found.image.reference, found.image.user) == ("example/postgres:1", "999:999")
    assert "shared_preload_libraries=pg_cron" in found.command


def test_what_no_image_has_is_an_error_in_containers_only() -> None:
    with pytest.raises(ConfigProblemsError, match="age is in age; vector is in"):
        contained(POSTGRES_EXTENSIONS="age,vector")
    assert spec(project(values={"POSTGRES_EXTENSIONS": "age,vector"}), "postgres").image is None
