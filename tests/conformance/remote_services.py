"""Small remote GraphQL services, one a path: what the cases' own requests and answers show of them.

The original services are not part of the data. Paths, fields, arguments and answers here are those that the case files
name; where a file leaves something open, it is left as plain as can be.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any, Final

from graphql import (
    GraphQLField,
    GraphQLInterfaceType,
    GraphQLObjectType,
    GraphQLResolveInfo,
    GraphQLSchema,
    GraphQLUnionType,
    build_schema,
    graphql,
)
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

_USERS: Final[Mapping[int, dict[str, Any]]] = {
    1: {"id": 1, "username": "jane"},
    2: {"id": 2, "username": "john"},
    3: {"id": 3, "username": "joe"},
}
_DROID: Final = {"kind": "Droid", "id": "1", "name": "R2-D2", "primaryFunction": "Astromech"}
_HUMAN: Final = {"kind": "Human", "id": "2", "name": "Luke Skywalker", "homePlanet": "Tatooine", "droid": _DROID}
_DELAY_S: Final = 10

HELLO: Final = """
    type Query { hello(arg: String!): String  delayedHello(arg: String!): String }
    schema { query: Query }
"""
USER: Final = """
    type User { id: Int  username: String  generateError: String }
    type CreateUser { user: User }
    type UserQuery { user(id: Int!): User  allUsers: [User] }
    type UserMutation { createUser(id: Int!, username: String!): CreateUser }
    schema { query: UserQuery  mutation: UserMutation }
"""
COUNTRY: Final = """
    type Country { name: String }
    type CountryQuery { country: Country }
    schema { query: CountryQuery }
"""
CHARACTERS: Final = """
    interface Character { id: ID!  name: String! }
    type Human implements Character { id: ID!  name: String!  homePlanet: String  droid: Droid }
    type Droid implements Character { id: ID!  name: String!  primaryFunction: String }
    type CharacterIFaceQuery { hero(episode: Int!): Character  heroes: [Character] }
    schema { query: CharacterIFaceQuery }
"""
UNION: Final = """
    type Human { id: ID!  name: String!  homePlanet: String }
    type Droid { id: ID!  name: String!  primaryFunction: String }
    union SearchResult = Human | Droid
    type UnionQuery { search(episode: Int!): SearchResult }
    schema { query: UnionQuery }
"""
JSON_SCALAR: Final = """
    scalar JSON
    type JsonQuery { jsonTest: JSON }
    schema { query: JsonQuery }
"""
_HERO: Final = "type Query { hero: Character } schema { query: Query }"
BROKEN: Final = {
    "iface-graphql-err-empty-field-list": f"""
        interface Character
        type Human implements Character {{ id: ID! }} {_HERO}
    """,
    "iface-graphql-err-missing-field": f"""
        interface Character {{ id: ID! }}
        type Droid implements Character {{ name: String }} {_HERO}
    """,
    "iface-graphql-err-missing-arg": f"""
        interface Character {{ id(ifaceArg: String): ID! }}
        type Droid implements Character {{ id: ID! }} {_HERO}
    """,
    "iface-graphql-err-extra-non-null-arg": f"""
        interface Character {{ id: ID! }}
        type Droid implements Character {{ id(extraArg: Int!): ID! }} {_HERO}
    """,
    "union-graphql-err-no-member-types": """
        union CharacterSearchResult
        type Query { search: CharacterSearchResult } schema { query: Query }
    """,
}


def app() -> Starlette:
    found = {
        "hello-graphql": _hello(),
        "user-graphql": _user(),
        "country-graphql": build_schema(COUNTRY),
        "character-iface-graphql": _characters(),
        "union-graphql": _union(),
        "json-scalar-graphql": _json(),
        "union-graphql-err-subtype-iface": _interface_in_union(),
        **{path: build_schema(sdl, assume_valid=True, assume_valid_sdl=True) for path, sdl in BROKEN.items()},
    }
    return Starlette(routes=[Route(f"/{path}", _service(schema), methods=["POST"]) for path, schema in found.items()])


def _service(schema: GraphQLSchema) -> Any:
    async def answer(request: Request) -> Response:
        asked = await request.json()
        result = await graphql(
            schema,
            asked["query"],
            variable_values=asked.get("variables"),
            operation_name=asked.get("operationName"),
        )
        return JSONResponse(result.formatted)

    return answer


def resolve(schema: GraphQLSchema, type_: str, **resolvers: Any) -> None:
    owner = schema.type_map[type_]
    assert isinstance(owner, GraphQLObjectType)
    for name, resolver in resolvers.items():
        owner.fields[name].resolve = resolver


def _hello() -> GraphQLSchema:
    async def delayed(_: Any, info: GraphQLResolveInfo, arg: str) -> str:
        await asyncio.sleep(_DELAY_S)
        return f"Hello {arg}"

    schema = build_schema(HELLO)
    resolve(schema, "Query", hello=lambda _, info, arg: f"Hello {arg}", delayedHello=delayed)
    return schema


def _user() -> GraphQLSchema:
    def fails(user: Any, info: GraphQLResolveInfo) -> None:
        raise ValueError('Cannot query field "generateError" on type "User".')

    schema = build_schema(USER)
    resolve(schema, "User", generateError=fails)
    resolve(
        schema, "UserQuery", user=lambda _, info, id: _USERS.get(id), allUsers=lambda _, info: list(_USERS.values())
    )
    resolve(schema, "UserMutation", createUser=lambda _, info, id, username: {"user": {"id": id, "username": username}})
    return schema


def _characters() -> GraphQLSchema:
    schema = build_schema(CHARACTERS)
    _typed(schema, "Character")
    resolve(
        schema,
        "CharacterIFaceQuery",
        hero=lambda _, info, episode: _HUMAN if episode == 5 else _DROID,
        heroes=lambda _, info: [_DROID, _HUMAN],
    )
    return schema


def _union() -> GraphQLSchema:
    schema = build_schema(UNION)
    _typed(schema, "SearchResult")
    resolve(schema, "UnionQuery", search=lambda _, info, episode: _HUMAN if episode == 2 else _DROID)
    return schema


def _typed(schema: GraphQLSchema, name: str) -> None:
    type_ = schema.type_map[name]
    assert isinstance(type_, GraphQLInterfaceType | GraphQLUnionType)
    type_.resolve_type = lambda value, info, abstract: value["kind"]


def _json() -> GraphQLSchema:
    schema = build_schema(JSON_SCALAR)
    resolve(schema, "JsonQuery", jsonTest=lambda _, info: {"foo\\": "bar", '"foo"': "bar"})
    return schema


def _interface_in_union() -> GraphQLSchema:
    """Schema language cannot say it: a union of an interface."""
    schema = build_schema(CHARACTERS)
    union = GraphQLUnionType("CharacterSearchResult", [schema.type_map["Character"]])  # type: ignore[list-item]
    query = GraphQLObjectType("Query", {"search": GraphQLField(union)})
    return GraphQLSchema(query, types=list(schema.type_map.values()), assume_valid=True)
