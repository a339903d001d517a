from __future__ import annotations

from tests.graphql.serving import ADMIN, Api, authors_and_articles, play

USER = {**ADMIN, "x-hasura-role": "user", "x-hasura-name": "Ada"}
ALLOWED = "query Titles($n: Int) { article(limit: $n, order_by: {id: asc}) { __typename title } }"
REFUSED = {"errors": [{"message": "query is not allowed", "extensions": {"path": "$", "code": "validation-failed"}}]}


async def listed(api: Api) -> None:
    await authors_and_articles(api)
    queries = [
        {"name": "titles", "query": ALLOWED},
        {
            "name": "parts",
            "query": "fragment A on article { id } query { article { ...A ...B } } fragment B on article { title }",
        },
    ]
    await api.metadata("create_query_collection", {"name": "c", "definition": {"queries": queries}})


def test_only_listed_operations_run_whatever_their_layout(dsn: str) -> None:
    async def script(api: Api) -> None:
        await listed(api)
        assert await api.graphql(ALLOWED, USER) == REFUSED
        await api.metadata("add_collection_to_allowlist", {"collection": "c"})
        assert (await api.graphql(ALLOWED, USER))["data"]["article"][0] == {"__typename": "article", "title": "One"}
        spread = "query Titles($n:Int){article(limit:$n,order_by:{id:asc}){title}}"
        assert (await api.graphql(spread, USER))["data"]["article"][0] == {"title": "One"}
        turned = "fragment B on article{title} fragment A on article{id} {article{...A ...B}}"
        assert (await api.graphql(turned, USER))["data"]
        for other in (
            "query Other { article { title } }",
            "{ article { id title } }",
            "{ __schema { types { name } } }",
        ):
            assert await api.graphql(other, USER) == REFUSED
        assert (await api.graphql("{ article { id } }"))["data"]

    play(dsn, script, HASURA_GRAPHQL_ENABLE_ALLOWLIST="true")


def test_every_entry_of_a_batch_is_judged_alone(dsn: str) -> None:
    async def script(api: Api) -> None:
        await listed(api)
        await api.metadata("add_collection_to_allowlist", {"collection": "c"})
        reply = await api.post("/v1/graphql", [{"query": "{ article { id } }"}, {"query": ALLOWED}], USER)
        assert reply.json()[0] == REFUSED
        assert "data" in reply.json()[1]

    play(dsn, script, HASURA_GRAPHQL_ENABLE_ALLOWLIST="true")


def test_leaving_the_list_counts_at_once_though_plans_are_remembered(dsn: str) -> None:
    async def script(api: Api) -> None:
        await listed(api)
        await api.metadata("add_collection_to_allowlist", {"collection": "c"})
        assert "data" in await api.graphql(ALLOWED, USER)
        await api.metadata("drop_collection_from_allowlist", {"collection": "c"})
        assert await api.graphql(ALLOWED, USER) == REFUSED

    play(dsn, script, HASURA_GRAPHQL_ENABLE_ALLOWLIST="true")


def test_a_scope_of_roles_is_kept_and_opens_nothing(dsn: str) -> None:
    async def script(api: Api) -> None:
        await listed(api)
        scope = {"global": False, "roles": ["user"]}
        await api.metadata("add_collection_to_allowlist", {"collection": "c", "scope": scope})
        assert await api.graphql(ALLOWED, USER) == REFUSED
        await api.metadata("update_scope_of_collection_in_allowlist", {"collection": "c", "scope": {"global": True}})
        assert "data" in await api.graphql(ALLOWED, USER)
        command = "update_scope_of_collection_in_allowlist"
        assert await api.refused(command, {"collection": "x", "scope": {"global": True}}) == (
            "not-found",
            "$.args",
            'collection "x" doesn\'t exist in the allowlist',
        )
        assert await api.refused(command, {"collection": "c"}) == ("parse-failed", "$.args", 'key "scope" not found')
        twice = {"global": False, "roles": ["a", "a"]}
        assert (await api.refused(command, {"collection": "c", "scope": twice}))[1] == "$.args.scope.roles"

    play(dsn, script, HASURA_GRAPHQL_ENABLE_ALLOWLIST="true")


def test_without_the_setting_the_list_restricts_nobody(dsn: str) -> None:
    async def script(api: Api) -> None:
        await listed(api)
        await api.metadata("add_collection_to_allowlist", {"collection": "c"})
        assert "data" in await api.graphql("{ article { id } }", USER)

    play(dsn, script)
