"""The SQL that the engine speaks, as a tree: just what is used, not more. `printer` alone makes text of it.

Values are `Parameter`s. Aliases made by the planner contain a dot, so that no GraphQL name can be mistaken for one.
"""

from __future__ import annotations

from typing import LiteralString, TypeAlias

from msgspec import Struct

from nself.graphql.sql.values import Source
from nself.pg import catalog


class Column(Struct, frozen=True):
    of: str
    name: str


class Whole(Struct, frozen=True):
    """A row as one value."""

    of: str


class Star(Struct, frozen=True):
    of: str


class Members(Struct, frozen=True):
    """The columns of a row that is a value."""

    of: Expression


class Parameter(Struct, frozen=True):
    """Always sent as text, or an array of texts, and cast here to what it is."""

    source: Source
    type: catalog.Type
    many: bool = False


class Text(Struct, frozen=True):
    """A string the planner itself chose."""

    value: str


class Number(Struct, frozen=True):
    value: int


class Keyword(Struct, frozen=True):
    word: LiteralString


TRUE, FALSE, NULL, DEFAULT = Keyword("true"), Keyword("false"), Keyword("NULL"), Keyword("DEFAULT")
STAR = Keyword("*")


class Cast(Struct, frozen=True):
    value: Expression
    type: catalog.Type


class Typed(Struct, frozen=True):
    """A text as the value of a type that it stands for."""

    value: Expression
    type: catalog.Type


class CastToRows(Struct, frozen=True):
    """An array of texts as rows of a table, by its row type."""

    value: Expression
    table: catalog.Name


class Infix(Struct, frozen=True):
    left: Expression
    symbol: LiteralString
    right: Expression


class All(Struct, frozen=True):
    """AND over any number, none is true."""

    parts: tuple[Expression, ...]


class AnyOf(Struct, frozen=True):
    """OR over any number, none is false."""

    parts: tuple[Expression, ...]


class Not(Struct, frozen=True):
    value: Expression


class Null(Struct, frozen=True):
    """IS NULL."""

    value: Expression


class Call(Struct, frozen=True):
    """`schema` is where a function lives that is not PostgreSQL's own."""

    function: LiteralString
    arguments: tuple[Expression, ...] = ()
    distinct: bool = False
    where: Expression | None = None
    over: bool = False
    schema: str | None = None


class Invoke(Struct, frozen=True):
    """A call of a function of the project's own, its arguments by position or by name."""

    function: catalog.Name
    arguments: tuple[tuple[str | None, Expression], ...]
    volatile: bool = False


class Array(Struct, frozen=True):
    parts: tuple[Expression, ...]
    type: catalog.Type


class Element(Struct, frozen=True):
    """One element of an array."""

    of: Expression
    index: int


class Last(Struct, frozen=True):
    """The value of the last of all rows, in the order in which they come."""

    value: Expression


class Record(Struct, frozen=True):
    """A row's columns as one composite value, to be carried as text."""

    parts: tuple[Expression, ...]


class Json(Struct, frozen=True):
    """An object with these keys. GraphQL names need no escaping in JSON."""

    pairs: tuple[tuple[str, Expression], ...]


class When(Struct, frozen=True):
    condition: Expression
    then: Expression
    otherwise: Expression


class Exists(Struct, frozen=True):
    select: Select


class Scalar(Struct, frozen=True):
    """A subselect of one column and at most one row."""

    select: Select


class Rows(Struct, frozen=True):
    """A subselect of one column, as the right side of IN or ARRAY."""

    select: Select


Expression: TypeAlias = (
    Column
    | Whole
    | Star
    | Members
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
    | Invoke
    | Array
    | Element
    | Last
    | Record
    | Json
    | When
    | Exists
    | Scalar
    | Rows
)


class Table(Struct, frozen=True):
    name: catalog.Name
    alias: str


class Named(Struct, frozen=True):
    """A common table expression, read under an alias."""

    name: str
    alias: str


class Sub(Struct, frozen=True):
    select: Select
    alias: str


class Unnest(Struct, frozen=True):
    """Arrays side by side as rows. Without `columns` those of the rows' type."""

    arrays: tuple[Expression, ...]
    alias: str
    columns: tuple[str, ...] = ()


class Invoked(Struct, frozen=True):
    """The rows that a function gives."""

    call: Invoke
    alias: str


class Beside(Struct, frozen=True):
    """Each row of the left with what the right makes of it."""

    left: From
    right: Sub


From: TypeAlias = Table | Named | Sub | Unnest | Invoked | Beside


class Order(Struct, frozen=True):
    by: Expression
    direction: LiteralString


class Select(Struct, frozen=True, kw_only=True):
    columns: tuple[tuple[Expression, str | None], ...]
    source: From | None = None
    where: Expression = TRUE
    distinct: tuple[Expression, ...] = ()
    order: tuple[Order, ...] = ()
    limit: Expression | None = None
    ties: bool = False
    """Rows that sort like the last one within the limit come too."""
    offset: Expression | None = None
    together: bool = False
    """One row for all of them and for none, even if the columns call no aggregate function."""


class Conflict(Struct, frozen=True, kw_only=True):
    """`updates` empty is DO NOTHING, without a constraint on any conflict."""

    constraint: str | None = None
    updates: tuple[tuple[str, Expression], ...] = ()
    where: Expression = TRUE


class Insert(Struct, frozen=True, kw_only=True):
    """`rows` are VALUES, or a select."""

    into: Table
    columns: tuple[str, ...]
    rows: tuple[tuple[Expression, ...], ...] | Select
    conflict: Conflict | None = None
    returning: tuple[tuple[Expression, str | None], ...]


class Update(Struct, frozen=True, kw_only=True):
    table: Table
    updates: tuple[tuple[str, Expression], ...]
    where: Expression
    returning: tuple[tuple[Expression, str | None], ...]


class Delete(Struct, frozen=True, kw_only=True):
    table: Table
    where: Expression
    returning: tuple[tuple[Expression, str | None], ...]


Change: TypeAlias = Insert | Update | Delete | Select


class With(Struct, frozen=True, kw_only=True):
    name: str
    change: Change
    select: Select


class Statement(Struct, frozen=True):
    """What goes to the database. The text is made of the printer's own words and quoted identifiers only. `volatile`
    ones call functions that may write."""

    text: LiteralString
    parameters: tuple[Source, ...]
    volatile: bool = False


def both(*parts: Expression) -> Expression:
    """AND, flat, without what is always true."""
    flat: list[Expression] = []
    for part in parts:
        flat += part.parts if isinstance(part, All) else () if part == TRUE else (part,)
    return flat[0] if len(flat) == 1 else All(tuple(flat)) if flat else TRUE
