from __future__ import annotations

from typing import Any

from tests.graphql.serving import Api, authors_and_articles, play

NAMES = "query Names { author { name } }"


async def collected(api: Api, **queries: str) -> None:
    await authors_and_articles(api)
    listed = [{"name": name, "query": text} for name, text in queries.items()]
    await api.metadata("create_query_collection", {"name": "c", "definition": {"queries": listed}, "comment": "mine"})


async def whole(api: Api) -> Any:
    return (await api.metadata("export_metadata", {}, version=2))["metadata"]


def test_a_collection_is_exported_as_it_was_created_and_follows_its_queries(dsn: str) -> None:
    async def script(api: Api) -> None:
        await collected(api, names=NAMES)
        await api.metadata(
            "add_query_to_collection", {"collection_name": "c", "query_name": "b", "query": "{__typename}"}
        )
        queries = [{"name": "names", "query": NAMES}, {"name": "b", "query": "{__typename}"}]
        expected = {"name": "c", "comment": "mine", "definition": {"queries": queries}}
        assert (await whole(api))["query_collections"] == [expected]
        await api.metadata("drop_query_from_collection", {"collection_name": "c", "query_name": "b"})
        assert (await whole(api))["query_collections"][0]["definition"]["queries"] == queries[:1]

    play(dsn, script)


def test_a_rename_is_followed_by_the_allow_list_and_by_endpoints(dsn: str) -> None:
    async def script(api: Api) -> None:
        await collected(api, names=NAMES)
        await api.metadata("add_collection_to_allowlist", {"collection": "c"})
        query = {"collection_name": "c", "query_name": "names"}
        endpoint = {"name": "e", "url": "names", "methods": ["GET"], "definition": {"query": query}}
        await api.metadata("create_rest_endpoint", endpoint)
        await api.metadata("rename_query_collection", {"name": "c", "new_name": "d"})
        found = await whole(api)
        assert [entry["name"] for entry in found["query_collections"]] == ["d"]
        assert found["allowlist"] == [{"collection": "d", "scope": {"global": True}}]
        assert found["rest_endpoints"][0]["definition"]["query"]["collection_name"] == "d"

    play(dsn, script)


def test_what_is_in_use_is_dropped_only_with_cascade(dsn: str) -> None:
    async def script(api: Api) -> None:
        await collected(api, names=NAMES)
        query = {"collection_name": "c", "query_name": "names"}
        endpoint = {"name": "e", "url": "names", "methods": ["GET"], "definition": {"query": query}}
        await api.metadata("create_rest_endpoint", endpoint)
        assert (await api.refused("drop_query_from_collection", query))[0] == "dependency-error"
        assert (await api.refused("drop_query_collection", {"collection": "c"}))[0] == "dependency-error"
        await api.metadata("add_collection_to_allowlist", {"collection": "c"})
        assert "allowlist" in (await api.refused("drop_query_collection", {"collection": "c", "cascade": False}))[2]
        await api.metadata("drop_query_collection", {"collection": "c", "cascade": True})
        assert not {"query_collections", "allowlist", "rest_endpoints"} & set(await whole(api))

    play(dsn, script)


def test_names_that_are_taken_or_unknown_and_texts_that_are_no_graphql_are_refused(dsn: str) -> None:
    async def script(api: Api) -> None:
        await collected(api, names=NAMES)
        empty = {"name": "c", "definition": {"queries": []}}
        assert (await api.refused("create_query_collection", empty))[0] == "already-exists"
        again = {"collection_name": "c", "query_name": "names", "query": NAMES}
        assert (await api.refused("add_query_to_collection", again))[0] == "already-exists"
        assert (await api.refused("add_query_to_collection", {**again, "query": "{"}))[:2] == (
            "parse-failed",
            "$.query",
        )
        assert (await api.refused("add_query_to_collection", {**again, "collection_name": "x"}))[0] == "not-exists"
        assert (await api.refused("rename_query_collection", {"name": "x", "new_name": "y"}))[0] == "not-exists"
        assert (await api.refused("rename_query_collection", {"name": "c", "new_name": "c"}))[0] == "already-exists"
        assert (await api.refused("drop_query_collection", {"collection": "x"}))[0] == "not-exists"

    play(dsn, script)


def test_a_query_of_fields_that_do_not_exist_is_refused_when_it_is_added(dsn: str) -> None:
    async def script(api: Api) -> None:
        await authors_and_articles(api)
        queries = [{"name": "q", "query": "query ($id: Int!) { author_by_pk(id: $id) { name nick ...F } }"}]
        args = {"name": "c", "definition": {"queries": queries}}
        code, _, message = await api.refused("create_query_collection", args)
        assert code == "invalid-configuration"
        assert "$.author_by_pk.nick: field 'nick' not found in object 'author'" in message
        assert "reference to undefined fragment 'F'" in message
        assert "query_collections" not in await whole(api)

    play(dsn, script)


def test_a_table_is_not_taken_from_under_a_stored_query(dsn: str) -> None:
    async def script(api: Api) -> None:
        await collected(api, names=NAMES)
        reply = await api.post(
            "/v1/metadata", {"type": "pg_untrack_table", "args": {"table": "author", "cascade": True}}
        )
        assert (reply.status_code, reply.json()["code"]) == (500, "unexpected")
        assert reply.json()["internal"][0]["name"] == "query_collections names in c"
        assert (await api.graphql("{ author { id } }"))["data"]

    play(dsn, script)


def test_dropping_what_is_inconsistent_leaves_the_sound_queries(dsn: str) -> None:
    async def script(api: Api) -> None:
        await collected(api, names=NAMES, other="{ article { id } }")
        document = await whole(api)
        document["sources"][0]["tables"] = [
            t for t in document["sources"][0]["tables"] if t["table"]["name"] == "article"
        ]
        document["sources"][0]["tables"][0].pop("object_relationships")
        document["sources"][0]["tables"][0].pop("select_permissions")
        document["allowlist"] = [{"collection": "nowhere", "scope": {"global": True}}]
        args = {"metadata": document, "allow_inconsistent_metadata": True}
        state = await api.metadata("replace_metadata", args, version=2)
        kinds = sorted(entry["type"] for entry in state["inconsistent_objects"])
        assert kinds == ["allowlist", "query_collections"]
        await api.metadata("drop_inconsistent_metadata", {})
        found = await whole(api)
        assert [query["name"] for query in found["query_collections"][0]["definition"]["queries"]] == ["other"]
        assert "allowlist" not in found

    play(dsn, script)
