"""A template as a tree. Every node knows where it stands, for errors."""

from __future__ import annotations

from typing import Any, TypeAlias

from msgspec import Struct

from nself.graphql.transforms.failures import Span


class Literal(Struct, frozen=True):
    value: Any
    span: Span


class Text(Struct, frozen=True):
    """A string with values inside: `"http://{{ $body.host }}/"`."""

    parts: tuple[str | Node, ...]
    span: Span


class Name(Struct, frozen=True):
    name: str
    span: Span


class Step(Struct, frozen=True):
    """`.key`, `[0]` or `['key']`; after `?` a missing one makes the whole path null."""

    key: Node
    optional: bool


class Path(Struct, frozen=True):
    of: Node
    steps: tuple[Step, ...]
    span: Span


class Call(Struct, frozen=True):
    function: str
    argument: Node
    span: Span


class Infix(Struct, frozen=True):
    operator: str
    left: Node
    right: Node
    span: Span


class Listed(Struct, frozen=True):
    """A range directly inside of it gives its items, not a list of them."""

    items: tuple[Node, ...]
    span: Span


class Mapping(Struct, frozen=True):
    pairs: tuple[tuple[Node, Node], ...]
    span: Span


class If(Struct, frozen=True):
    """The first of the branches whose condition holds, or the last word."""

    branches: tuple[tuple[Node, Node], ...]
    otherwise: Node
    span: Span


class Range(Struct, frozen=True):
    """One value for each item; names for index and item, None for `_`."""

    index: str | None
    item: str | None
    of: Node
    body: Node
    span: Span


Node: TypeAlias = Literal | Text | Name | Path | Call | Infix | Listed | Mapping | If | Range
