"""Values to fill columns with: PostgreSQL's text of them, and the JSON a client would send."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from string import ascii_lowercase
from typing import Any, Final, Literal

from nself.pg.catalog import Catalog, Name, Type

_WHOLE: Final = {"int2": 32_000, "int4": 2_000_000_000, "int8": 9_000_000_000_000_000, "oid": 2_000_000_000}
_FRACTIONS: Final = frozenset({"numeric", "float4", "float8", "money"})

_TEXTS: Final[Mapping[str, Callable[[int], str]]] = {
    "bool": lambda number: "false",
    "uuid": lambda number: f"00000000-0000-4000-8000-{number:012x}",
    "date": lambda number: "2020-02-02",
    "time": lambda number: "12:00:00",
    "timetz": lambda number: "12:00:00+00",
    "timestamp": lambda number: "2020-02-02T12:00:00",
    "timestamptz": lambda number: "2020-02-02T12:00:00+00",
    "interval": lambda number: "1 day",
    "json": lambda number: "{}",
    "jsonb": lambda number: "{}",
    "bytea": lambda number: "\\x00",
    "inet": lambda number: "127.0.0.1",
    "cidr": lambda number: "127.0.0.0/8",
    "macaddr": lambda number: f"02:00:00:00:{number // 256 % 256:02x}:{number % 256:02x}",
    "bit": lambda number: "0",
    "varbit": lambda number: "0",
    "xml": lambda number: "<a/>",
    "ltree": lambda number: f"r{number}",
    "geometry": lambda number: "SRID=4326;POINT(1 2)",
    "geography": lambda number: "POINT(1 2)",
    "point": lambda number: "(1,2)",
    "tsvector": lambda number: "",
    "hstore": lambda number: "",
    "char": lambda number: "x",
    "bpchar": lambda number: "x",
}


def identity(type_: Type | None, person: Literal["A", "B"], number: int) -> str:
    """Who somebody is, in the type of the columns that say so."""
    which = number * 2 + (person == "B")
    if type_ is not None and type_.name in _WHOLE:
        return str(_WHOLE[type_.name] - which)
    if type_ is not None and type_.name in _TEXTS and not type_.array:
        return _TEXTS[type_.name](0xFACE_0000 + which)
    return f"nself-rehearsal-{person.lower()}{number}"


def text(type_: Type, catalog: Catalog, number: int) -> str:
    """Some value of the type; another one for another number, where the type has that many."""
    if type_.array:
        return "{}"
    if type_.kind == "enum":
        return catalog.enums[Name(type_.schema, type_.name)][0]
    if type_.kind == "range":
        return "empty"
    if type_.name in _WHOLE:
        return str(_WHOLE[type_.name] // 2 + number)
    if type_.name in _FRACTIONS:
        return str(number)
    return _TEXTS[type_.name](number) if type_.name in _TEXTS else _short(number)


def _short(number: int) -> str:
    """Columns may be narrow: two letters for as many values as there are columns."""
    return ascii_lowercase[number // 26 % 26] + ascii_lowercase[number % 26]


def as_json(type_: Type, value: str) -> Any:
    """What a client sends for the value."""
    if type_.array:
        return value
    if type_.name in _WHOLE:
        return int(value)
    if type_.name in _FRACTIONS:
        return float(value)
    if type_.name == "bool":
        return value == "true"
    if type_.name in ("json", "jsonb"):
        return json.loads(value)
    return value
