from __future__ import annotations

from typing import Any

from tests.graphql.serving import Api, authors_and_articles, play

DEFINITION: dict[str, Any] = {"handler": "http://hook/act", "output_type": "person"}
PERSON = {
    "name": "person",
    "fields": [{"name": "id", "type": "Int!"}],
    "relationships": [
        {"name": "author", "type": "object", "remote_table": "author", "field_mapping": {"id": "id"}},
    ],
}


async def prepared(api: Api) -> None:
    await authors_and_articles(api)
    await api.metadata("set_custom_types", {"objects": [PERSON]})
    await api.metadata("create_action", {"name": "act", "definition": DEFINITION})


async def exported(api: Api) -> Any:
    whole = (await api.metadata("export_metadata", {}, version=2))["metadata"]
    return whole.get("actions"), whole.get("custom_types")


def test_what_was_created_is_exported(dsn: str) -> None:
    async def script(api: Api) -> None:
        await prepared(api)
        await api.metadata("create_action_permission", {"action": "act", "role": "user"})
        actions, types = await exported(api)
        assert actions == [
            {
                "name": "act",
                "definition": {**DEFINITION, "type": "mutation", "kind": "synchronous"},
                "permissions": [{"role": "user"}],
            }
        ]
        relation = {**PERSON["relationships"][0], "source": "default"}  # type: ignore[dict-item]
        assert types["objects"][0]["relationships"] == [
            {**relation, "remote_table": {"schema": "public", "name": "author"}}
        ]

    play(dsn, script)


def test_an_update_keeps_the_permissions(dsn: str) -> None:
    async def script(api: Api) -> None:
        await prepared(api)
        await api.metadata("create_action_permission", {"action": "act", "role": "user"})
        changed = {**DEFINITION, "type": "query", "timeout": 5, "arguments": [{"name": "a", "type": "[Int!]"}]}
        await api.metadata("update_action", {"name": "act", "definition": changed, "comment": "new"})
        ((entry,), _) = await exported(api)
        assert (entry["definition"]["timeout"], entry["comment"]) == (5, "new")
        assert entry["permissions"] == [{"role": "user"}]

    play(dsn, script)


def test_what_is_there_twice_or_not_at_all_is_refused(dsn: str) -> None:
    async def script(api: Api) -> None:
        await prepared(api)
        again = {"name": "act", "definition": DEFINITION}
        assert await api.refused("create_action", again) == (
            "already-exists",
            "$.args",
            'action with name "act" already exists',
        )
        missing = ("not-exists", "$.args", 'action with name "other" does not exist')
        assert await api.refused("update_action", {"name": "other", "definition": DEFINITION}) == missing
        assert await api.refused("drop_action", {"name": "other"}) == missing
        permission = {"action": "act", "role": "user"}
        assert (await api.refused("drop_action_permission", permission))[0] == "not-exists"
        await api.metadata("create_action_permission", permission)
        assert (await api.refused("create_action_permission", permission))[0] == "already-exists"
        await api.metadata("drop_action_permission", permission)

    play(dsn, script)


def test_definitions_that_cannot_be_are_refused(dsn: str) -> None:
    wrong: list[tuple[dict[str, Any], str]] = [
        ({"output_type": "nobody"}, "invalid-configuration"),
        ({"arguments": [{"name": "a", "type": "person"}]}, "invalid-configuration"),
        ({"arguments": [{"name": "a", "type": "Int"}, {"name": "a", "type": "Int"}]}, "invalid-configuration"),
        ({"handler": "{{NOT_SET}}/x"}, "invalid-configuration"),
        ({"headers": [{"name": "a", "value_from_env": "NOT_SET"}]}, "invalid-configuration"),
        ({"output_type": "[person"}, "parse-failed"),
        ({"output_type": "[" * 400 + "Int" + "]" * 90}, "parse-failed"),
        ({"arguments": [{"name": "a-b", "type": "Int"}]}, "parse-failed"),
        ({"kind": "slow"}, "parse-failed"),
        ({"type": "query", "kind": "asynchronous"}, "parse-failed"),
        ({"timeout": -1}, "parse-failed"),
        ({"handler": ""}, "parse-failed"),
        ({"request_transform": {"version": 2, "url": "{{ x"}}, "validation-failed"),
        ({"response_transform": {"body": "{{ if }}"}}, "validation-failed"),
        ({"request_transform": {"version": 7}}, "parse-failed"),
    ]

    async def script(api: Api) -> None:
        await prepared(api)
        for change, code in wrong:
            found = await api.refused("create_action", {"name": "new", "definition": {**DEFINITION, **change}})
            assert found[0] == code, (change, found)
        for name in ("a b", "", "1a", "__a", 'a"; DROP TABLE author --'):
            assert (await api.refused("create_action", {"name": name, "definition": DEFINITION}))[0] == "parse-failed"
        assert len((await exported(api))[0]) == 1

    play(dsn, script)


def test_a_name_that_is_taken_is_refused(dsn: str) -> None:
    async def script(api: Api) -> None:
        await prepared(api)
        for name, more in (("insert_author", {}), ("author", {"type": "query"}), ("author", {"kind": "asynchronous"})):
            body = {"type": "create_action", "args": {"name": name, "definition": {**DEFINITION, **more}}}
            reply = (await api.post("/v1/metadata", body)).json()
            assert "Fields must not be defined more than once across all sources." in reply["error"]
        for name in ("author", "article_bool_exp", "Int", "query_root", "order_by"):
            fields = [{"name": "id", "type": "Int"}]
            args = {"objects": [PERSON, {"name": name, "fields": fields}]}
            assert (await api.refused("set_custom_types", args))[0] == "invalid-configuration", name

    play(dsn, script)


def test_types_that_cannot_be_are_refused_with_all_reasons(dsn: str) -> None:
    def object_(**change: Any) -> dict[str, Any]:
        return {"objects": [{**PERSON, **change}]}

    wrong: list[tuple[dict[str, Any], str]] = [
        (object_(fields=[{"name": "id", "type": "nothing"}]), 'the type "nothing" for field "id" in  object type'),
        (object_(fields=[{"name": "id", "type": "[Int]"}]), "is a list type"),
        (object_(fields=[{"name": "no", "type": "Int"}]), 'the field "id" for relationship "author"'),
        (object_(fields=[{"name": "id", "type": "Int"}] * 2), "declared more than once: id"),
        ({"objects": [PERSON], "scalars": [{"name": "person"}]}, "declared more than once: person"),
        ({"objects": [PERSON], "enums": [{"name": "e", "values": []}]}, 'the enum type "e" has no values'),
        ({"objects": [PERSON], "input_objects": [{"name": "i", "fields": [{"name": "p", "type": "person"}]}]}, '"i"'),
    ]

    async def script(api: Api) -> None:
        await prepared(api)
        for types, reason in wrong:
            code, path, message = await api.refused("set_custom_types", types)
            assert (code, path) == ("invalid-configuration", "$.args")
            assert reason in message, message
        both = object_(fields=[{"name": "a", "type": "x"}, {"name": "b", "type": "y"}], relationships=[])
        assert (await api.refused("set_custom_types", both))[2].count("•") == 2

    play(dsn, script)


def test_types_in_use_cannot_go(dsn: str) -> None:
    async def script(api: Api) -> None:
        await prepared(api)
        assert await api.refused("set_custom_types", {}) == (
            "unexpected",
            "$.args",
            "cannot continue due to new inconsistent metadata",
        )
        await api.metadata("drop_action", {"name": "act"})
        await api.metadata("set_custom_types", {})
        assert await exported(api) == (None, None)

    play(dsn, script)


def test_a_table_that_a_type_leads_to_goes_and_comes_back(dsn: str) -> None:
    async def script(api: Api) -> None:
        await prepared(api)
        reply = await api.post("/v2/query", {"type": "run_sql", "args": {"sql": "DROP TABLE author CASCADE"}})
        assert reply.status_code == 400
        inconsistent = {"actions": [{"name": "lost", "definition": {**DEFINITION, "output_type": "gone"}}]}
        whole = (await api.metadata("export_metadata", {}, version=2))["metadata"]
        args = {"metadata": {**whole, **inconsistent}, "allow_inconsistent_metadata": True}
        found = await api.metadata("replace_metadata", args, version=2)
        assert [entry["name"] for entry in found["inconsistent_objects"]] == ["action lost"]
        await api.metadata("drop_inconsistent_metadata", {})
        assert (await api.metadata("get_inconsistent_metadata", {}))["is_consistent"]

    play(dsn, script)


def test_the_schema_shows_actions_to_those_who_may_call_them(dsn: str) -> None:
    query = "{ __schema { mutationType { fields { name args { name type { kind } } type { name } } } } }"

    async def script(api: Api) -> None:
        await prepared(api)
        admin = (await api.graphql(query))["data"]["__schema"]["mutationType"]["fields"]
        assert {"name": "act", "args": [], "type": {"name": "person"}} in admin
        headers = {"x-hasura-admin-secret": "s3cret", "x-hasura-role": "user"}
        assert (await api.graphql(query, headers))["data"]["__schema"]["mutationType"] is None
        refused = await api.graphql("mutation { act { id } }", headers)
        assert refused["errors"][0]["message"] == "no mutations exist"

    play(dsn, script)
