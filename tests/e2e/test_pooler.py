"""PgBouncer in a running stack: real clients, real transactions, passwords full of marks."""

from __future__ import annotations

import asyncio
import os
import re
import shutil
import subprocess
from collections.abc import Callable
from typing import Any
from urllib.parse import quote

import asyncpg
import pytest

from tests.cluster import free_port
from tests.docker.engine import Engine
from tests.e2e.conftest import PASSWORD, Project
from tests.proofs import Proved

BINARY = shutil.which("pgbouncer") or shutil.which("/usr/sbin/pgbouncer")
pytestmark = pytest.mark.skipif(BINARY is None, reason="pgbouncer is not installed")
ALONE = {"HASURA_ENABLED": "false"}


def version() -> list[int]:
    said = subprocess.run([BINARY or "", "--version"], capture_output=True, text=True, check=True).stdout
    return [int(part) for part in re.findall(r"\d+", said)[:2]]


def pooled(project: Project, *, user: str = "postgres", password: str = PASSWORD, database: str = "shop") -> str:
    return f"postgresql://{user}:{quote(password, safe='')}@127.0.0.1:{project.port('POOLER_PORT')}/{database}"


@pytest.fixture
def project(new_project: Callable[..., Project]) -> Project:
    """In transaction mode where the PgBouncer of this machine can, which is the harder one."""
    mode = "transaction" if version() >= [1, 21] else "session"
    pool = {"POOLER_ENABLED": "true", "POOLER_MODE": mode, "POOLER_POOL_SIZE": "3"}
    return new_project(POOLER_PORT=str(free_port()), **ALONE, **pool)


async def fetch(dsn: str, query: str, *arguments: Any) -> Any:
    connection = await asyncpg.connect(dsn, timeout=60)
    try:
        return await connection.fetchval(query, *arguments)
    finally:
        await connection.close()


def test_a_pool_serves_many_over_few_and_only_who_postgresql_knows(project: Project, proved: Proved) -> None:
    project.nself("start")
    proved("pooler", "native")
    many_clients_share_few_connections(project)
    only_who_postgresql_knows_comes_in(project)
    proved("pooler", "probed")


def test_in_a_container_it_does_the_same(
    project: Project, docker: Engine, server_image: str, base_image: Callable[[str], str], proved: Proved
) -> None:
    name = f"pooled-{os.getpid()}"
    project.write(PROJECT_NAME=name, POSTGRES_DB="shop", POOLER_IMAGE=base_image("pgbouncer"))
    (project.root / "nself.yml").write_text("version: '1'\nruntime: compose\n")
    try:
        project.nself("start", "pooler")
        proved("pooler", "compose")
        many_clients_share_few_connections(project)
        container = str(project.status()["pooler"]["container_id"])
        assert docker.run("exec", container, "id", "-u").stdout.strip() == "70"
        for told in (docker.run("logs", container), docker.run("inspect", container)):
            assert PASSWORD not in told.stdout + told.stderr
    finally:
        file = project.root / ".nself/build/compose/docker-compose.yml"
        docker.run("compose", "-p", name, "-f", str(file), "down", "--volumes", "--timeout", "1")


def many_clients_share_few_connections(project: Project) -> None:
    async def client(number: int) -> list[int]:
        connection = await asyncpg.connect(pooled(project), timeout=90)
        try:
            seen = []
            for turn in range(5):
                # Prepared by the driver under a name, and used again in later transactions.
                async with connection.transaction():
                    await connection.execute("INSERT INTO hits (client, turn) VALUES ($1, $2)", number, turn)
                seen.append(await connection.fetchval("SELECT count(*) FROM hits WHERE client = $1", number))
            return seen
        finally:
            await connection.close()

    async def crowd() -> list[list[int]]:
        assert project.json("scale", "pooler", "status")["pools"] == []
        await fetch(pooled(project), "CREATE TABLE hits (client int, turn int)")
        return list(await asyncio.gather(*(client(number) for number in range(20))))

    assert asyncio.run(crowd()) == [[1, 2, 3, 4, 5]] * 20
    assert (
        int(project.sql("SELECT count(*) FROM pg_stat_activity WHERE datname = 'shop' AND pid <> pg_backend_pid()"))
        <= 3
    )


def only_who_postgresql_knows_comes_in(project: Project) -> None:
    other = "it\"s ' other\\"
    project.sql('CREATE ROLE "app user" LOGIN PASSWORD \'' + other.replace("'", "''") + "'")
    assert asyncio.run(fetch(pooled(project, user="app%20user", password=other), "SELECT current_user")) == "app user"
    for wrong in (pooled(project, password="wrong"), pooled(project, user="nobody"), pooled(project, password="")):
        with pytest.raises(asyncpg.PostgresError, match=r"authentication failed|no such user|password"):
            asyncio.run(fetch(wrong, "SELECT 1"))
    assert PASSWORD not in project.log("pooler")
    command = (project.root / ".nself" / "build" / "native" / "pooler" / "pgbouncer.ini").read_text()
    assert PASSWORD not in command
