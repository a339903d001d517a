"""The clients that people have in their front ends, unmodified, run by Node against a server process of ours."""

from __future__ import annotations

import json
from pathlib import Path

import httpx
import pytest

from tests import npm
from tests.graphql.process import running
from tests.graphql.serving import ADMIN

SCRIPTS = Path(__file__).parents[1] / "js"
CLIENTS = {
    "graphql_ws.mjs": ("graphql-ws", "6.0.8", "graphql@16.11.0", "ws@8.18.3"),
    "subscriptions_transport_ws.mjs": ("subscriptions-transport-ws", "0.11.0", "graphql@15.10.1", "ws@7.5.10"),
}


@pytest.mark.parametrize("script", CLIENTS)
def test_a_client_follows_a_live_query_and_writes_over_the_same_socket(script: str, dsn: str, tmp_path: Path) -> None:
    packages = npm.installed(*CLIENTS[script])
    environ = {"HASURA_GRAPHQL_ADMIN_SECRET": ADMIN["x-hasura-admin-secret"]}
    with running(dsn, tmp_path, **environ) as url:
        sql = "CREATE TABLE author (id serial PRIMARY KEY, name text); INSERT INTO author (name) VALUES ('Ada')"
        for command in (
            {"type": "run_sql", "args": {"sql": sql}},
            {"type": "track_table", "args": {"name": "author", "schema": "public"}},
        ):
            httpx.post(f"{url}/v1/query", json=command, headers=ADMIN, trust_env=False).raise_for_status()
        address = url.replace("http", "ws", 1) + "/v1/graphql"
        told = npm.run(SCRIPTS / script, packages, address)
    assert json.loads(told) == {
        "names": [["Ada"], ["Ada", "Cy"]],
        "refused": "field 'nothing' not found in type: 'subscription_root'",
    }
