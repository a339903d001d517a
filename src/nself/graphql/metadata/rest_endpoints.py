"""REST endpoints as metadata: a URL that stands for a query of a collection."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

from graphql import OperationType

from nself.graphql.language.document import definitions
from nself.graphql.metadata.collections import QueryCollection
from nself.graphql.metadata.reader import Reader
from nself.records import dataclass

METHODS: Final = ("GET", "POST", "PUT", "PATCH", "DELETE")
VARIABLE: Final = ":"


@dataclass(frozen=True, slots=True, kw_only=True)
class RestEndpoint:
    """`url` is what follows /api/rest/; a segment such as `:id` binds the variable `id`."""

    name: str
    url: str
    methods: tuple[str, ...]
    collection: str
    query: str
    comment: str | None = None

    @property
    def segments(self) -> tuple[str, ...]:
        """A slash at either end means nothing."""
        return tuple(self.url.removeprefix("/").removesuffix("/").split("/"))

    @property
    def variables(self) -> tuple[str, ...]:
        return tuple(segment[1:] for segment in self.segments if segment.startswith(VARIABLE))


def endpoint(reader: Reader) -> RestEndpoint:
    query, comment = reader.at("definition").at("query"), reader.get("comment")
    return RestEndpoint(
        name=reader.at("name").name(),
        url=reader.at("url").name(),
        methods=_methods(reader.at("methods")),
        collection=query.at("collection_name").name(),
        query=query.at("query_name").name(),
        comment=comment.text() if comment is not None else None,
    )


def _methods(reader: Reader) -> tuple[str, ...]:
    methods = reader.names()
    if not methods:
        reader.fail("parsing NonEmpty failed, unexpected empty list")
    for method in methods:
        if method not in METHODS:
            reader.fail(f"expected one of {', '.join(METHODS)}, encountered {method}")
    return tuple(dict.fromkeys(methods))


def render(entry: RestEndpoint) -> dict[str, Any]:
    return {
        "name": entry.name,
        "url": entry.url,
        "methods": list(entry.methods),
        "definition": {"query": {"collection_name": entry.collection, "query_name": entry.query}},
        **({} if entry.comment is None else {"comment": entry.comment}),
    }


def text_of(entry: RestEndpoint, collections: Mapping[str, QueryCollection]) -> str | None:
    """The query behind an endpoint."""
    collection = collections.get(entry.collection)
    return collection.queries.get(entry.query) if collection else None


def objection(entry: RestEndpoint, collections: Mapping[str, QueryCollection]) -> str | None:
    """Why the endpoint cannot be served, whatever other endpoints there are."""
    if any(segment in ("", VARIABLE) for segment in entry.segments):
        return f"Empty segments or unnamed variables are not allowed: {entry.url}"
    if len(set(entry.variables)) < len(entry.variables):
        return f"Duplicate variables in the path are not allowed: {entry.url}"
    if entry.collection not in collections:
        return f'collection with name "{entry.collection}" does not exist'
    text = text_of(entry, collections)
    if text is None:
        return f'query with name "{entry.query}" does not exist in collection "{entry.collection}"'
    operations = definitions(text)
    if len(operations) != 1:
        return f"a REST endpoint needs a query with exactly one operation: {entry.query}"
    if operations[0].kind is OperationType.SUBSCRIPTION:
        return f"query with name {entry.query} is a subscription"
    return None


def clashes(entries: Iterable[RestEndpoint]) -> Iterator[list[RestEndpoint]]:
    """Groups of endpoints that one request could mean, each in the order of their URLs."""
    alike: dict[tuple[str, int], list[RestEndpoint]] = {}
    for entry in entries:
        for method in entry.methods:
            alike.setdefault((method, len(entry.segments)), []).append(entry)
    told: set[tuple[str, ...]] = set()
    for candidates in alike.values():
        for group in _groups(candidates):
            names = tuple(entry.name for entry in group)
            if names not in told:
                told.add(names)
                yield group


def _groups(candidates: list[RestEndpoint]) -> Iterator[list[RestEndpoint]]:
    """Endpoints of one method and one number of segments. A URL without variables can only be the same as another."""
    tree = _Tree()
    for entry in candidates:
        tree.add(entry)
    told: set[tuple[str, ...]] = set()
    for entry in candidates:
        shape = _shape(entry)
        if shape in told:
            continue
        told.add(shape)
        group = list(tree.overlapping(shape) if VARIABLE in shape else tree.same(shape))
        if len(group) > 1:
            yield sorted(group, key=lambda entry: (entry.url, entry.name))


def _shape(entry: RestEndpoint) -> tuple[str, ...]:
    """The segments without the names of variables."""
    return tuple(VARIABLE if segment.startswith(VARIABLE) else segment for segment in entry.segments)


class _Tree:
    """Endpoints by their segments: looking for clashes visits what begins alike, not every pair."""

    def __init__(self) -> None:
        self._below: dict[str, _Tree] = {}
        self._ends: list[RestEndpoint] = []

    def add(self, entry: RestEndpoint) -> None:
        node = self
        for segment in _shape(entry):
            node = node._below.setdefault(segment, _Tree())
        node._ends.append(entry)

    def same(self, shape: tuple[str, ...]) -> list[RestEndpoint]:
        node = self
        for segment in shape:
            node = node._below[segment]
        return node._ends

    def overlapping(self, shape: tuple[str, ...]) -> Iterator[RestEndpoint]:
        if not shape:
            yield from self._ends
            return
        first, rest = shape[0], shape[1:]
        alike = self._below if first == VARIABLE else {first, VARIABLE} & self._below.keys()
        for segment in alike:
            yield from self._below[segment].overlapping(rest)


def ambiguous(group: Iterable[RestEndpoint]) -> str:
    return f"Ambiguous URL paths: {', '.join(dict.fromkeys(entry.url for entry in group))}"
