from __future__ import annotations

from typing import Any

import httpx
import pytest

from tests.graphql.serving import ADMIN, Api, authors_and_articles, play

USER = {**ADMIN, "x-hasura-role": "user", "x-hasura-name": "Ada"}
QUERIES = {
    "all": "query ($limit: Int = 2) { article(limit: $limit, order_by: {id: asc}) { id title } }",
    "one": "query ($id: Int!) { article_by_pk(id: $id) { title } }",
    "some": "query ($ids: [Int!]!, $with: Boolean!) { article(where: {id: {_in: $ids}}, order_by: {id: asc}) "
    "{ id title @include(if: $with) } }",
    "titled": "query ($title: String) { article(where: {title: {_eq: $title}}) { id } }",
    "add": "mutation ($objects: [author_insert_input!]!) { insert_author(objects: $objects) { affected_rows } }",
    "live": "subscription { article { id } }",
    "two": "query A { article { id } } query B { article { id } }",
}


async def stored(api: Api) -> None:
    await authors_and_articles(api)
    listed = [{"name": name, "query": text} for name, text in QUERIES.items()]
    await api.metadata("create_query_collection", {"name": "c", "definition": {"queries": listed}})


def endpoint(query: str, url: str, *methods: str) -> dict[str, Any]:
    definition = {"query": {"collection_name": "c", "query_name": query}}
    return {"name": url, "url": url, "methods": list(methods) or ["GET"], "definition": definition}


def answer(reply: httpx.Response) -> tuple[int, Any]:
    return reply.status_code, reply.json()


def test_the_answer_is_the_data_itself_and_the_session_is_that_of_graphql(dsn: str) -> None:
    async def script(api: Api) -> None:
        await stored(api)
        await api.metadata("create_rest_endpoint", endpoint("all", "articles"))
        everything = (200, {"article": [{"id": 1, "title": "One"}, {"id": 2, "title": "Two"}]})
        assert answer(await api.http.get("/api/rest/articles?limit=5", headers=USER)) == everything
        assert answer(await api.http.get("/api/rest/articles/", headers=ADMIN)) == everything
        refused = await api.http.get("/api/rest/articles")
        assert (refused.status_code, refused.json()["code"]) == (401, "access-denied")
        other = await api.http.get("/api/rest/articles", headers={**USER, "x-hasura-role": "nobody"})
        assert answer(other) == (
            400,
            {
                "path": "$.selectionSet.article",
                "error": "field 'article' not found in type: 'query_root'",
                "code": "validation-failed",
            },
        )

    play(dsn, script)


def test_variables_come_from_path_query_string_json_and_forms(dsn: str) -> None:
    async def script(api: Api) -> None:
        await stored(api)
        await api.metadata("create_rest_endpoint", endpoint("one", "article/:id", "GET"))
        await api.metadata("create_rest_endpoint", endpoint("some", "some", "GET", "POST"))
        await api.metadata("create_rest_endpoint", endpoint("add", "authors", "POST", "PUT", "PATCH"))
        assert (await api.http.get("/api/rest/article/2", headers=ADMIN)).json()["article_by_pk"] == {"title": "Two"}
        both = {"article": [{"id": 1, "title": "One"}, {"id": 3, "title": "Three"}]}
        for query in ("ids=1&ids=3&with=true", "ids=[1,3]&with", "ids=%5B1%2C3%5D&with=T"):
            assert (await api.http.get(f"/api/rest/some?{query}", headers=ADMIN)).json() == both
        body = {"ids": [1, 3], "with": True, "unknown": 1}
        assert (await api.http.post("/api/rest/some", json=body, headers=ADMIN)).json() == both
        form = {"ids": ["1", "3"], "with": "true"}
        assert (await api.http.post("/api/rest/some", data=form, headers=ADMIN)).json() == both
        shown = (await api.http.get("/api/rest/some?ids=1&with=false", headers=ADMIN)).json()
        assert shown == {"article": [{"id": 1}]}
        for method, name in (("POST", "X"), ("PUT", "Y"), ("PATCH", "Z")):
            body = {"objects": [{"name": name}]}
            reply = await api.http.request(method, "/api/rest/authors", json=body, headers=ADMIN)
            assert reply.json() == {"insert_author": {"affected_rows": 1}}

    play(dsn, script)


def test_what_is_missing_is_null_or_the_default_or_an_error(dsn: str) -> None:
    async def script(api: Api) -> None:
        await stored(api)
        await api.metadata("create_rest_endpoint", endpoint("one", "one"))
        await api.metadata("create_rest_endpoint", endpoint("titled", "titled"))
        assert answer(await api.http.get("/api/rest/one", headers=ADMIN)) == (
            400,
            {
                "path": "$",
                "error": 'expecting a value for non-nullable variable: "id"',
                "code": "validation-failed",
            },
        )
        assert (await api.http.get("/api/rest/titled", headers=ADMIN)).status_code == 400
        assert (await api.http.get("/api/rest/titled?title=%4fne", headers=ADMIN)).json() == {"article": [{"id": 1}]}
        wrong = await api.http.get("/api/rest/one?id=x", headers=ADMIN)
        assert (wrong.status_code, wrong.json()["code"]) == (400, "data-exception")

    play(dsn, script)


def test_unknown_paths_and_methods_are_told_apart(dsn: str) -> None:
    async def script(api: Api) -> None:
        await stored(api)
        await api.metadata("create_rest_endpoint", endpoint("one", "article/:id", "GET", "POST"))
        unknown = (404, {"path": "$", "error": "Endpoint not found", "code": "not-found"})
        for path in ("", "article", "article/1/2", "article//", "Article/1", "%2e%2e", "%2e%2e/%2e%2e/v1/version"):
            assert answer(await api.http.get(f"/api/rest/{path}", headers=ADMIN)) == unknown, path
        assert answer(await api.http.delete("/api/rest/article/1", headers=ADMIN)) == (
            405,
            {"path": "$", "error": "Allowed methods: GET, POST", "code": "method-not-allowed"},
        )

    play(dsn, script)


@pytest.mark.parametrize(
    ("sent", "title"),
    [("a%2Fb", "a/b"), ("%E2%98%83", "☃"), ("%252F", "%2F"), ("..%2f..%2fetc", "../../etc"), ("'%3B--", "';--")],
)
def test_a_path_segment_is_one_value_whatever_it_holds(dsn: str, sent: str, title: str) -> None:
    async def script(api: Api) -> None:
        await stored(api)
        insert = "mutation ($t: String) { insert_article_one(object: {title: $t}) { title } }"
        await api.post("/v1/graphql", {"query": insert, "variables": {"t": title}})
        await api.metadata("create_rest_endpoint", endpoint("titled", "titled/:title"))
        reply = await api.http.get(f"/api/rest/titled/{sent}", headers=ADMIN)
        assert answer(reply) == (200, {"article": [{"id": 4}]})

    play(dsn, script)


def test_hostile_requests_get_an_answer_of_ours(dsn: str) -> None:
    async def script(api: Api) -> None:
        await stored(api)
        await api.metadata("create_rest_endpoint", endpoint("titled", "titled/:title", "GET", "POST"))
        await api.metadata("create_rest_endpoint", endpoint("titled", "titled", "GET", "POST"))

        async def code(method: str, path: str, **more: Any) -> tuple[int, str]:
            reply = await api.http.request(method, f"/api/rest/{path}", headers=ADMIN, **more)
            return reply.status_code, reply.json()["code"]

        assert await code("GET", "titled/%ff") == (400, "bad-request")
        assert await code("GET", "titled/%00") == (400, "data-exception")
        assert await code("GET", "titled?title=%ff") == (400, "bad-request")
        assert await code("GET", "titled?" + "&".join("a=1" for _ in range(2000))) == (400, "bad-request")
        assert await code("POST", "titled", content=b"{") == (400, "invalid-json")
        assert await code("POST", "titled", content=b"[1]") == (400, "parse-failed")
        assert await code("POST", "titled", content=b"[" * 100_000) == (400, "invalid-json")
        assert await code("POST", "titled?title=a", json={"title": "b"}) == (400, "bad-request")
        assert await code("POST", "titled", content=b"x" * (1024 * 1024 + 1)) == (413, "bad-request")

    play(dsn, script, HASURA_GRAPHQL_BODY_LIMIT="1")


def test_endpoints_that_cannot_be_served_are_refused(dsn: str) -> None:
    async def script(api: Api) -> None:
        await stored(api)

        async def why(args: dict[str, Any]) -> tuple[str, str]:
            code, _, message = await api.refused("create_rest_endpoint", args)
            return code, message

        await api.metadata("create_rest_endpoint", endpoint("one", "a/:id"))
        assert await why(endpoint("one", "a/:id")) == ("already-exists", 'Endpoint with name "a/:id" already exists')
        ambiguous = await why(endpoint("one", ":x/b"))
        assert ambiguous == ("invalid-configuration", "Ambiguous URL paths: :x/b, a/:id")
        await api.metadata("create_rest_endpoint", endpoint("one", "a/b", "POST"))
        assert (await why(endpoint("one", "b//c")))[0] == "invalid-configuration"
        assert (await why(endpoint("one", "b/:")))[0] == "invalid-configuration"
        assert (await why(endpoint("one", ":id/:id/c")))[0] == "invalid-configuration"
        assert (await why(endpoint("two", "two")))[0] == "invalid-configuration"
        assert (await why(endpoint("none", "n")))[0] == "not-exists"
        assert (await why(endpoint("one", "n", "TRACE")))[0] == "parse-failed"
        reply = await api.post("/v1/metadata", {"type": "create_rest_endpoint", "args": endpoint("live", "live")})
        assert (reply.status_code, reply.json()["code"]) == (405, "method-not-allowed")
        assert await api.refused("drop_rest_endpoint", {"name": "x"}) == (
            "not-exists",
            "$.args",
            'Endpoint with name "x" does not exist',
        )

    play(dsn, script)


def test_inconsistent_endpoints_are_left_out_and_listed(dsn: str) -> None:
    async def script(api: Api) -> None:
        await stored(api)
        document = (await api.metadata("export_metadata", {}, version=2))["metadata"]
        document["rest_endpoints"] = [
            endpoint("all", "sound"),
            endpoint("all", ":any/b"),
            endpoint("all", "a/:any"),
            endpoint("gone", "gone"),
        ]
        args = {"metadata": document, "allow_inconsistent_metadata": True}
        state = await api.metadata("replace_metadata", args, version=2)
        assert [entry["name"] for entry in state["inconsistent_objects"]] == [
            "rest_endpoint gone",
            "rest_endpoint :any/b",
            "rest_endpoint a/:any",
        ]
        assert (await api.http.get("/api/rest/sound", headers=ADMIN)).status_code == 200
        assert (await api.http.get("/api/rest/a/b", headers=ADMIN)).status_code == 404
        await api.metadata("drop_inconsistent_metadata", {})
        found = (await api.metadata("export_metadata", {}, version=2))["metadata"]
        assert [entry["name"] for entry in found["rest_endpoints"]] == ["sound"]

    play(dsn, script)
