"""The operators of boolean expressions, as rows of one table."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Final, Literal, LiteralString

from nself.graphql.language.scalars import BOOL, INT, TEXT, TEXTUAL
from nself.pg.catalog import Type
from nself.records import dataclass

Operand = Literal["same", "many", "boolean", "parts"]
"""One value of a type, a list of them matched by ANY, true/false, or an object of several values."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OperandPart:
    """A member of an operand that is an object. No `type` means the column's own; `scalar` is its name in
    GraphQL where that is not the type's. `default` is in GraphQL's words."""

    name: str
    type: Type | None = None
    scalar: str | None = None
    required: bool = True
    default: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Operator:
    """`applies` says for which columns. `type` is the operand's where it is not the column's own. `negated` belongs to
    `many`: NOT IN. With `function`, `symbol` is that of the column and the operand, found where the column's type is.
    `parts` are its arguments in order, members of the input object `input`."""

    name: str
    symbol: LiteralString
    applies: Callable[[Type], bool]
    operand: Operand = "same"
    type: Type | None = None
    negated: bool = False
    function: bool = False
    input: str = ""
    parts: tuple[OperandPart, ...] = ()
    description: str | None = None

    def operand_type(self, column: Type) -> Type:
        """What the operand is for a column of that type."""
        return in_place(self.type, column) if self.type is not None else column

    def part_types(self, column: Type) -> tuple[Type, ...]:
        return tuple(in_place(part.type, column) if part.type else column for part in self.parts)


def in_place(type_: Type, column: Type) -> Type:
    """Types that an extension brings live where the extension does, as the column's own type shows."""
    return type_ if type_.schema == "pg_catalog" else replace(type_, schema=column.schema)


def _every(type_: Type) -> bool:
    return type_.name != "raster"


def _text(type_: Type) -> bool:
    return not type_.array and type_.name in TEXTUAL


def _jsonb(type_: Type) -> bool:
    return not type_.array and type_.name == "jsonb"


def _json_or_array(type_: Type) -> bool:
    return type_.array or type_.name == "jsonb"


def _ltree(type_: Type) -> bool:
    return not type_.array and type_.name == "ltree"


_TEXTS: Final = Type(name="text", array=True)
_LTREES: Final = Type(name="ltree", schema="public", array=True)
_LQUERY: Final = Type(name="lquery", schema="public")
_LQUERIES: Final = Type(name="lquery", schema="public", array=True)
_LTXTQUERY: Final = Type(name="ltxtquery", schema="public")


_GEOMETRY: Final = Type(name="geometry", schema="public")
_GEOGRAPHY: Final = Type(name="geography", schema="public")
_DISTANCE: Final = OperandPart(name="distance", type=Type(name="float8"), scalar="Float")
_FROM: Final = OperandPart(name="from")


def _named(name: str) -> Callable[[Type], bool]:
    return lambda type_: not type_.array and type_.name == name


def _spatial(name: str, symbol: LiteralString, of: str, description: str) -> Operator:
    return Operator(name=name, symbol=symbol, applies=_named(of), function=True, description=description)


def _spatial_parts(
    name: str,
    symbol: LiteralString,
    of: str,
    parts: tuple[OperandPart, ...],
    input_: str,
    description: str | None = None,
) -> Operator:
    return Operator(
        name=name,
        symbol=symbol,
        applies=_named(of),
        operand="parts",
        function=True,
        input=input_,
        parts=parts,
        description=description,
    )


def _generic(name: str, symbol: LiteralString) -> Operator:
    return Operator(name=name, symbol=symbol, applies=_every)


def _textual(name: str, symbol: LiteralString, description: str) -> Operator:
    return Operator(name=name, symbol=symbol, applies=_text, type=TEXT, description=description)


OPERATORS: Final = (
    _generic("_eq", "="),
    _generic("_neq", "<>"),
    _generic("_gt", ">"),
    _generic("_lt", "<"),
    _generic("_gte", ">="),
    _generic("_lte", "<="),
    Operator(name="_in", symbol="=", applies=_every, operand="many"),
    Operator(name="_nin", symbol="<>", applies=_every, operand="many", negated=True),
    Operator(name="_is_null", symbol="IS NULL", applies=lambda type_: True, operand="boolean"),
    _textual("_like", "LIKE", "does the column match the given pattern"),
    _textual("_nlike", "NOT LIKE", "does the column NOT match the given pattern"),
    _textual("_ilike", "ILIKE", "does the column match the given case-insensitive pattern"),
    _textual("_nilike", "NOT ILIKE", "does the column NOT match the given case-insensitive pattern"),
    _textual("_similar", "SIMILAR TO", "does the column match the given SQL regular expression"),
    _textual("_nsimilar", "NOT SIMILAR TO", "does the column NOT match the given SQL regular expression"),
    _textual("_regex", "~", "does the column match the given POSIX regular expression, case sensitive"),
    _textual("_iregex", "~*", "does the column match the given POSIX regular expression, case insensitive"),
    _textual("_nregex", "!~", "does the column NOT match the given POSIX regular expression, case sensitive"),
    _textual("_niregex", "!~*", "does the column NOT match the given POSIX regular expression, case insensitive"),
    Operator(
        name="_contains",
        symbol="@>",
        applies=_json_or_array,
        description="does the column contain the given value at the top level",
    ),
    Operator(
        name="_contained_in",
        symbol="<@",
        applies=_json_or_array,
        description="is the column contained in the given value",
    ),
    Operator(
        name="_has_key",
        symbol="?",
        applies=_jsonb,
        type=TEXT,
        description="does the string exist as a top-level key in the column",
    ),
    Operator(
        name="_has_keys_any",
        symbol="?|",
        applies=_jsonb,
        type=_TEXTS,
        description="do any of these strings exist as top-level keys in the column",
    ),
    Operator(
        name="_has_keys_all",
        symbol="?&",
        applies=_jsonb,
        type=_TEXTS,
        description="do all of these strings exist as top-level keys in the column",
    ),
    Operator(name="_ancestor", symbol="@>", applies=_ltree, description="is the left argument an ancestor of right"),
    Operator(name="_ancestor_any", symbol="@>", applies=_ltree, type=_LTREES),
    Operator(name="_descendant", symbol="<@", applies=_ltree),
    Operator(name="_descendant_any", symbol="<@", applies=_ltree, type=_LTREES),
    Operator(name="_matches", symbol="~", applies=_ltree, type=_LQUERY),
    Operator(name="_matches_any", symbol="?", applies=_ltree, type=_LQUERIES),
    Operator(name="_matches_fulltext", symbol="@", applies=_ltree, type=_LTXTQUERY),
    _spatial("_st_contains", "ST_Contains", "geometry", "does the column contain the given geometry value"),
    _spatial("_st_crosses", "ST_Crosses", "geometry", "does the column cross the given geometry value"),
    _spatial(
        "_st_equals",
        "ST_Equals",
        "geometry",
        "is the column equal to given geometry value (directionality is ignored)",
    ),
    _spatial(
        "_st_intersects", "ST_Intersects", "geometry", "does the column spatially intersect the given geometry value"
    ),
    _spatial(
        "_st_3d_intersects",
        "ST_3DIntersects",
        "geometry",
        "does the column spatially intersect the given geometry value in 3D",
    ),
    _spatial(
        "_st_overlaps",
        "ST_Overlaps",
        "geometry",
        "does the column 'spatially overlap' (intersect but not completely contain) the given geometry value",
    ),
    _spatial(
        "_st_touches",
        "ST_Touches",
        "geometry",
        "does the column have at least one point in common with the given geometry value",
    ),
    _spatial("_st_within", "ST_Within", "geometry", "is the column contained in the given geometry value"),
    _spatial_parts(
        "_st_d_within",
        "ST_DWithin",
        "geometry",
        (_FROM, _DISTANCE),
        "st_d_within_input",
        "is the column within a given distance from the given geometry value",
    ),
    _spatial_parts(
        "_st_3d_d_within",
        "ST_3DDWithin",
        "geometry",
        (_FROM, _DISTANCE),
        "st_d_within_input",
        "is the column within a given 3D distance from the given geometry value",
    ),
    _spatial(
        "_st_intersects", "ST_Intersects", "geography", "does the column spatially intersect the given geography value"
    ),
    _spatial_parts(
        "_st_d_within",
        "ST_DWithin",
        "geography",
        (_FROM, _DISTANCE, OperandPart(name="use_spheroid", type=BOOL, required=False, default="true")),
        "st_d_within_geography_input",
        "is the column within a given distance from the given geography value",
    ),
    _spatial("_st_intersects_rast", "ST_Intersects", "raster", "does the column intersect the given raster value"),
    _spatial_parts(
        "_st_intersects_nband_geom",
        "ST_Intersects",
        "raster",
        (OperandPart(name="nband", type=INT), OperandPart(name="geommin", type=_GEOMETRY)),
        "st_intersects_nband_geom_input",
    ),
    _spatial_parts(
        "_st_intersects_geom_nband",
        "ST_Intersects",
        "raster",
        (OperandPart(name="geommin", type=_GEOMETRY), OperandPart(name="nband", type=INT, required=False)),
        "st_intersects_geom_nband_input",
    ),
)

CASTS: Final[dict[str, tuple[tuple[str, Type], ...]]] = {
    "jsonb": (("String", TEXT),),
    "geometry": (("geography", _GEOGRAPHY),),
    "geography": (("geometry", _GEOMETRY),),
}
"""{type of a column: what `_cast` can make of it, by the name it is asked for under}."""

COMPARE_COLUMNS: Final[dict[str, LiteralString]] = {
    "_ceq": "=",
    "_cne": "<>",
    "_cneq": "<>",
    "_cgt": ">",
    "_clt": "<",
    "_cgte": ">=",
    "_clte": "<=",
}
"""Column with column; in permissions, and in the row commands of /v1/query."""


def for_type(type_: Type) -> list[Operator]:
    return [operator for operator in OPERATORS if operator.applies(type_)]


def by_name(type_: Type, name: str) -> Operator | None:
    """The operator that a column of the type knows under that name."""
    return next((operator for operator in OPERATORS if operator.name == name and operator.applies(type_)), None)


def casts(type_: Type) -> dict[str, Type]:
    """What `_cast` can make of a column of the type."""
    return {} if type_.array else {name: in_place(to, type_) for name, to in CASTS.get(type_.name, ())}
