"""The operators of boolean expressions, as rows of one table."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Literal, LiteralString

from nself.graphql.scalars import TEXT, TEXTUAL
from nself.pg.catalog import Type

Operand = Literal["same", "many", "boolean"]
"""One value of a type, a list of them matched by ANY, or true/false."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Operator:
    """`applies` says for which columns. `type` is the operand's where it is not the column's own; `of_list` operands
    are one array value. `negated` belongs to `many`: NOT IN."""

    name: str
    symbol: LiteralString
    applies: Callable[[Type], bool]
    operand: Operand = "same"
    type: Type | None = None
    negated: bool = False
    description: str | None = None


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
)

BY_NAME: Final = {operator.name: operator for operator in OPERATORS}

COMPARE_COLUMNS: Final[dict[str, LiteralString]] = {
    "_ceq": "=",
    "_cne": "<>",
    "_cneq": "<>",
    "_cgt": ">",
    "_clt": "<",
    "_cgte": ">=",
    "_clte": "<=",
}
"""Column with column; permissions only."""


def for_type(type_: Type) -> list[Operator]:
    return [operator for operator in OPERATORS if operator.applies(type_)]
