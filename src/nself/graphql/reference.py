"""The compatibility page's tables, read from the registries the engine itself runs on."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Final

from nself.graphql.metadata import dispatch, served
from nself.graphql.metadata.served import Level
from nself.graphql.sql.operators import COMPARE_COLUMNS, OPERATORS, Operator
from nself.pg.catalog import Type

_KINDS: Final[Mapping[str, tuple[Type, ...]]] = {
    "text": tuple(Type(name=name) for name in ("text", "varchar", "bpchar", "citext")),
    "numbers, times, uuid, …": tuple(Type(name=name) for name in ("int4", "int8", "numeric", "timestamptz", "uuid")),
    "boolean": (Type(name="bool"),),
    "jsonb": (Type(name="jsonb"),),
    "arrays": (Type(name="int4", array=True),),
    "ltree": (Type(name="ltree", schema="public"),),
    "geometry": (Type(name="geometry", schema="public"),),
    "geography": (Type(name="geography", schema="public"),),
    "raster": (Type(name="raster", schema="public"),),
}
"""Columns that stand for all of their kind."""


def operators() -> str:
    """A table of the operators of boolean expressions and the columns they are for."""
    rows = [(f"`{each.name}`", _columns(each), _operand(each)) for each in OPERATORS]
    compared = ", ".join(f"`_{name}`" for name in COMPARE_COLUMNS)
    rows.append((compared, "every type", "another column, in permissions only"))
    return table(("operator", "columns", "operand"), rows)


def commands() -> str:
    """A table of the commands of /v1/metadata, /v1/query and /v2/query."""
    found = dispatch.by_name().values()
    rows = [
        (f"`{'pg_' if each.of_source else ''}{each.name}`", "rows" if each.data else "metadata")
        for each in sorted(found, key=lambda each: (each.data, each.name))
    ]
    rows += [(f"`{name}`", "several commands") for name in sorted(dispatch.BULKS)]
    return table(("command", "about"), rows)


def kept() -> str:
    """A table of the parts of metadata that are stored and exported without an effect."""
    return table(("part", "why"), [(f"`{path}`", reason) for path, reason in _kept(served.DOCUMENT, "")])


def table(headings: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [headings, ["---"] * len(headings), *rows]
    return "\n".join("| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |" for line in lines)


def _columns(operator: Operator) -> str:
    applying = [name for name, types in _KINDS.items() if any(operator.applies(type_) for type_ in types)]
    missing = [name for name in _KINDS if name not in applying]
    if len(missing) < 2:
        return "every type" + (f" but {missing[0]}" if missing else "")
    return ", ".join(applying)


def _operand(operator: Operator) -> str:
    match operator.operand:
        case "many":
            return "a list"
        case "boolean":
            return "`true` or `false`"
        case "parts":
            return "an object: " + ", ".join(f"`{part.name}`" for part in operator.parts)
    if operator.type is None:
        return "the column's type"
    return f"`{operator.type}`"


def _kept(level: Level, path: str) -> Iterator[tuple[str, str]]:
    for key, kept in (level.kept or {}).items():
        yield f"{path}{key}", kept.reason
    for key, below in (level.inside or {}).items():
        yield from _kept(below, f"{path}{key}.")
