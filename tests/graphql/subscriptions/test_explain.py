from __future__ import annotations

from tests.graphql.serving import Api, authors_and_articles, play


def test_a_subscription_is_explained_with_the_values_it_depends_on(dsn: str) -> None:
    async def script(api: Api) -> None:
        await authors_and_articles(api)
        query = """subscription ($t: String!) {
            article(where: {title: {_eq: $t}, id: {_in: [1, 2]}}) { id } }"""
        user = {"x-hasura-role": "user", "x-hasura-name": "Ada", "x-hasura-unused": "7"}
        asked = {"query": {"query": query, "variables": {"t": "One"}}, "user": user}
        shown = (await api.post("/v1/graphql/explain", asked)).json()
        assert set(shown) == {"sql", "plan", "variables"} and shown["plan"]
        assert shown["variables"] == {
            "session": {"x-hasura-name": "Ada"},
            "query": {"t": "One"},
            "synthetic": ["{1,2}"],
            "cursor": {},
        }
        stream = "subscription { author_stream(batch_size: 3, cursor: {initial_value: {id: 7}}) { name } }"
        shown = (await api.post("/v1/graphql/explain", {"query": {"query": stream}})).json()
        assert (shown["variables"]["cursor"], shown["variables"]["synthetic"]) == ({"id": "7"}, ["3"])

    play(dsn, script)
