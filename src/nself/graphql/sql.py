"""The SQL that the engine speaks, as a tree: just what is used, not more. `printer` alone makes text of it.

Values are `Parameter`s. Aliases made by the planner contain a dot, so that no GraphQL name can be mistaken for one.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import LiteralString, TypeAlias

from nself.graphql.values import Source
from nself.pg import catalog


@dataclass(frozen=True, slots=True)
class Column:
    of: str
    name: str


@dataclass(frozen=True, slots=True)
class Whole:
    """A row as one value."""

    of: str


@dataclass(frozen=True, slots=True)
class Star:
    of: str


@dataclass(frozen=True, slots=True)
class Parameter:
    """Always sent as text, or an array of texts, and cast here to what it is."""

    source: Source
    type: catalog.Type
    many: bool = False


@dataclass(frozen=True, slots=True)
class Text:
    """A string the planner itself chose."""

    value: str


@dataclass(frozen=True, slots=True)
class Number:
    value: int


@dataclass(frozen=True, slots=True)
class Keyword:
    word: LiteralString


TRUE, FALSE, NULL, DEFAULT = Keyword("true"), Keyword("false"), Keyword("NULL"), Keyword("DEFAULT")
STAR = Keyword("*")


@dataclass(frozen=True, slots=True)
class Cast:
    value: Expression
    type: catalog.Type


@dataclass(frozen=True, slots=True)
class Typed:
    """A text as the value of a type that it stands for."""

    value: Expression
    type: catalog.Type


@dataclass(frozen=True, slots=True)
class CastToRows:
    """An array of texts as rows of a table, by its row type."""

    value: Expression
    table: catalog.Name


@dataclass(frozen=True, slots=True)
class Infix:
    left: Expression
    symbol: LiteralString
    right: Expression


@dataclass(frozen=True, slots=True)
class All:
    """AND over any number, none is true."""

    parts: tuple[Expression, ...]


@dataclass(frozen=True, slots=True)
class AnyOf:
    """OR over any number, none is false."""

    parts: tuple[Expression, ...]


@dataclass(frozen=True, slots=True)
class Not:
    value: Expression


@dataclass(frozen=True, slots=True)
class Null:
    """IS NULL."""

    value: Expression


@dataclass(frozen=True, slots=True)
class Call:
    function: LiteralString
    arguments: tuple[Expression, ...] = ()
    distinct: bool = False
    where: Expression | None = None
    over: bool = False


@dataclass(frozen=True, slots=True)
class Array:
    parts: tuple[Expression, ...]
    type: catalog.Type


@dataclass(frozen=True, slots=True)
class Element:
    """One element of an array."""

    of: Expression
    index: int


@dataclass(frozen=True, slots=True)
class Record:
    """A row's columns as one composite value, to be carried as text."""

    parts: tuple[Expression, ...]


@dataclass(frozen=True, slots=True)
class Json:
    """An object with these keys. GraphQL names need no escaping in JSON."""

    pairs: tuple[tuple[str, Expression], ...]


@dataclass(frozen=True, slots=True)
class When:
    condition: Expression
    then: Expression
    otherwise: Expression


@dataclass(frozen=True, slots=True)
class Exists:
    select: Select


@dataclass(frozen=True, slots=True)
class Scalar:
    """A subselect of one column and at most one row."""

    select: Select


@dataclass(frozen=True, slots=True)
class Rows:
    """A subselect of one column, as the right side of IN or ARRAY."""

    select: Select


Expression: TypeAlias = (
    Column
    | Whole
    | Star
    | Parameter
    | Text
    | Number
    | Keyword
    | Cast
    | Typed
    | CastToRows
    | Infix
    | All
    | AnyOf
    | Not
    | Null
    | Call
    | Array
    | Element
    | Record
    | Json
    | When
    | Exists
    | Scalar
    | Rows
)


@dataclass(frozen=True, slots=True)
class Table:
    name: catalog.Name
    alias: str


@dataclass(frozen=True, slots=True)
class Named:
    """A common table expression, read under an alias."""

    name: str
    alias: str


@dataclass(frozen=True, slots=True)
class Sub:
    select: Select
    alias: str


@dataclass(frozen=True, slots=True)
class Unnest:
    """Arrays side by side as rows. Without `columns` those of the rows' type."""

    arrays: tuple[Expression, ...]
    alias: str
    columns: tuple[str, ...] = ()


From: TypeAlias = Table | Named | Sub | Unnest


@dataclass(frozen=True, slots=True)
class Order:
    by: Expression
    direction: LiteralString


@dataclass(frozen=True, slots=True, kw_only=True)
class Select:
    columns: tuple[tuple[Expression, str | None], ...]
    source: From | None = None
    where: Expression = TRUE
    distinct: tuple[Expression, ...] = ()
    order: tuple[Order, ...] = ()
    limit: Expression | None = None
    offset: Expression | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Conflict:
    """`updates` empty is DO NOTHING."""

    constraint: str
    updates: tuple[tuple[str, Expression], ...] = ()
    where: Expression = TRUE


@dataclass(frozen=True, slots=True, kw_only=True)
class Insert:
    """`rows` are VALUES, or a select."""

    into: Table
    columns: tuple[str, ...]
    rows: tuple[tuple[Expression, ...], ...] | Select
    conflict: Conflict | None = None
    returning: tuple[tuple[Expression, str | None], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Update:
    table: Table
    updates: tuple[tuple[str, Expression], ...]
    where: Expression
    returning: tuple[tuple[Expression, str | None], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Delete:
    table: Table
    where: Expression
    returning: tuple[tuple[Expression, str | None], ...]


Change: TypeAlias = Insert | Update | Delete | Select


@dataclass(frozen=True, slots=True, kw_only=True)
class With:
    name: str
    change: Change
    select: Select


@dataclass(frozen=True, slots=True)
class Statement:
    """What goes to the database. The text is made of the printer's own words and quoted identifiers only."""

    text: LiteralString
    parameters: tuple[Source, ...]


def both(*parts: Expression) -> Expression:
    """AND, flat, without what is always true."""
    flat: list[Expression] = []
    for part in parts:
        flat += part.parts if isinstance(part, All) else () if part == TRUE else (part,)
    return flat[0] if len(flat) == 1 else All(tuple(flat)) if flat else TRUE
