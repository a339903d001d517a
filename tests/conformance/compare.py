"""How a reply is judged: the rules of the data's README, in its order."""

from __future__ import annotations

from typing import Any

import graphql
from graphql.language import ast

Json = Any


def difference(expected: Json, got: Json, *, query: str | None = None) -> str | None:
    """Where the bodies part, None if they agree. With a single plain query the order of the selected keys counts."""
    found = _differ(expected, got, "$")
    if found is None and query is not None and isinstance(got, dict):
        return _order(query, got.get("data"))
    return found


def both_errors(expected: Json, got: Json) -> bool:
    """Two bodies that differ in words only; a batch is judged entry by entry."""
    if isinstance(expected, list) and isinstance(got, list) and len(expected) == len(got):
        pairs = zip(expected, got, strict=True)
        return all(_differ(one, other, "$") is None or both_errors(one, other) for one, other in pairs)
    return _is_error(expected) and _is_error(got)


def _is_error(body: Json) -> bool:
    return isinstance(body, dict) and bool(body.get("error") or body.get("errors"))


def _differ(expected: Json, got: Json, path: str) -> str | None:
    if isinstance(expected, dict) and isinstance(got, dict):
        if expected.keys() != got.keys():
            missing, extra = sorted(expected.keys() - got.keys()), sorted(got.keys() - expected.keys())
            return f"{path}: missing {missing}, unexpected {extra}"
        return _first(_differ(expected[key], got[key], f"{path}.{key}") for key in expected)
    if isinstance(expected, list) and isinstance(got, list):
        if len(expected) != len(got):
            return f"{path}: expected {len(expected)} entries, got {len(got)}"
        pairs = enumerate(zip(expected, got, strict=True))
        return _first(_differ(one, other, f"{path}[{number}]") for number, (one, other) in pairs)
    same = expected == got and isinstance(expected, bool) == isinstance(got, bool)
    return None if same else f"{path}: expected {expected!r}, got {got!r}"


def _first(found: Any) -> str | None:
    return next((entry for entry in found if entry is not None), None)


def _order(query: str, data: Json) -> str | None:
    try:
        document = graphql.parse(query)
    except graphql.GraphQLError:
        return None
    first = document.definitions[0]
    if not isinstance(first, ast.OperationDefinitionNode) or len(document.definitions) > 1:
        return None
    return _order_along(first.selection_set, data, "$.data")


def _order_along(selection: ast.SelectionSetNode, data: Json, path: str) -> str | None:
    """Only where a selection has plain fields alone: aliases, fragments and directives leave the order open."""
    if isinstance(data, list):
        return _first(_order_along(selection, entry, f"{path}[]") for entry in data)
    fields = [field for field in selection.selections if isinstance(field, ast.FieldNode)]
    plain = len(fields) == len(selection.selections) and not any(field.alias or field.directives for field in fields)
    if not isinstance(data, dict) or not plain:
        return None
    wanted = list(dict.fromkeys(field.name.value for field in fields))
    if wanted != list(data):
        return f"{path}: keys came as {list(data)}, selected were {wanted}"
    nested = ((field, data[field.name.value]) for field in fields if field.selection_set)
    return _first(_order_along(field.selection_set, value, f"{path}.{field.name.value}") for field, value in nested)  # type: ignore[arg-type]
