"""Scalars: their GraphQL names, and JSON values of each as the text PostgreSQL reads."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from decimal import Decimal
from functools import cache
from typing import Any, Final

import msgspec

from nself.graphql.errors import ApiError
from nself.graphql.language import geojson
from nself.graphql.language.types import Encode, Scalar
from nself.pg.catalog import Type

BUILT_IN: Final = {"int4": "Int", "bool": "Boolean", "float4": "Float", "text": "String", "varchar": "String"}
TEXTUAL: Final = frozenset({"text", "varchar", "bpchar", "char", "citext", "name"})
NUMERIC: Final = frozenset({"int2", "int4", "int8", "float4", "float8", "numeric", "money"})
SHAPES: Final = frozenset({"geometry", "geography"})
STRINGIFIED: Final = frozenset({"int8", "numeric", "float8", "money"})
"""Numbers a JSON client may lose digits of."""
INCOMPARABLE: Final = frozenset({"json", "jsonb", "bool", "geometry", "geography", "raster", "xml", "point"})
_SQL_NAMES: Final = {"int2": "smallint", "int8": "bigint"}

TEXT: Final = Type(name="text")
INT: Final = Type(name="int4")
BOOL: Final = Type(name="bool")

_json = msgspec.json.Encoder(decimal_format="number")


def invalid(message: str, path: str) -> ApiError:
    return ApiError("validation-failed", message, path=path)


def found(value: Any) -> str:
    """What a value is, in the words of messages."""
    match value:
        case None:
            return "null"
        case bool():
            return "a boolean"
        case int():
            return "an integer"
        case float() | Decimal():
            return "a float"
        case str():
            return "a string"
        case list() | tuple():
            return "a list"
        case _:
            return "an object"


def integer(value: Any, path: str) -> str:
    """Like the other built-in scalars, an Int may come as a string: PostgreSQL reads it."""
    if isinstance(value, str):
        return _text(value, path)
    if isinstance(value, float | Decimal) and -(2**32) < value < 2**32 and value == int(value):
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int) or not -(2**31) <= value < 2**31:
        raise invalid(f"expected a 32-bit integer for type 'Int', but found {found(value)}", path)
    return str(value)


def row_count(value: Any, path: str) -> str:
    """LIMIT."""
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value < 2**31:
        raise invalid(f"expected a non-negative 32-bit integer for type 'Int', but found {found(value)}", path)
    return str(value)


_WHOLE: Final = re.compile(r"[0-9]{1,100}")


def row_offset(value: Any, path: str) -> str:
    """OFFSET: a bigint, so a string will do as well."""
    number = int(value) if isinstance(value, str) and _WHOLE.fullmatch(value) else value
    if isinstance(number, bool) or not isinstance(number, int) or not 0 <= number < 2**63:
        raise invalid(f"expected a non-negative 64-bit integer for type 'Int', but found {found(value)}", path)
    return str(number)


def floating(value: Any, path: str) -> str:
    if isinstance(value, str):
        return _text(value, path)
    if isinstance(value, bool) or not isinstance(value, int | float | Decimal):
        raise invalid(f"expected a float for type 'Float', but found {found(value)}", path)
    return _number(value, path)


def string(value: Any, path: str) -> str:
    if not isinstance(value, str):
        raise invalid(f"expected a string for type 'String', but found {found(value)}", path)
    return _text(value, path)


def boolean(value: Any, path: str) -> str:
    if isinstance(value, str):
        return _text(value, path)
    if not isinstance(value, bool):
        raise invalid(f"expected a boolean for type 'Boolean', but found {found(value)}", path)
    return "true" if value else "false"


def json(value: Any, path: str) -> str:
    try:
        return _json.encode(value).decode()
    except (TypeError, ValueError, OverflowError, RecursionError) as error:
        raise invalid(f"not a JSON value: {error}", path) from error


def anything(value: Any, path: str) -> str:
    """Any other type: text as it is, numbers and booleans as written, the rest as JSON. PostgreSQL judges it."""
    match value:
        case str():
            return _text(value, path)
        case bool():
            return "true" if value else "false"
        case int() | float() | Decimal():
            return _number(value, path)
        case _:
            return json(value, path)


def shape(value: Any, path: str) -> str:
    """A geometry or geography, as GeoJSON."""
    try:
        geojson.check(value)
    except geojson.ShapeError as error:
        raise ApiError("parse-failed", error.message, path=path) from error
    return json(value, path)


_LABEL_PATH: Final = re.compile(r"(?:[\w-]+(?:\.[\w-]+)*)?")


def label_path(value: Any, path: str) -> str:
    """An ltree. PostgreSQL, which knows which letters count, has the last word."""
    if not isinstance(value, str) or not _LABEL_PATH.fullmatch(value):
        message = "Expecting label path: a sequence of zero or more labels separated by dots, for example L1.L2.L3"
        raise ApiError("parse-failed", message, path=path)
    return _text(value, path)


def array(encode: Encode) -> Encode:
    """An array literal out of a list; a string is taken for one already."""

    def encoded(value: Any, path: str) -> str:
        if isinstance(value, str):
            return _text(value, path)
        if not isinstance(value, list | tuple):
            raise invalid(f"expected a list, but found {found(value)}", path)
        return "{" + ",".join(element(item, f"{path}[{index}]") for index, item in enumerate(value)) + "}"

    def element(item: Any, path: str) -> str:
        if item is None:
            return "NULL"
        if isinstance(item, list | tuple):
            return encoded(item, path)
        escaped = encode(item, path).replace("\\", "\\\\").replace('"', '\\"')
        return f'"{escaped}"'

    return encoded


def json_path(value: Any, path: str) -> str:
    """`$.a[0]['b']` as an array literal of its keys, for `#>`."""
    text = string(value, path)
    keys = _path_keys(text)
    if keys is None:
        raise invalid(f"parse json path error: {text!r} is not a path", path)
    return array(string)(keys, path)


def _path_keys(text: str) -> list[str] | None:
    """A dot may stand before any step, `a.[0].['b']` is `a[0]['b']`."""
    rest = text.removeprefix("$")
    keys: list[str] = []
    while rest:
        rest = rest[1:] if rest.startswith(".[") else rest
        if rest.startswith(("['", '["')):
            key, closed, rest = rest[2:].partition(rest[1] + "]")
            if not closed:
                return None
        elif rest.startswith("["):
            key, closed, rest = rest[1:].partition("]")
            if not closed or not key.isdigit():
                return None
        else:
            dotless = rest.removeprefix(".")
            end = min((at for at in map(dotless.find, ".[") if at >= 0), default=len(dotless))
            key, rest = dotless[:end], dotless[end:]
            if not key:
                return None
        keys.append(key)
    return keys


def _text(value: str, path: str) -> str:
    if "\0" in value:
        raise ApiError("data-exception", "a string cannot contain the character U+0000", path=path)
    try:
        value.encode()
    except UnicodeEncodeError as error:
        raise ApiError("data-exception", "a string holds half of a surrogate pair", path=path) from error
    return value


def _number(value: int | float | Decimal, path: str) -> str:
    if isinstance(value, float) and not math.isfinite(value):
        raise invalid("a number must be finite", path)
    try:
        return repr(value) if isinstance(value, float) else str(value)
    except ValueError as error:
        # Python refuses to write integers of thousands of digits.
        raise invalid("a number has too many digits", path) from error


def whole_column(values: Sequence[Any], encode: Encode) -> Sequence[str | None] | None:
    """Many values encoded at once when nothing about any of them is in question; None when one may have to be refused.
    What it costs a value is C's, not Python's."""
    kinds = set(map(type, values))
    if kinds == {str} and encode in (string, anything, floating, boolean):
        return values if _is_sound("".join(values)) else None
    if kinds == {int} and encode in (integer, anything):
        fits = encode is anything or (min(values) >= -(2**31) and max(values) < 2**31)
        return list(map(str, values)) if fits and max(values) < 10**18 and min(values) > -(10**18) else None
    return None


def _is_sound(text: str) -> bool:
    try:
        return "\0" not in text and text.encode() is not None
    except UnicodeEncodeError:
        return False


_ENCODERS: Final[dict[str, Encode]] = {
    "Int": integer,
    "Float": floating,
    "String": string,
    "Boolean": boolean,
    "json": json,
    "jsonb": json,
    "geometry": shape,
    "geography": shape,
    "ltree": label_path,
}


def scalar_name(type_: Type) -> str:
    """The GraphQL name of a column's (or an array's element's) type."""
    if type_.schema in {"pg_catalog", "information_schema"} or type_.name in BUILT_IN:
        return BUILT_IN.get(type_.name) or _SQL_NAMES.get(type_.name, type_.name)
    return type_.name


@cache
def scalar(name: str) -> Scalar:
    return Scalar(name=name, encode=_ENCODERS.get(name, anything))


def encoder(type_: Type) -> Encode:
    element = _ENCODERS.get(scalar_name(type_), anything)
    return array(element) if type_.array else element
