"""Query collections and the allow list: what they hold, read from JSON and written back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from typing import Any

from nself.graphql.errors import ApiError
from nself.graphql.language.document import definitions
from nself.graphql.metadata.reader import Reader
from nself.records import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class QueryCollection:
    """`queries` is {name: GraphQL text}."""

    name: str
    queries: Mapping[str, str] = field(default_factory=dict)
    comment: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AllowedCollection:
    """`roles` of None means everybody. A scope of roles is kept, and opens nothing: it belongs to another edition."""

    collection: str
    roles: tuple[str, ...] | None = None


def collection(reader: Reader) -> QueryCollection:
    queries: dict[str, str] = {}
    listed = reader.at("definition").at("queries")
    for item in listed.items():
        name = item.at("name").name()
        if name in queries:
            listed.fail(f'multiple queries have the name "{name}"')
        queries[name] = query_text(item.at("query"))
    comment = reader.get("comment")
    return QueryCollection(
        name=reader.at("name").name(), queries=queries, comment=comment.text() if comment is not None else None
    )


def query_text(reader: Reader) -> str:
    """GraphQL that parses; whether it fits the schema is for later."""
    text = reader.text()
    try:
        definitions(text)
    except ApiError as error:
        reader.fail(error.message)
    return text


def allowed(reader: Reader) -> AllowedCollection:
    name, scope = reader.at("collection").name(), reader.get("scope")
    return AllowedCollection(collection=name, roles=_roles(scope) if scope else None)


def _roles(scope: Reader) -> tuple[str, ...] | None:
    if scope.at("global").boolean():
        if "roles" in scope.object():
            scope.fail("roles are not allowed when global is true")
        return None
    listed = scope.at("roles")
    roles = listed.names()
    if not roles:
        listed.fail("parsing NonEmpty failed, unexpected empty list")
    if len(set(roles)) < len(roles):
        listed.fail("duplicate roles are not allowed")
    return roles


def render_collection(entry: QueryCollection) -> dict[str, Any]:
    queries = [{"name": name, "query": text} for name, text in entry.queries.items()]
    comment = {} if entry.comment is None else {"comment": entry.comment}
    return {"name": entry.name, **comment, "definition": {"queries": queries}}


def render_allowed(entry: AllowedCollection) -> dict[str, Any]:
    scope = {"global": True} if entry.roles is None else {"global": False, "roles": list(entry.roles)}
    return {"collection": entry.collection, "scope": scope}
