"""Global ids: base64 of `[1, schema, table, key...]`, the same bytes as Hasura's."""

from __future__ import annotations

import base64
import binascii
from typing import Any, Final, NamedTuple

import msgspec

from nself.graphql.errors import ApiError
from nself.graphql.language.scalars import TEXT, invalid
from nself.graphql.schema.means import RoleTable
from nself.graphql.sql import tree as sql
from nself.pg.catalog import Name

_VERSION: Final = 1
_LARGEST: Final = 2**53
_KINDS: Final = {dict: "Object", list: "Array", str: "String", bool: "Boolean", int: "Number", float: "Number"}


class Id(NamedTuple):
    table: Name
    key: list[Any]


def global_id(table: RoleTable, alias: str) -> sql.Expression:
    """Of a row of `alias`."""
    name = table.model.table.name
    key = (sql.Column(alias, column.sql) for column in table.model.primary_key)
    parts: tuple[sql.Expression, ...] = (sql.Number(_VERSION), sql.Text(name.schema), sql.Text(name.name), *key)
    return encoded(sql.Call("json_build_array", parts))


def encoded(json_: sql.Expression) -> sql.Expression:
    """JSON as base64 without line breaks."""
    raw = sql.Call("convert_to", (sql.Cast(json_, TEXT), sql.Text("UTF8")))
    return sql.Call("translate", (sql.Call("encode", (raw, sql.Text("base64"))), sql.Text("\n"), sql.Text("")))


def decoded(text: Any) -> Any:
    """The JSON in an id or a cursor. Raises ValueError."""
    if not isinstance(text, str):
        raise ValueError("not a valid json value")
    try:
        # Unlike Python's own reader it refuses half of a surrogate pair, which no answer could repeat.
        return msgspec.json.decode(base64.b64decode(text, validate=False))
    except (binascii.Error, UnicodeDecodeError, RecursionError, msgspec.DecodeError) as error:
        raise ValueError("Failed reading: not a valid json value") from error


def read_id(text: Any, path: str) -> Id:
    try:
        found = decoded(text)
    except ValueError as error:
        raise _wrong(str(error), path) from error
    if not isinstance(found, list):
        kind = _KINDS.get(type(found), "Null")
        raise _wrong(f"parsing node id failed, expected Array, but encountered {kind}", path)
    if not found:
        raise _wrong("unexpected GUID format, found empty list", path)
    version, *rest = found
    if isinstance(version, bool) or not isinstance(version, int | float):
        raise _wrong("unexpected GUID version, expected a number", path)
    if version != _VERSION:
        raise _wrong(f"unsupported GUID version: {_short(version)}", path)
    if len(rest) < 3 or not all(isinstance(part, str) for part in rest[:2]):
        raise _wrong("GUID version 1: expecting schema name, table name and at least one column value", path)
    return Id(Name(rest[0], rest[1]), rest[2:])


def _short(version: float) -> float:
    """Everything beyond the largest number is as wrong."""
    return float(max(-_LARGEST, min(version, _LARGEST)))


def _wrong(reason: str, path: str) -> ApiError:
    return invalid(f"invalid node id: Error in $: {reason}", path)
