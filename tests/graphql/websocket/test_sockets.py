from __future__ import annotations

from tests.graphql.serving import Api, authors_and_articles, play
from tests.graphql.sockets import talking


def test_on_demand_a_change_of_the_metadata_sends_everybody_to_connect_again(dsn: str) -> None:
    async def script(api: Api) -> None:
        await authors_and_articles(api)
        async with talking(api) as one, talking(api) as two:
            await api.metadata("pg_untrack_table", {"table": "article", "cascade": True})
            assert [(await talk.socket.closed()).code for talk in (one, two)] == [1012, 1012]

    play(dsn, script, HASURA_GRAPHQL_CLOSE_WEBSOCKETS_ON_METADATA_CHANGE="true")
