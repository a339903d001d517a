"""The server as a whole: alone, beside the GraphQL engine, and when PostgreSQL goes away."""

from __future__ import annotations

import asyncio
import json
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from nself.auth import schema
from nself.auth.app import create
from nself.errors import ConfigError, DatabaseError
from nself.web.tokens import HASURA_CLAIMS, Signer
from tests.auth.conftest import EMAIL, HOME, PASSWORD, SECRET, Api, Execute, bearer, settings_of
from tests.auth.process import served
from tests.cluster import Cluster, free_port

BODY = {"email": EMAIL, "password": PASSWORD}
VARIABLES = {
    "HASURA_GRAPHQL_JWT_SECRET": SECRET,
    "AUTH_CLIENT_URL": HOME,
    "AUTH_EMAIL_SIGNIN_EMAIL_VERIFIED_REQUIRED": "false",
}


def test_it_runs_alone_by_one_command(dsn: str, tmp_path: Path) -> None:
    port = free_port()
    base = f"http://127.0.0.1:{port}"
    command = ["nself.auth", "--port", str(port), "--database-url", dsn]
    with served(command, VARIABLES, f"{base}/healthz", tmp_path / "log"):
        session = httpx.post(f"{base}/v1/signup/email-password", json=BODY).json()["session"]
        reply = httpx.get(f"{base}/v1/user", headers=bearer(session["accessToken"]))
        assert reply.json()["email"] == EMAIL
    log = (tmp_path / "log").read_text()
    assert {line.split()[2] for line in log.splitlines()} <= {"INFO"}, log
    assert EMAIL not in log and BODY["password"] not in log


def test_a_missing_secret_is_named_and_ends_it_at_once(dsn: str) -> None:
    command = [sys.executable, "-m", "nself.auth", "--port", "0", "--database-url", dsn]
    ran = subprocess.run(command, env={"PATH": "/usr/bin:/bin"}, capture_output=True, text=True, timeout=60)
    assert ran.returncode == 3 and "HASURA_GRAPHQL_JWT_SECRET: is required but not set" in ran.stderr
    assert "Traceback" not in ran.stderr


@pytest.mark.parametrize("secret", ['{"type": "HS256"}', '{"type": "RS256", "key": "x"}', '{"type": "XX", "key": "x"}'])
def test_a_secret_that_is_no_key_is_refused_before_anything_opens(secret: str) -> None:
    with pytest.raises(ConfigError, match="HASURA_GRAPHQL_JWT_SECRET"):
        create(settings_of(HASURA_GRAPHQL_JWT_SECRET=secret), {})


def test_a_database_that_refuses_us_is_told(cluster: Cluster) -> None:
    with pytest.raises(DatabaseError, match="nself-auth-migrations cannot use PostgreSQL"):
        asyncio.run(schema.ensure(settings_of(HASURA_GRAPHQL_DATABASE_URL=cluster.dsn("nowhere"))))


@pytest.fixture
def beside_graphql(dsn: str, tmp_path: Path) -> Iterator[tuple[str, str]]:
    """Base URLs of auth and of the GraphQL engine in one process."""
    auth, graphql = (f"127.0.0.1:{free_port()}" for _ in range(2))
    variables = {
        **VARIABLES,
        "HASURA_GRAPHQL_DATABASE_URL": dsn,
        "HASURA_GRAPHQL_ADMIN_SECRET": "hush",
        "AUTH_JWT_CUSTOM_CLAIMS": '{"team": "metadata.team", "roles": "roles[].role"}',
    }
    command = ["nself.backend", "graphql", "auth", "--listen", f"auth={auth}", "--listen", f"graphql={graphql}"]
    with served(command, variables, f"http://{auth}/healthz", tmp_path / "log"):
        yield f"http://{auth}/v1", f"http://{graphql}"


def test_beside_the_engine_users_are_in_graphql_and_its_data_in_tokens(beside_graphql: tuple[str, str]) -> None:
    auth, graphql = beside_graphql
    wait_for(lambda: "errors" not in query(graphql, "{ users { id } }"))
    sign_up = BODY | {"options": {"metadata": {"team": "blue"}}}
    session = httpx.post(f"{auth}/signup/email-password", json=sign_up).json()["session"]
    fields = "email displayName defaultRoleByRole { role } roles { role } refreshTokens { type }"
    users = query(graphql, f"{{ users {{ {fields} }} }}")
    assert users == {
        "data": {
            "users": [
                {
                    "email": EMAIL,
                    "displayName": EMAIL,
                    "defaultRoleByRole": {"role": "user"},
                    "roles": [{"role": "user"}, {"role": "me"}],
                    "refreshTokens": [{"type": "regular"}],
                }
            ]
        }
    }
    claims = claims_of(session["accessToken"])
    assert claims["x-hasura-team"] == "blue" and sorted(claims["x-hasura-roles"]) == sorted('{"user","me"}')


def query(graphql: str, text: str) -> Any:
    headers = {"x-hasura-admin-secret": "hush"}
    return httpx.post(f"{graphql}/v1/graphql", json={"query": text}, headers=headers).json()


def claims_of(token: str) -> dict[str, Any]:
    claims: dict[str, Any] = Signer.from_secret(json.loads(SECRET)).verify(token)[HASURA_CLAIMS]
    return claims


def wait_for(holds: Any) -> None:
    deadline = time.monotonic() + 90
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_it_recovers_when_postgresql_comes_back(caplog: pytest.LogCaptureFixture) -> None:
    """No session is lost, no answer is anything but JSON, and nobody has to restart the server."""
    cluster = Cluster.start()
    try:
        cluster.run("postgres", "CREATE DATABASE auth")
        app = create(settings_of(HASURA_GRAPHQL_DATABASE_URL=cluster.dsn("auth"), **VARIABLES), {})
        with Api(app, base_url="http://auth/v1") as api:
            session = api.session()
            cluster.process.send_signal(signal.SIGINT)  # a fast shutdown: connections are cut
            cluster.process.wait(60)
            answer = api.post("/signin/email-password", json=BODY)
            assert (answer.status_code, answer.json()["error"]) == (500, "internal-server-error")
            assert api.get("/healthz").json() == "OK"
            assert any("PostgreSQL cannot be reached" in line for line in caplog.messages)
            cluster.process = subprocess.Popen(
                cluster.process.args, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
            )
            cluster.run("postgres", "SELECT 1", wait_s=60)
            api.ok("/token", {"refreshToken": session["refreshToken"]})
            api.sign_in()
    finally:
        cluster.stop()


def test_a_project_may_add_columns_while_it_runs(api: Api, execute: Execute) -> None:
    session = api.session()
    execute("ALTER TABLE auth.users ADD COLUMN nickname text")
    api.sign_in()
    execute("ALTER TABLE auth.users DROP COLUMN nickname")
    api.ok("/token", {"refreshToken": session["refreshToken"]})


def test_connections_killed_under_it_are_replaced(api: Api, execute: Execute) -> None:
    session = api.session()
    execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'nself-auth'")
    wait_for(lambda: api.get("/user", headers=bearer(session["accessToken"])).status_code == 200)
