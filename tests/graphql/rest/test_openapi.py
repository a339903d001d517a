from __future__ import annotations

from typing import Any

from tests.graphql.http.test_rest import endpoint, stored
from tests.graphql.serving import ADMIN, Api, play

OBJECTS = "#/components/schemas/author_insert_input!"


async def described(api: Api) -> Any:
    reply = await api.http.get("/api/swagger/json", headers=ADMIN)
    assert reply.status_code == 200
    return reply.json()


def test_lists_of_input_objects_are_described_by_components_that_may_hold_each_other(dsn: str) -> None:
    async def script(api: Api) -> None:
        await stored(api)
        await api.metadata("create_rest_endpoint", endpoint("add", "authors", "POST"))
        found = await described(api)
        operation = found["paths"]["/api/rest/authors"]["post"]
        assert [parameter["name"] for parameter in operation["parameters"]] == ["x-hasura-admin-secret"]
        assert operation["requestBody"]["required"] is True
        schema = operation["requestBody"]["content"]["application/json"]["schema"]
        assert schema["properties"]["objects"] == {"type": "array", "nullable": False, "items": {"$ref": OBJECTS}}
        schemas = found["components"]["schemas"]
        author = schemas["author_insert_input!"]
        assert author["properties"]["articles"] == {"$ref": "#/components/schemas/article_arr_rel_insert_input"}
        assert author["properties"]["name"] == {"type": "string", "title": "String", "nullable": True}
        assert schemas["article_constraint!"]["enum"] == ["article_pkey"]
        references = {part.split('"')[0] for part in str(found).replace("'", '"').split("#/components/schemas/")[1:]}
        assert references == set(schemas)

    play(dsn, script)


def test_parameters_say_where_a_value_may_be_put(dsn: str) -> None:
    async def script(api: Api) -> None:
        await stored(api)
        await api.metadata("create_rest_endpoint", {**endpoint("one", "one/:id", "GET", "DELETE"), "comment": "By key"})
        found = (await described(api))["paths"]["/api/rest/one/{id}"]
        assert set(found) == {"get", "delete"}
        assert found["get"]["description"].startswith("By key\n***\n")
        assert found["get"]["parameters"][1] == {
            "in": "path",
            "name": "id",
            "required": True,
            "description": '_"id" is required as part of the path_',
            "schema": {"type": "integer"},
        }
        assert "requestBody" not in found["get"]

    play(dsn, script)


def test_the_document_is_for_the_administrator(dsn: str) -> None:
    async def script(api: Api) -> None:
        reply = await api.http.get("/api/swagger/json", headers={**ADMIN, "x-hasura-role": "user"})
        assert (reply.status_code, reply.json()["code"]) == (400, "access-denied")
        assert (await described(api))["paths"] == {}

    play(dsn, script)
