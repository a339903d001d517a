"""Operations by chance: walks over a role's schema that are valid by it, and values that are right or wrong."""

from __future__ import annotations

import json
from typing import Any

from graphql import GraphQLSchema, get_named_type
from graphql.type import (
    GraphQLEnumType,
    GraphQLInputObjectType,
    GraphQLList,
    GraphQLNamedType,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLScalarType,
    is_leaf_type,
)
from hypothesis import strategies as st

HOSTILE = [
    "", " ", "'", '"', "\\", "%", "_", "$1", "--", "/*", ";", '"; DROP TABLE everything; --', "'); SELECT 1; --",
    "{1,2}", "{", "null", "NULL", "x-hasura-user-id", "X-Hasura-Role", "\u0000", "\ud800", "\u202e", "é", "🦊",
    "a" * 300, "1e400", "9" * 40, "-0", "infinity", "NaN", "2024-02-30", "12:61", "[1,2]", "(1,2)", "0x10", "TRUE", "t",
]  # fmt: skip
"""Texts that something on the way to the database might take for more than a text."""

NUMBERS = [0, -1, 1, 2**31 - 1, 2**31, -(2**31), 2**63, 10**30, 0.1, -1.5, 1e300, 1e-300]

anything = st.recursive(
    st.one_of(st.none(), st.booleans(), st.sampled_from(NUMBERS), st.sampled_from(HOSTILE), st.text(max_size=5)),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.dictionaries(st.sampled_from([*HOSTILE[:8], "a", "id", "_eq"]), inner, max_size=3),
    ),
    max_leaves=4,
)


class Walk:
    """One operation being drawn. Values go into variables or into the document, as chance has it."""

    def __init__(self, draw: st.DrawFn, schema: GraphQLSchema) -> None:
        self._draw, self._schema = draw, schema
        self.variables: dict[str, Any] = {}
        self._declared: list[str] = []

    def operation(self, kind: str) -> str:
        root = self._schema.query_type if kind == "query" else self._schema.mutation_type
        assert root is not None
        selection = self.selection(root, depth=3)
        head = f"({', '.join(self._declared)})" if self._declared else ""
        return f"{kind} {head} {selection}"

    def selection(self, type_: GraphQLObjectType, depth: int) -> str:
        names = [name for name, field in type_.fields.items() if depth > 1 or is_leaf_type(get_named_type(field.type))]
        if not names:
            return "{ __typename }"
        chosen = self._draw(st.lists(st.sampled_from(names), min_size=1, max_size=3))
        return "{ " + " ".join(self.field(type_, name, index, depth) for index, name in enumerate(chosen)) + " }"

    def field(self, type_: GraphQLObjectType, name: str, index: int, depth: int) -> str:
        field = type_.fields[name]
        given = [
            f"{key}: {self.value(argument.type, depth=3)}"
            for key, argument in field.args.items()
            if isinstance(argument.type, GraphQLNonNull) or self._draw(st.integers(0, 2)) == 0
        ]
        arguments = f"({', '.join(given)})" if given else ""
        inner = get_named_type(field.type)
        below = self.selection(inner, depth - 1) if isinstance(inner, GraphQLObjectType) else ""
        directive = self._draw(st.sampled_from(["", "", "", "@include(if: true)", "@skip(if: false)"]))
        return f"f{index}: {name}{arguments} {directive} {below}"

    def value(self, type_: Any, depth: int) -> str:
        if not self._draw(st.booleans()):
            return self.literal(type_, depth)
        name = f"v{len(self.variables)}"
        self.variables[name] = self.json(type_, depth)
        self._declared.append(f"${name}: {type_}")
        return f"${name}"

    def json(self, type_: Any, depth: int) -> Any:
        """A value of the type, now and then a wrong one."""
        if self._draw(st.integers(0, 11)) == 0:
            return self._draw(anything)
        if isinstance(type_, GraphQLNonNull):
            return self.json(type_.of_type, depth)
        if isinstance(type_, GraphQLList):
            return [self.json(type_.of_type, depth) for _ in range(self._draw(st.integers(0, 2)))]
        if isinstance(type_, GraphQLInputObjectType):
            return {name: self.json(type_.fields[name].type, depth - 1) for name in self.members(type_, depth)}
        if isinstance(type_, GraphQLEnumType):
            return self._draw(st.sampled_from([*type_.values]))
        return self.scalar(type_)

    def literal(self, type_: Any, depth: int) -> str:
        if isinstance(type_, GraphQLNonNull):
            return self.literal(type_.of_type, depth)
        if isinstance(type_, GraphQLList):
            return (
                "[" + ", ".join(self.literal(type_.of_type, depth) for _ in range(self._draw(st.integers(0, 2)))) + "]"
            )
        if isinstance(type_, GraphQLInputObjectType):
            members = (
                f"{name}: {self.literal(type_.fields[name].type, depth - 1)}" for name in self.members(type_, depth)
            )
            return "{" + ", ".join(members) + "}"
        if isinstance(type_, GraphQLEnumType):
            return str(self._draw(st.sampled_from([*type_.values])))
        found = self.scalar(type_)
        return json.dumps(found) if not isinstance(found, dict | list) else "{}"

    def members(self, type_: GraphQLInputObjectType, depth: int) -> list[str]:
        required = [name for name, field in type_.fields.items() if isinstance(field.type, GraphQLNonNull)]
        simple = [name for name, field in type_.fields.items() if depth > 0 or is_leaf_type(get_named_type(field.type))]
        others = self._draw(st.lists(st.sampled_from(simple), max_size=2, unique=True)) if simple else []
        return [*required, *(name for name in others if name not in required)]

    def scalar(self, type_: GraphQLNamedType) -> Any:
        assert isinstance(type_, GraphQLScalarType)
        return self._draw(_SCALARS.get(type_.name, _OTHERS))


_SCALARS: dict[str, st.SearchStrategy[Any]] = {
    "Int": st.sampled_from([0, 1, 2, -1, 2**31 - 1]),
    "Float": st.sampled_from([0, 1.5, -2.25]),
    "Boolean": st.booleans(),
    "String": st.sampled_from(HOSTILE),
}
_OTHERS = st.one_of(st.sampled_from(HOSTILE), st.sampled_from(NUMBERS), anything)


@st.composite
def operations(draw: st.DrawFn, schema: GraphQLSchema, kind: str) -> tuple[str, dict[str, Any]]:
    """(text, variables)."""
    walk = Walk(draw, schema)
    return walk.operation(kind), walk.variables
