from __future__ import annotations

import asyncio
from typing import Any

import httpx
import pytest

from tests.cluster import Cluster
from tests.graphql.serving import ADMIN, Api, authors_and_articles, play
from tests.graphql.sockets import LEGACY, TRANSPORT, Talk, talking
from tests.graphql.test_app import shut_down, start_again

QUICK = {
    "HASURA_GRAPHQL_LIVE_QUERIES_MULTIPLEXED_REFETCH_INTERVAL": "50",
    "HASURA_GRAPHQL_LIVE_QUERIES_CHANGE_CHECK_INTERVAL": "20",
    "HASURA_GRAPHQL_WEBSOCKET_KEEPALIVE": "60",
}
ONLY_EARLY = {**QUICK, "HASURA_GRAPHQL_LIVE_QUERIES_MULTIPLEXED_REFETCH_INTERVAL": "3600000"}
NAMES = "subscription { author(order_by: {id: asc}) { name } }"


def user(name: str, **more: str) -> dict[str, str]:
    return {**ADMIN, "x-hasura-role": "user", "x-hasura-name": name, **more}


async def is_quiet(talk: Talk) -> None:
    """Nothing is said for a while in which there would have been several occasions."""
    with pytest.raises(TimeoutError):
        await talk.socket.receive(0.4)


@pytest.mark.parametrize("protocol", [TRANSPORT, LEGACY])
@pytest.mark.parametrize(
    "environ", [QUICK, ONLY_EARLY, {**QUICK, "HASURA_GRAPHQL_LIVE_QUERIES_CHANGE_CHECK_INTERVAL": "0"}]
)
def test_a_result_is_sent_at_once_and_whenever_it_differs(dsn: str, protocol: str, environ: dict[str, str]) -> None:
    async def script(api: Api) -> None:
        await authors_and_articles(api)
        async with talking(api, protocol) as talk:
            await talk.start(NAMES)
            assert await talk.data() == {"author": [{"name": "Ada"}, {"name": "Bob"}]}
            await api.sql("UPDATE article SET title = 'no matter'")
            await is_quiet(talk)
            await api.graphql(
                'mutation { update_author(where: {id: {_eq: 1}}, _set: {name: "Eve"}) { affected_rows } }'
            )
            assert await talk.data() == {"author": [{"name": "Eve"}, {"name": "Bob"}]}
            await api.sql("UPDATE author SET name = 'outside' WHERE id = 1")
            assert await talk.data() == {"author": [{"name": "outside"}, {"name": "Bob"}]}
            await talk.stop()
            await api.sql("UPDATE author SET name = 'unheard' WHERE id = 1")
            await is_quiet(talk)

    play(dsn, script, **environ)


def test_who_needs_the_same_values_shares_a_row_of_one_statement(dsn: str) -> None:
    async def script(api: Api) -> None:
        await authors_and_articles(api)
        query = "subscription ($t: String!) { article(where: {title: {_neq: $t}}, order_by: {id: asc}) { title } }"
        async with (
            talking(api, headers=user("Ada")) as one,
            talking(api, headers=user("Ada", **{"x-hasura-unused": "7"})) as two,
            talking(api, headers=user("Bob")) as three,
        ):
            for talk in (one, two, three):
                await talk.start(query, t="Two")
            assert await one.data() == await two.data() == {"article": [{"title": "One"}]}
            assert await three.data() == {"article": [{"title": "Three"}]}
            await one.start(query.replace("article(", "mine: article("), id_="2", t="Two")
            assert await one.data("2") == {"mine": [{"title": "One"}]}
            shown = (await api.http.get("/dev/subscriptions", headers=ADMIN)).json()
            counts = [(group["role"], group["cohorts"], group["subscribers"]) for group in shown["live_queries"]]
            assert sorted(counts) == [("user", 1, 1), ("user", 2, 3)]
            refused = await api.http.get("/dev/subscriptions", headers=user("Ada"))
            assert (refused.status_code, refused.json()["code"]) == (400, "access-denied")
        shown = (await api.http.get("/dev/subscriptions", headers=ADMIN)).json()
        assert shown == {"live_queries": [], "streaming_queries": [], "subscribers": 0}

    play(dsn, script, **QUICK)


def test_more_subscribers_than_fit_a_batch_are_all_answered(dsn: str) -> None:
    async def script(api: Api) -> None:
        await authors_and_articles(api)
        async with talking(api) as talk:
            for number in range(7):
                query = "subscription ($n: Int!) { author(limit: $n, order_by: {id: asc}) { id } }"
                await talk.start(query, id_=str(number), n=number)
            sizes = {(m["id"], len(m["payload"]["data"]["author"])) for m in [await talk.next() for _ in range(7)]}
            assert sizes == {(str(number), min(number, 2)) for number in range(7)}

    play(dsn, script, **QUICK, HASURA_GRAPHQL_LIVE_QUERIES_MULTIPLEXED_BATCH_SIZE="2")


def test_one_subscribers_bad_value_is_its_own_trouble(dsn: str) -> None:
    async def script(api: Api) -> None:
        await api.sql(
            "CREATE TABLE thing (id uuid PRIMARY KEY, day date); INSERT INTO thing VALUES (gen_random_uuid(), now())"
        )
        await api.metadata("pg_track_table", {"table": "thing"})
        query = "subscription ($d: date!) { thing(where: {day: {_gt: $d}}) { __typename } }"
        async with talking(api) as talk:
            for number in range(5):
                await talk.start(query, id_=str(number), d="2000-01-01" if number != 3 else "no day")
            found = {message["id"]: message for message in [await talk.next() for _ in range(5)]}
            assert found["3"]["type"] == "error"
            assert found["3"]["payload"][0]["extensions"]["code"] == "data-exception"
            assert {found[str(n)]["type"] for n in (0, 1, 2, 4)} == {"next"}
            await api.sql("DELETE FROM thing")
            assert {(await talk.next())["id"] for _ in range(4)} == {"0", "1", "2", "4"}

    play(dsn, script, **QUICK)


def test_lists_nulls_and_strange_texts_are_values_like_any_other(dsn: str) -> None:
    names = ['"quoted"', "back\\slash", "comma, {brace}", "NULL", "null", "", " ", "it's", "$1", "Ünï", "a\nb"]

    async def script(api: Api) -> None:
        await authors_and_articles(api)
        objects = [{"name": name} for name in names]
        insert = "mutation ($o: [author_insert_input!]!) { insert_author(objects: $o) { affected_rows } }"
        await api.post("/v1/graphql", {"query": insert, "variables": {"o": objects}})
        query = "subscription ($n: [String!]!) { author(where: {name: {_in: $n}}, order_by: {id: asc}) { name } }"
        async with talking(api) as talk:
            await talk.start(query, n=names)
            assert await talk.data() == {"author": objects}
            for number, name in enumerate(names):
                await talk.start(query.replace("_in", "_eq").replace("[String!]!", "String!"), id_=f"n{number}", n=name)
            found = {message["id"]: message["payload"]["data"] for message in [await talk.next() for _ in names]}
            assert found == {f"n{number}": {"author": [{"name": name}]} for number, name in enumerate(names)}

    play(dsn, script, **QUICK)


def test_one_top_level_field_unless_several_are_asked_for(dsn: str) -> None:
    async def script(api: Api) -> None:
        await authors_and_articles(api)
        async with talking(api) as talk:
            await talk.start("subscription { a: author { id } b: article { id } }")
            message = "subscriptions must select one top level field"
            assert await talk.refusal() == ("validation-failed", message)
            query = (
                "subscription @_multiple_top_level_fields { a: author_aggregate { aggregate { count } } __typename }"
            )
            await talk.start(query)
            expected = {"a": {"aggregate": {"count": 2}}, "__typename": "subscription_root"}
            assert await talk.data() == expected

    play(dsn, script, **QUICK)


def test_over_http_a_subscription_is_refused(dsn: str) -> None:
    async def script(api: Api) -> None:
        await authors_and_articles(api)
        error = (await api.graphql(NAMES))["errors"][0]
        assert error["extensions"]["code"] == "not-supported"
        assert "subscription" in error["message"]

    play(dsn, script, **QUICK)


def test_root_fields_of_subscriptions_have_a_permission_of_their_own(dsn: str) -> None:
    async def script(api: Api) -> None:
        await authors_and_articles(api)
        for role, allowed in (("none", []), ("one", ["select_by_pk"]), ("streams", ["select_stream"])):
            permission = {"columns": ["id"], "filter": {}, "subscription_root_fields": allowed}
            args = {"table": "author", "role": role, "permission": permission}
            await api.metadata("pg_create_select_permission", args)
        found = {}
        for role in ("none", "one", "streams"):
            query = '{ __type(name: "subscription_root") { fields { name } } __schema { subscriptionType { name } } }'
            data = (await api.graphql(query, {**ADMIN, "x-hasura-role": role}))["data"]
            found[role] = data["__type"] and [field["name"] for field in data["__type"]["fields"]]
            assert (data["__schema"]["subscriptionType"] is None) == (role == "none")
        assert found == {"none": None, "one": ["author_by_pk"], "streams": ["author_stream"]}

    play(dsn, script, **QUICK)


def test_a_permission_changed_midway_counts_from_then_on(dsn: str) -> None:
    async def script(api: Api) -> None:
        await authors_and_articles(api)
        async with talking(api, headers=user("Ada")) as talk, talking(api) as admin:
            await talk.start("subscription { article(order_by: {id: asc}) { title } }")
            await admin.start(NAMES)
            assert await talk.data() == {"article": [{"title": "One"}, {"title": "Two"}]}
            assert await admin.data() == {"author": [{"name": "Ada"}, {"name": "Bob"}]}
            replaced = {"columns": ["id", "title"], "filter": {"title": {"_eq": "Two"}}}
            args = {"table": "article", "role": "user"}
            drop = {"type": "pg_drop_select_permission", "args": args}
            create = {"type": "pg_create_select_permission", "args": {**args, "permission": replaced}}
            await api.metadata("bulk", [drop, create])
            assert await talk.data() == {"article": [{"title": "Two"}]}
            await api.metadata("pg_drop_select_permission", args)
            code, message = await talk.refusal()
            assert (code, message) == ("validation-failed", "field 'article' not found in type: 'subscription_root'")
            await is_quiet(admin)

    play(dsn, script, **QUICK)


def test_an_operation_that_ended_leaves_its_id_free(dsn: str) -> None:
    async def script(api: Api) -> None:
        await authors_and_articles(api)
        async with talking(api) as talk:
            await talk.start("subscription ($n: Int!) { author(limit: $n) { id } }", n=-1)
            assert (await talk.refusal())[0] == "validation-failed"
            await talk.start(NAMES)
            assert await talk.data() == {"author": [{"name": "Ada"}, {"name": "Bob"}]}

    play(dsn, script, **QUICK)


def test_a_table_that_goes_away_is_told_in_place_of_a_result(dsn: str) -> None:
    async def script(api: Api) -> None:
        await authors_and_articles(api)
        async with talking(api) as talk:
            await talk.start("subscription { article { id } }")
            await talk.data()
            await api.sql("ALTER TABLE article RENAME TO elsewhere", check_metadata_consistency=False)
            message = await talk.next()
            assert message["type"] in ("next", "error")

    play(dsn, script, **QUICK)


def test_postgresql_restarted_costs_no_socket_and_no_change() -> None:
    cluster = Cluster.start()
    cluster.run("postgres", "CREATE DATABASE app")

    async def script(api: Api) -> None:
        await authors_and_articles(api)
        async with talking(api) as talk:
            await talk.start(NAMES)
            await talk.data()
            await asyncio.to_thread(shut_down, cluster)
            await asyncio.to_thread(start_again, cluster)
            await written(api, 'mutation { update_author_by_pk(pk_columns: {id: 1}, _set: {name: "Zoe"}) { id } }')
            assert await talk.data() == {"author": [{"name": "Zoe"}, {"name": "Bob"}]}

    try:
        play(cluster.dsn("app"), script, **QUICK)
    finally:
        cluster.stop()


async def written(api: Api, mutation: str) -> Any:
    """As soon as the database takes it again."""
    async with asyncio.timeout(90):
        while True:
            reply: httpx.Response = await api.post("/v1/graphql", {"query": mutation})
            if reply.status_code == 200 and "data" in reply.json():
                return reply.json()["data"]
            await asyncio.sleep(0.05)


def test_a_function_that_may_write_cannot_do_so_in_a_subscription(dsn: str) -> None:
    async def script(api: Api) -> None:
        await authors_and_articles(api)
        await api.sql(
            "CREATE FUNCTION grown() RETURNS SETOF author LANGUAGE sql AS "
            "$$ INSERT INTO author (name) VALUES ('again') RETURNING * $$"
        )
        await api.metadata("pg_track_function", {"function": "grown", "configuration": {"exposed_as": "query"}})
        async with talking(api) as talk:
            await talk.start("subscription { grown { name } }")
            assert (await talk.refusal())[0] == "unexpected"
        assert (await api.graphql("{ author_aggregate { aggregate { count } } }"))["data"] == {
            "author_aggregate": {"aggregate": {"count": 2}}
        }

    play(dsn, script, **QUICK)


def test_a_role_cannot_keep_the_database_busy_with_a_subscription(dsn: str) -> None:
    async def script(api: Api) -> None:
        await authors_and_articles(api)
        await api.sql("CREATE FUNCTION slow(article) RETURNS text STABLE LANGUAGE sql AS 'SELECT pg_sleep(30)::text'")
        definition = {"function": "slow"}
        await api.metadata("pg_add_computed_field", {"table": "article", "name": "slow", "definition": definition})
        permission = {"columns": ["id"], "computed_fields": ["slow"], "filter": {}}
        await api.metadata(
            "pg_create_select_permission", {"table": "article", "role": "guest", "permission": permission}
        )
        async with talking(api, headers={**ADMIN, "x-hasura-role": "guest"}) as talk:
            await talk.start("subscription { article { slow } }")
            assert (await talk.refusal())[0] == "time-limit-exceeded"
            await talk.start("subscription { article(limit: 1) { id } }", id_="2")
            assert await talk.data("2") == {"article": [{"id": 1}]}

    play(dsn, script, **QUICK, NSELF_GRAPHQL_TIME_LIMIT="300")
