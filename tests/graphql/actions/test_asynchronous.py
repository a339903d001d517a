from __future__ import annotations

import asyncio
from typing import Any

from tests.conformance.webhooks import listening
from tests.graphql.actions.webhook import USER, Webhook, acting, create, play, refused
from tests.graphql.serving import ADMIN, Api, serving
from tests.graphql.sockets import TRANSPORT, talking

OTHER = {**USER, "x-hasura-name": "Bob"}


async def begun(api: Api, name: str = "act", headers: dict[str, str] = ADMIN) -> str:
    return str((await api.graphql(f"mutation {{ {name} }}", headers))["data"][name])


async def looked(api: Api, id_: str, wanted: str, headers: dict[str, str] = ADMIN) -> Any:
    return (await api.graphql(f'{{ act(id: "{id_}") {{ {wanted} }} }}', headers))["data"]["act"]


async def ended(api: Api, id_: str, wanted: str = "output { id } errors", headers: dict[str, str] = ADMIN) -> Any:
    """What became of the call, once it has."""
    async with asyncio.timeout(90):
        while True:
            found = await looked(api, id_, f"done: output {{ id }} failed: errors {wanted}", headers)
            if found and (found.pop("done") is not None) | (found.pop("failed") is not None):
                return found
            await asyncio.sleep(0.02)


async def action(api: Api, path: str = "act", **definition: Any) -> None:
    await create(api, "act", path, type="mutation", kind="asynchronous", roles=("user",), **definition)


def test_the_answer_shows_when_it_is_there(dsn: str) -> None:
    async def script(api: Api, webhook: Webhook) -> None:
        await action(api, "wait")
        id_ = await begun(api)
        before = await looked(api, id_, "__typename id created_at output { id } errors")
        assert (before["__typename"], before["id"], before["output"], before["errors"]) == ("act", id_, None, None)
        webhook.replies["/wait"] = (200, {"id": 2, "stray": 1})
        webhook.proceed.set()
        assert await ended(api, id_, "output { id author { name } } errors") == {
            "output": {"id": 2, "author": {"name": "Bob"}},
            "errors": None,
        }
        assert webhook.asked == [
            {"action": {"name": "act"}, "input": {}, "session_variables": {"x-hasura-role": "admin"}}
        ]

    play(dsn, script)


def test_errors_are_kept_and_their_details_are_for_the_administrator(dsn: str) -> None:
    async def script(api: Api, webhook: Webhook) -> None:
        await action(api)
        webhook.replies["/act"] = (400, {"message": "no", "code": "mine"})
        assert (await ended(api, await begun(api)))["errors"] == {"code": "mine", "path": "$", "error": "no"}
        webhook.replies["/act"] = (200, {"id": "no number"})
        id_ = await begun(api, headers=USER)
        assert "internal" in (await ended(api, id_))["errors"]
        told = (await looked(api, id_, "errors", USER))["errors"]
        assert told == {
            "code": "unexpected",
            "path": "$",
            "error": "got scalar String for the action webhook response, expecting Int",
        }

    play(dsn, script)


def test_the_outcome_can_be_subscribed_to(dsn: str) -> None:
    async def script(api: Api, webhook: Webhook) -> None:
        await action(api, "wait")
        id_ = await begun(api)
        async with talking(api, TRANSPORT) as talk:
            await talk.start(f'subscription {{ act(id: "{id_}") {{ output {{ id author {{ name }} }} }} }}')
            assert await talk.data() == {"act": {"output": None}}
            webhook.proceed.set()
            assert await talk.data() == {"act": {"output": {"id": 1, "author": {"name": "Ada"}}}}

    play(dsn, script, HASURA_GRAPHQL_LIVE_QUERIES_MULTIPLEXED_REFETCH_INTERVAL="50")


def test_only_who_asked_may_look(dsn: str) -> None:
    async def script(api: Api, webhook: Webhook) -> None:
        await action(api)
        id_ = await begun(api, headers=USER)
        assert await looked(api, id_, "id", USER) == {"id": id_}
        assert await looked(api, id_, "id") == {"id": id_}
        assert await looked(api, id_, "id", OTHER) is None
        assert await looked(api, "00000000-0000-0000-0000-000000000000", "id") is None
        error = await refused(api, """{ act(id: "1' OR true") { id } }""")
        assert error["extensions"]["code"] == "data-exception"

    play(dsn, script)


def test_a_call_outlives_the_engine_that_took_it(dsn: str) -> None:
    async def script() -> None:
        async with acting(dsn) as (api, webhook):
            await action(api, "wait")
            id_ = await begun(api)
            async with asyncio.timeout(90):
                while not webhook.asked:
                    await asyncio.sleep(0.02)
        # The engine was stopped in the middle of it; the next one has another webhook at the same name.
        other = Webhook(replies={"/wait": (200, {"id": 9})})
        other.proceed.set()
        async with listening(other.app()) as url, serving(dsn, HOOK=url) as api:
            assert (await ended(api, id_))["output"] == {"id": 9}

    asyncio.run(script())


def test_a_call_whose_engine_was_killed_is_taken_up_after_its_lease(dsn: str) -> None:
    async def script(api: Api, webhook: Webhook) -> None:
        await action(api)
        await api.sql(
            """INSERT INTO hdb_catalog.hdb_action_log
            (id, action_name, input_payload, request_headers, session_variables, status, lease_until) VALUES
            ('10000000-0000-0000-0000-000000000000', 'act', '{}', '{}', '{}', 'processing', now() - interval '1 s'),
            ('20000000-0000-0000-0000-000000000000', 'act', '{}', '{}', '{}', 'processing', now() + interval '1 h')"""
        )
        await ended(api, "10000000-0000-0000-0000-000000000000")
        assert len(webhook.asked) == 1

    play(dsn, script, HASURA_GRAPHQL_ASYNC_ACTIONS_FETCH_INTERVAL="20")


def test_a_call_of_an_action_that_is_no_more_ends_with_an_error(dsn: str) -> None:
    async def script(api: Api, webhook: Webhook) -> None:
        await action(api, "wait")
        id_ = await begun(api)
        await api.metadata("drop_action", {"name": "act", "clear_data": False})
        left = "SELECT count(*) FROM hdb_catalog.hdb_action_log"
        assert (await api.sql(left))["result"][1] == ["1"]
        await action(api)
        assert await looked(api, id_, "id") == {"id": id_}
        await api.metadata("drop_action", {"name": "act"})
        assert (await api.sql(left))["result"][1] == ["0"]

    play(dsn, script)


def test_headers_are_kept_only_if_they_are_forwarded(dsn: str) -> None:
    async def script(api: Api, webhook: Webhook) -> None:
        await action(api, forward_client_headers=True)
        await create(api, "quiet", "act", type="mutation", kind="asynchronous")
        await ended(api, await begun(api, headers={**ADMIN, "x-mine": "yes"}))
        await begun(api, "quiet", headers={**ADMIN, "x-mine": "yes"})
        assert webhook.headers[0]["x-mine"] == "yes"
        kept = await api.sql("SELECT request_headers FROM hdb_catalog.hdb_action_log WHERE action_name = 'quiet'")
        assert kept["result"][1] == ["{}"]

    play(dsn, script)
