"""GraphQL inside metadata: names, and types as text (`[UserInput!]!`)."""

from __future__ import annotations

import re
from typing import Final

from graphql import GraphQLError, ListTypeNode, NamedTypeNode, NonNullTypeNode, TypeNode, parse_type

from nself.graphql.metadata.reader import Reader

_NAME: Final = re.compile(r"(?!__)[_A-Za-z][_0-9A-Za-z]*")
_LONGEST_TYPE: Final = 500
"""Characters: parsing recurses with each bracket."""


def name(reader: Reader) -> str:
    if not _NAME.fullmatch(reader.name()):
        reader.fail(f'"{reader.value}" is not a valid GraphQL identifier')
    return str(reader.value)


def type_text(reader: Reader) -> str:
    text = reader.name()
    if len(text) > _LONGEST_TYPE:
        reader.fail("a GraphQL type cannot be that long")
    try:
        parse_type(text, no_location=True)
    except GraphQLError as error:
        reader.fail(f"not a valid GraphQL type: {error.message}")
    return text


def node(text: str) -> TypeNode:
    """Of a text that `type_text` took."""
    return parse_type(text, no_location=True)


def base(text: str) -> str:
    """The type without its lists and non-nulls."""
    found = node(text)
    while isinstance(found, ListTypeNode | NonNullTypeNode):
        found = found.type
    assert isinstance(found, NamedTypeNode)
    return found.name.value


def is_list(text: str) -> bool:
    found = node(text)
    return isinstance(found.type if isinstance(found, NonNullTypeNode) else found, ListTypeNode)
