from __future__ import annotations

import asyncio
import json
from typing import Any

from tests.graphql import hostile
from tests.graphql.actions.webhook import USER, Webhook, create, play, refused
from tests.graphql.serving import ADMIN, Api

BOTH = [{"name": "id", "type": "Int!"}, {"name": "wishes", "type": "[wish!]"}]


def test_the_webhook_learns_who_asks_what(dsn: str) -> None:
    async def script(api: Api, webhook: Webhook) -> None:
        await create(api, "find", arguments=BOTH, roles=("user",))
        query = "query ($w: [wish!]) { find(id: 7, wishes: $w) { id } }"
        variables = {"w": {"text": "one", "also": [{"text": "two"}]}}
        await api.post("/v1/graphql", {"query": query, "variables": variables}, USER)
        assert webhook.asked == [
            {
                "action": {"name": "find"},
                "input": {"id": 7, "wishes": [{"text": "one", "also": [{"text": "two"}]}]},
                "session_variables": {"x-hasura-role": "user", "x-hasura-name": "Ada"},
                "request_query": query,
            }
        ]
        headers = webhook.headers[0]
        assert headers["user-agent"].startswith("hasura-graphql-engine/v2")
        assert headers["content-type"] == "application/json"
        assert "x-hasura-admin-secret" not in headers
        # The same plan with other values.
        await api.post(
            "/v1/graphql", {"query": query, "variables": {"w": {"text": "x", "also": [{"text": "y"}]}}}, USER
        )
        assert webhook.asked[1]["input"]["wishes"] == [{"text": "x", "also": [{"text": "y"}]}]

    play(dsn, script)


def test_values_that_are_none_of_their_type_are_refused_on_reused_plans_too(dsn: str) -> None:
    async def script(api: Api, webhook: Webhook) -> None:
        await create(api, "find", arguments=[{"name": "id", "type": "Int!"}, {"name": "tags", "type": "[String!]"}])
        query = "query ($i: Int!, $t: [String!]) { find(id: $i, tags: $t) { id } }"

        async def ask(**variables: Any) -> Any:
            return (await api.post("/v1/graphql", {"query": query, "variables": variables})).json()

        assert "data" in await ask(i=1, t="one")
        assert webhook.asked[0]["input"] == {"id": 1, "tags": ["one"]}
        assert (await ask(i="x y", t=["a"]))["data"]  # A text may stand for an Int; the webhook judges it.
        assert (await ask(i=[], t=["a"]))["errors"][0]["extensions"]["path"].endswith("args.id")
        assert (await ask(i=1, t=["a", None]))["errors"][0]["extensions"]["code"] == "validation-failed"
        assert (await ask(i=1, t=["a", 5]))["errors"][0]["message"].startswith("expected a string for type 'String'")

    play(dsn, script)


def test_aliases_and_several_actions_are_asked_at_once_beside_the_database(dsn: str) -> None:
    async def script(api: Api, webhook: Webhook) -> None:
        await create(api, "find", "wait", arguments=[{"name": "id", "type": "Int!"}])
        asked = asyncio.create_task(
            api.graphql("{ z: find(id: 1) { id } article { id } a: find(id: 2) { id } __typename }")
        )
        while len(webhook.asked) < 2:
            await asyncio.sleep(0.01)
        webhook.proceed.set()
        answer = (await asked)["data"]
        assert list(answer) == ["z", "article", "a", "__typename"]
        assert len(answer["article"]) == 3

    play(dsn, script)


def test_a_mutation_takes_its_turns_in_order_and_keeps_what_it_committed(dsn: str) -> None:
    async def script(api: Api, webhook: Webhook) -> None:
        await create(api, "act", type="mutation")
        webhook.replies["/act"] = (400, {"message": "no"})
        query = """mutation {
            a: insert_author_one(object: {name: "Cleo"}) { id }
            b: insert_author_one(object: {name: "Dora"}) { id }
            act { id }
            c: insert_author_one(object: {name: "Emma"}) { id }
        }"""
        assert (await refused(api, query))["message"] == "no"
        answer = await api.graphql('{ author(where: {name: {_in: ["Cleo", "Dora", "Emma"]}}) { name } }')
        assert [row["name"] for row in answer["data"]["author"]] == ["Cleo", "Dora"]

    play(dsn, script)


def test_headers_are_forwarded_if_wanted_and_secrets_stay_in_the_environment(dsn: str) -> None:
    async def script(api: Api, webhook: Webhook) -> None:
        headers = [{"name": "X-Key", "value_from_env": "KEY"}, {"name": "X-Fixed", "value": "mine"}]
        await create(
            api,
            "find",
            headers=headers,
            forward_client_headers=True,
            ignored_client_headers=["X-Ignored"],
            roles=("user",),
        )
        client = {**USER, "cookie": "a=b", "x-fixed": "yours", "x-ignored": "i", "accept": "text/plain", "origin": "o"}
        await api.graphql("{ find { id } }", client)
        got = webhook.headers[0]
        assert (got["x-key"], got["x-fixed"], got["cookie"]) == ("s3cr3t", "mine", "a=b")
        assert not {"x-ignored", "origin", "x-hasura-admin-secret"} & got.keys()
        assert got["accept"] != "text/plain"
        await api.graphql("{ find { id } }", {**USER})
        assert "cookie" not in webhook.headers[1]  # What the webhook set for one caller is not another's.
        webhook.replies["/find"] = (500, {"a": 1})
        seen = (
            json.dumps(await refused(api, "{ find { id } }", client)),
            json.dumps(await refused(api, "{ find { id } }")),
        )
        assert "s3cr3t" not in seen[0] + seen[1]
        assert '"internal":' not in seen[0]
        assert "value_from_env" in seen[1]

    play(dsn, script, KEY="s3cr3t")


WRONG: list[tuple[str, Any, str]] = [
    ("person!", None, "got null for the action webhook response"),
    ("person", [], "got array for the action webhook response, expecting person"),
    ("person", "x", "got scalar String for the action webhook response, expecting person"),
    ("[person]", {"id": 1}, "expecting array for the action webhook response"),
    ("[person!]", [{"id": 1}, None], "got null for the action webhook response"),
    ("person", {}, 'field "id" expected in webhook response, but not found'),
    ("person", {"id": None}, 'expecting not null value for field "id"'),
    ("person", {"id": {}}, "got object for the action webhook response, expecting Int"),
    ("person", {"id": True}, "got scalar Boolean for the action webhook response, expecting Int"),
    ("person", {"id": 1, "nick": 5}, "got scalar Number for the action webhook response, expecting String"),
    ("person", {"id": 1, "colours": ["b"]}, 'expecting one of the values [red, green] for the enum type "colour"'),
    ("person", {"id": 1, "friend": {}}, 'field "id" expected in webhook response, but not found'),
    ("person", b"no json", "not a valid json response from webhook"),
    ("person", b"", "not a valid json response from webhook"),
    ("person", b'{"id":1' + b',"friend":{"id":1' * 3000 + b"}" * 3001, "not a valid json response from webhook"),
]  # fmt: skip


def test_answers_of_another_type_are_refused(dsn: str) -> None:
    async def script(api: Api, webhook: Webhook) -> None:
        for number, (output_type, body, message) in enumerate(WRONG):
            await create(api, f"find_{number}", output_type=output_type)
            webhook.replies[f"/find_{number}"] = (200, body)
            error = await refused(api, f"{{ find_{number} {{ id friend {{ id }} }} }}")
            assert (error["message"], error["extensions"]["code"]) == (message, "unexpected"), body

    play(dsn, script)


def test_what_nobody_asked_for_is_ignored_and_what_is_missing_is_null(dsn: str) -> None:
    async def script(api: Api, webhook: Webhook) -> None:
        await create(api, "find")
        webhook.replies["/find"] = (200, b'{"id": 1, "extra": {"n": 1.10, "big": 12345678901234567890}, "stray": 5}')
        reply = await api.post("/v1/graphql", {"query": "{ find { __typename nick x: extra id } }"}, ADMIN)
        assert reply.text == (
            '{"data":{"find":{"__typename":"person","nick":null,"x":{"n":1.10,"big":12345678901234567890},"id":1}}}'
        )

    play(dsn, script)


def test_a_large_answer_comes_whole_and_one_beyond_the_limit_not_at_all(dsn: str) -> None:
    async def script(api: Api, webhook: Webhook) -> None:
        await create(api, "find", output_type="[person!]")
        webhook.replies["/find"] = (200, [{"id": number, "nick": "x" * 100} for number in range(10_000)])
        found = (await api.graphql("{ find { id } }"))["data"]["find"]
        assert (len(found), found[-1]) == (10_000, {"id": 9_999})
        webhook.replies["/find"] = (200, b"[" + b" " * 5_000_000 + b"]")
        assert (await refused(api, "{ find { id } }"))["message"] == "internal error"

    play(dsn, script)


def test_the_webhooks_own_error_is_passed_on(dsn: str) -> None:
    own: list[tuple[Any, Any]] = [
        ({}, {"path": "$", "code": "unexpected"}),
        ({"code": "c"}, {"path": "$", "code": "c"}),
        ({"code": "c", "extensions": {"a": 1}}, {"a": 1}),
        ({"code": "c", "extensions": {}}, {}),
    ]

    async def script(api: Api, webhook: Webhook) -> None:
        await create(api, "find", roles=("user",))
        for more, extensions in own:
            webhook.replies["/find"] = (422, {"message": "m", **more})
            assert await refused(api, "{ find { id } }", USER) == {"message": "m", "extensions": extensions}

    play(dsn, script)


def test_other_replies_are_internal_errors(dsn: str) -> None:
    others: list[tuple[int, Any]] = [(400, {"message": 5}), (404, b"<html>"), (500, {}), (302, b""), (418, [])]

    async def script(api: Api, webhook: Webhook) -> None:
        await create(api, "find")
        for status, body in others:
            webhook.replies["/find"] = (status, body)
            error = await refused(api, "{ find { id } }")
            assert error["message"] == "internal error"
            assert error["extensions"]["internal"]["response"]["status"] == status

    play(dsn, script)


def test_a_webhook_that_misbehaves_is_an_error_in_time(dsn: str) -> None:
    kinds = (hostile.hangs, hostile.trickles, hostile.promises_more, hostile.talks_nonsense, hostile.never_ends)

    async def script(api: Api, webhook: Webhook) -> None:
        for misbehaves in kinds:
            name = misbehaves.__name__
            async with hostile.listening(misbehaves) as url:
                definition = {"handler": url, "output_type": "person", "type": "query", "timeout": 1}
                await api.metadata("create_action", {"name": name, "definition": definition})
                error = await refused(api, f"{{ {name} {{ id }} }}")
            assert error["extensions"]["code"] == "unexpected"
            assert error["message"] in ("http exception when calling webhook", "internal error")
        assert "data" in await api.graphql("{ article { id } }")

    play(dsn, script)


def test_cookies_of_mutations_go_to_the_client(dsn: str) -> None:
    async def script(api: Api, webhook: Webhook) -> None:
        await create(api, "look")
        await create(api, "act", type="mutation")
        one = {"query": "mutation { a: act { id } b: act { id } }"}
        reply = await api.post("/v1/graphql", [one, {"query": "{ look { id } }"}], ADMIN)
        assert reply.headers.get_list("set-cookie") == ["path=/act", "path=/act"]

    play(dsn, script)


def test_relationships_of_the_answer_are_read_with_the_callers_permissions(dsn: str) -> None:
    async def script(api: Api, webhook: Webhook) -> None:
        await create(api, "find", output_type="[person!]!", roles=("user",))
        webhook.replies["/find"] = (200, [{"id": 1}, {"id": 2}, {"id": 99}, {"id": 1, "friend": {"id": 2}}])
        answer = await api.graphql("{ find { articles(order_by: {id: desc}, limit: 1) { title } author { name } } }")
        assert answer["data"]["find"] == [
            {"articles": [{"title": "Two"}], "author": {"name": "Ada"}},
            {"articles": [{"title": "Three"}], "author": {"name": "Bob"}},
            {"articles": [], "author": None},
            {"articles": [{"title": "Two"}], "author": {"name": "Ada"}},
        ]
        inner = await api.graphql("{ find { friend { author { name articles { title } } } } }")
        assert inner["data"]["find"][3]["friend"]["author"] == {"name": "Bob", "articles": [{"title": "Three"}]}
        # The role sees articles of the author it is, and no authors at all.
        own = await api.graphql("{ find { articles { title } } }", USER)
        assert [len(one["articles"]) for one in own["data"]["find"]] == [2, 0, 0, 2]
        error = await refused(api, "{ find { author { name } } }", USER)
        assert error["message"] == "field 'author' not found in type: 'person'"

    play(dsn, script)


def test_a_key_the_column_cannot_be_is_an_error_and_no_injection(dsn: str) -> None:
    async def script(api: Api, webhook: Webhook) -> None:
        types = {
            "objects": [
                {
                    "name": "named",
                    "fields": [{"name": "key", "type": "anything"}],
                    "relationships": [
                        {"name": "author", "type": "object", "remote_table": "author", "field_mapping": {"key": "id"}}
                    ],
                }
            ],
            "scalars": [{"name": "anything"}],
        }
        await api.metadata("set_custom_types", types)
        await create(api, "find", output_type="named")
        for key in ("1; DROP TABLE author", {"a": 1}, [1], "1'", True, 1e300):
            webhook.replies["/find"] = (200, {"key": key})
            assert (await refused(api, "{ find { author { name } } }"))["extensions"]["code"] == "data-exception"
        webhook.replies["/find"] = (200, {"key": "2"})
        assert (await api.graphql("{ find { author { name } } }"))["data"]["find"] == {"author": {"name": "Bob"}}

    play(dsn, script)


def test_transforms_change_what_is_sent_and_what_comes_back(dsn: str) -> None:
    async def script(api: Api, webhook: Webhook) -> None:
        await create(
            api,
            "find",
            arguments=[{"name": "id", "type": "Int!"}],
            request_transform={
                "version": 2,
                "url": "{{ $base_url }}/{{ $body.input.id }}",
                "method": "PUT",
                "body": {"action": "transform", "template": '{"who": {{ $session_variables["x-hasura-role"] }}}'},
            },
            response_transform={
                "version": 2,
                "body": {"action": "transform", "template": '{"id": {{ size($body) }}}'},
            },
        )
        webhook.replies["/find/7"] = (200, [1, 2, 3])
        assert (await api.graphql("{ find(id: 7) { id } }"))["data"] == {"find": {"id": 3}}
        assert webhook.asked == [{"who": "admin"}]
        webhook.replies["/find/7"] = (200, True)
        webhook.replies["/find/8"] = (400, {"message": "m"})
        error = await refused(api, "{ find(id: 8) { id } }")
        assert error["message"] == "internal error"

    play(dsn, script)
