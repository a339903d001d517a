"""Functions that templates may call, each of one argument. `None` from a row means: not for such a value."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final
from urllib.parse import quote

Json = Any
Function = Callable[[Json], Json]


class UnfitError(Exception):
    """The argument is not what the function takes; the text says what it takes."""


def text(change: Callable[[str], Json]) -> Function:
    def call(value: Json) -> Json:
        if not isinstance(value, str):
            raise UnfitError("Expected a string.")
        return change(value)

    return call


def _list(value: Json) -> list[Json]:
    if not isinstance(value, list):
        raise UnfitError("Expected an array.")
    return value


def empty(value: Json) -> bool:
    if isinstance(value, bool):
        raise UnfitError("Cannot define emptiness for a boolean.")
    return value is None or value in ("", 0) or (isinstance(value, list | dict) and not value)


def size(value: Json) -> Json:
    if isinstance(value, str | list | dict):
        return len(value)
    if isinstance(value, bool):
        return int(value)
    return 0 if value is None else value


def inverse(value: Json) -> Json:
    """Backwards, or the other way round: `not`, `1/x`."""
    if isinstance(value, bool):
        return not value
    if isinstance(value, str | list):
        return value[::-1]
    if value is None or isinstance(value, dict):
        return value
    if value == 0:
        raise UnfitError("Cannot divide by zero.")
    return 1 / value


def negation(value: Json) -> bool:
    if not isinstance(value, bool):
        raise UnfitError("Expected a boolean.")
    return not value


def head(value: Json) -> Json:
    if not isinstance(value, list | str):
        raise UnfitError("Expected an array or a string.")
    if not value:
        raise UnfitError("Empty array or string.")
    return value[0]


def tail(value: Json) -> Json:
    if not isinstance(value, list | str):
        raise UnfitError("Expected an array or a string.")
    return value[1:]


def from_pairs(value: Json) -> Json:
    pairs = _list(value)
    if not all(isinstance(pair, list) and len(pair) == 2 and isinstance(pair[0], str) for pair in pairs):
        raise UnfitError("Expected an array of pairs of a string and a value.")
    return {pair[0]: pair[1] for pair in pairs}


def to_pairs(value: Json) -> Json:
    if not isinstance(value, dict):
        raise UnfitError("Expected an object.")
    return [[key, item] for key, item in value.items()]


def remove_nulls(value: Json) -> Json:
    if isinstance(value, dict):
        return {key: item for key, item in value.items() if item is not None}
    return [item for item in _list(value) if item is not None]


def concat(value: Json) -> Json:
    """Of strings, of arrays, or of objects, the later keys winning."""
    items = _list(value)
    if all(isinstance(item, str) for item in items) and items:
        return "".join(items)
    if all(isinstance(item, list) for item in items):
        return [one for item in items for one in item]
    if all(isinstance(item, dict) for item in items):
        return {key: one for item in items for key, one in item.items()}
    raise UnfitError("Expected an array of strings, of arrays or of objects.")


BASIC: Final[Mapping[str, Function]] = {
    "empty": empty,
    "size": size,
    "inverse": inverse,
    "not": negation,
    "head": head,
    "tail": tail,
    "toCaseFold": text(str.casefold),
    "toLower": text(str.lower),
    "toUpper": text(str.upper),
    "toTitle": text(str.title),
    "fromPairs": from_pairs,
    "toPairs": to_pairs,
    "removeNulls": remove_nulls,
    "concat": concat,
    "escapeUri": text(lambda value: quote(value, safe="")),
}


def session_functions(variables: Mapping[str, str]) -> dict[str, Function]:
    """`getSessionVariable`, of one caller."""

    def get(name: str) -> str:
        value = variables.get(name.lower())
        if value is None:
            raise UnfitError(f'Session variable "{name}" not found')
        return value

    return {"getSessionVariable": text(get)}
