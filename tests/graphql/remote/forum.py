"""A forum as a remote service: users, their messages, and a mutation."""

from __future__ import annotations

from typing import Any

SDL = """
    type Query {
        user(id: ID!): User
        users(ids: [ID!], where: UserWhere, limit: Int = 10): [User!]!
        node(id: ID!): Node
        anything(value: JSON): JSON
        forum: Forum
    }
    type Mutation { rename(id: ID!, name: String!): User }
    type Forum { user(id: ID!): User }
    interface Node { id: ID! }
    scalar JSON
    enum Kind { HUMAN BOT }
    input UserWhere { name: String  kind: Kind  owner: Int  inner: UserWhere }
    type User implements Node { id: ID!  name: String!  kind: Kind!  messages(first: Int): [Message!]!  secret: String }
    type Message implements Node { id: ID!  text: String! }
"""
READER = """
    schema { query: Query }
    type Query {
        user(id: ID! @preset(value: "X-Hasura-User-Id")): User
        users(where: UserWhere, limit: Int @preset(value: 2)): [User!]!
    }
    type User { id: ID!  name: String!  kind: Kind! }
    enum Kind { HUMAN }
    input UserWhere { name: String  owner: Int @preset(value: "x-hasura-user-id")  inner: UserWhere }
"""
"""A part of it, for a role."""

NAMES = {"1": "Ada", "2": "Bob", "3": "Cyd"}


class User:
    def __init__(self, key: str) -> None:
        self.id, self.name, self.kind = key, NAMES[key], "HUMAN"

    def messages(self, info: Any, first: int | None = None) -> list[Any]:
        return [Message(f"{self.id}{number}") for number in (1, 2)][:first]

    def secret(self, info: Any) -> str:
        raise ValueError("nobody may know")


class Message:
    def __init__(self, key: str) -> None:
        self.id, self.text = key, f"message {key}"


def user(key: Any) -> User | None:
    return User(str(key)) if str(key) in NAMES else None


class Root:
    """What the service answers with. `wheres` keeps the filters it was given."""

    def __init__(self) -> None:
        self.wheres: list[Any] = []

    def user(self, info: Any, id: str) -> User | None:
        return user(id)

    def users(self, info: Any, ids: Any = None, where: Any = None, limit: int | None = None) -> list[User]:
        self.wheres.append(where)
        return [User(key) for key in (NAMES if ids is None else map(str, ids)) if key in NAMES]

    def node(self, info: Any, id: str) -> Any:
        return user(id) if len(id) == 1 else Message(id)

    def anything(self, info: Any, value: Any = None) -> Any:
        return value

    def forum(self, info: Any) -> Root:
        return self

    def rename(self, info: Any, id: str, name: str) -> User | None:
        found = user(id)
        if found:
            found.name = name
        return found
