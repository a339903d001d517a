from __future__ import annotations

from typing import Any

import pytest

from tests.graphql.serving import ADMIN, Api, authors_and_articles, play

USER = {**ADMIN, "x-hasura-role": "user", "x-hasura-name": "Ada"}


async def code(api: Api, query: str, headers: dict[str, str] = USER, **more: Any) -> str:
    reply = await api.post("/v1/graphql", {"query": query, **more}, headers)
    assert reply.status_code == 200
    body = reply.json()
    return str(body["errors"][0]["extensions"]["code"]) if "errors" in body else "data"


async def tables(api: Api) -> None:
    await authors_and_articles(api)
    permission = {"columns": "*", "filter": {}}
    await api.metadata("pg_create_select_permission", {"table": "author", "role": "user", "permission": permission})


DEEP = "{ article { author { articles { author { articles { id } } } } } }"


def test_limits_of_the_metadata_hold_for_everybody_or_for_a_role_but_not_for_admin(dsn: str) -> None:
    async def script(api: Api) -> None:
        await tables(api)
        assert await code(api, DEEP) == "data"
        limits: dict[str, Any] = {
            "disabled": False,
            "depth_limit": {"global": 3, "per_role": {"editor": 5}},
            "node_limit": {"global": 2},
        }
        await api.metadata("set_api_limits", limits)
        assert (await api.metadata("export_metadata", {}, version=2))["metadata"]["api_limits"] == limits
        assert await code(api, DEEP) == "depth-limit-exceeded"
        assert await code(api, DEEP, ADMIN) == "data"
        assert await code(api, "{ a: article { id } b: article { id } }") == "data"
        assert await code(api, "{ a: article { id } b: article { id } c: article { id } }") == "node-limit-exceeded"
        assert await code(api, "{ __schema { types { fields { type { ofType { name } } } } } }") == "data"
        await api.metadata("set_api_limits", {**limits, "disabled": True})
        assert await code(api, DEEP) == "data"
        await api.metadata("remove_api_limits", {})
        assert "api_limits" not in (await api.metadata("export_metadata", {}, version=2))["metadata"]

    play(dsn, script)


def test_the_settings_limit_what_the_metadata_does_not(dsn: str) -> None:
    async def script(api: Api) -> None:
        await tables(api)
        assert await code(api, DEEP) == "depth-limit-exceeded"
        await api.metadata("set_api_limits", {"depth_limit": {"per_role": {"user": 10}}})
        assert await code(api, DEEP) == "cost-limit-exceeded"
        assert await code(api, DEEP, ADMIN) == "data"

    play(dsn, script, NSELF_GRAPHQL_DEPTH_LIMIT="4", NSELF_GRAPHQL_COST_LIMIT="1000")


def test_the_cost_of_variables_is_looked_at_although_the_plan_is_remembered(dsn: str) -> None:
    async def script(api: Api) -> None:
        await tables(api)
        query = "query ($n: Int) { article(limit: $n) { id } }"
        assert await code(api, query, variables={"n": 100}) == "data"
        assert await code(api, query, variables={"n": 101}) == "cost-limit-exceeded"
        assert await code(api, query, variables={"n": 99}) == "data"

    play(dsn, script, NSELF_GRAPHQL_COST_LIMIT="100")


def test_aliases_and_fragments_do_not_get_around_the_limits(dsn: str) -> None:
    async def script(api: Api) -> None:
        await tables(api)
        aliases = " ".join(f"a{number}: article {{ id }}" for number in range(600))
        assert await code(api, "{ " + aliases + " }") == "node-limit-exceeded"
        doubling = "".join(f"fragment F{n} on article {{ ...F{n + 1} ...F{n + 1} }} " for n in range(40))
        bomb = "{ article { ...F0 } } " + doubling + "fragment F40 on article { id }"
        assert await code(api, bomb) == "validation-failed"
        assert await code(api, "{ article { ...A } } fragment A on article { ...A }") == "validation-failed"
        nested = "{ article" + "{ author { articles" * 5000 + "{ id }" + "} }" * 5000 + "}"
        assert await code(api, nested) in ("validation-failed", "depth-limit-exceeded")

    play(dsn, script)


def test_a_batch_has_a_largest_size(dsn: str) -> None:
    async def script(api: Api) -> None:
        await tables(api)
        one = {"query": "{ article { id } }"}
        assert len((await api.post("/v1/graphql", [one] * 3, USER)).json()) == 3
        refused = (await api.post("/v1/graphql", [one] * 4, USER)).json()
        assert refused["errors"][0]["extensions"]["code"] == "batch-limit-exceeded"
        assert len((await api.post("/v1/graphql", [one] * 4)).json()) == 4
        command = {"type": "select", "args": {"table": "article", "columns": ["id"]}}
        nested = {"type": "bulk", "args": [{"type": "bulk", "args": [command] * 2}, command, command]}
        reply = await api.post("/v1/query", nested, USER)
        assert reply.json()["code"] == "batch-limit-exceeded"
        assert (await api.post("/v1/query", nested)).status_code == 200

    play(dsn, script, NSELF_GRAPHQL_BATCH_LIMIT="3")


def test_roles_that_may_not_ask_for_the_schema_do_not_find_it(dsn: str) -> None:
    async def script(api: Api) -> None:
        await tables(api)
        await api.metadata("set_graphql_schema_introspection_options", {"disabled_for_roles": ["user"]})
        whole = (await api.metadata("export_metadata", {}, version=2))["metadata"]
        assert whole["graphql_schema_introspection"] == {"disabled_for_roles": ["user"]}
        reply = await api.graphql("{ __schema { types { name } } }", USER)
        assert reply["errors"][0] == {
            "message": "field '__schema' not found in type: 'query_root'",
            "extensions": {"path": "$.selectionSet.__schema", "code": "validation-failed"},
        }
        assert await code(api, '{ ... { __type(name: "article") { name } } }') == "validation-failed"
        assert await code(api, "{ __typename article { __typename } }") == "data"
        assert await code(api, "{ __schema { types { name } } }", ADMIN) == "data"

    play(dsn, script)


def test_clients_of_a_role_are_told_apart_by_what_the_limit_says(dsn: str) -> None:
    async def script(api: Api) -> None:
        await tables(api)
        rate = {"max_reqs_per_min": 2, "unique_params": ["x-hasura-name"]}
        await api.metadata("set_api_limits", {"rate_limit": {"per_role": {"user": rate}}})
        query = "{ article { id } }"
        assert [await code(api, query) for _ in range(3)] == ["data", "data", "rate-limit-exceeded"]
        assert await code(api, query, {**USER, "x-hasura-name": "Bob"}) == "data"
        assert await code(api, query, ADMIN) == "data"
        # A reload of the metadata is no way to begin anew.
        await api.metadata("reload_metadata", {})
        assert await code(api, query) == "rate-limit-exceeded"
        reply = await api.post("/v1alpha1/graphql", {"query": query}, USER)
        assert reply.status_code == 429

    play(dsn, script)


def test_an_address_counts_as_the_proxy_on_this_machine_saw_it(dsn: str) -> None:
    async def script(api: Api) -> None:
        await tables(api)
        rate = {"max_reqs_per_min": 1, "unique_params": "IP"}
        await api.metadata("set_api_limits", {"rate_limit": {"global": rate}})
        query = "{ article { id } }"
        first = {**USER, "x-forwarded-for": "203.0.113.9, 198.51.100.1"}
        assert await code(api, query, first) == "data"
        assert await code(api, query, {**first, "x-forwarded-for": "forged, 198.51.100.1"}) == "rate-limit-exceeded"
        assert await code(api, query, {**first, "x-forwarded-for": "198.51.100.2"}) == "data"

    play(dsn, script)


def test_a_statement_that_takes_too_long_is_cancelled(dsn: str) -> None:
    async def script(api: Api) -> None:
        await api.sql("CREATE VIEW slow AS SELECT 1 AS id, pg_sleep(60)::text AS nothing")
        await api.metadata("pg_track_table", {"table": "slow"})
        permission = {"columns": "*", "filter": {}}
        await api.metadata("pg_create_select_permission", {"table": "slow", "role": "user", "permission": permission})
        assert await code(api, "{ slow { id nothing } }") == "time-limit-exceeded"
        running = "SELECT count(*) FROM pg_stat_activity WHERE query LIKE '%nothing%' AND state = 'active' "
        found = await api.sql(running + "AND pid <> pg_backend_pid()")
        assert found["result"][1] == ["0"]

    play(dsn, script, NSELF_GRAPHQL_TIME_LIMIT="300")


@pytest.mark.parametrize(
    ("limits", "path"),
    [
        ({"depth_limit": {"global": -1}}, "$.depth_limit.global"),
        ({"depth_limit": {"per_role": {"a": "x"}}}, "$.depth_limit.per_role.a"),
        ({"time_limit": {"global": 0}}, "$.time_limit.global"),
        ({"rate_limit": {"global": {"unique_params": "IP"}}}, "$.rate_limit.global"),
        (
            {"rate_limit": {"global": {"max_reqs_per_min": 1, "unique_params": ["cookie"]}}},
            "$.rate_limit.global.unique_params",
        ),
    ],
)
def test_limits_that_mean_nothing_are_refused(dsn: str, limits: dict[str, Any], path: str) -> None:
    async def script(api: Api) -> None:
        assert (await api.refused("set_api_limits", limits))[:2] == ("parse-failed", path)

    play(dsn, script)
