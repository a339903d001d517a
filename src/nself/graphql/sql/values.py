"""Where the values of a statement come from, and how a request's own are put in their place.

A plan is made once and run many times: it holds sources, not values. Binding looks each source up in the request at
hand and gives PostgreSQL text, or an array of texts, to cast. So every value is a parameter, and the messages for bad
input are PostgreSQL's own.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from operator import itemgetter
from typing import Any, TypeAlias

from msgspec import Struct, field

from nself.graphql.errors import ApiError
from nself.graphql.language.scalars import whole_column
from nself.graphql.language.types import Encode
from nself.graphql.sessions.session import Session
from nself.web.json import encode

Bound: TypeAlias = str | Sequence[str | None] | None


class Bindings(Struct, kw_only=True):
    """What one run of a plan may look at. `stored` keeps what an earlier statement of a mutation returned."""

    session: Session
    variables: Mapping[str, Any] = field(default_factory=dict)
    stored: dict[str, Bound] = field(default_factory=dict)


class Constant(Struct, frozen=True):
    """Known when planning, already in PostgreSQL's text form."""

    value: str | None

    def bind(self, bindings: Bindings) -> Bound:
        return self.value


class Constants(Struct, frozen=True):
    values: tuple[str | None, ...]

    def bind(self, bindings: Bindings) -> Bound:
        return self.values


class SessionVariable(Struct, frozen=True):
    name: str

    def bind(self, bindings: Bindings) -> Bound:
        value = bindings.session.variables.get(self.name)
        if value is not None:
            return value
        if self.name == "x-hasura-role":
            return bindings.session.role
        raise ApiError("not-found", f'missing session variable: "{self.name}"')


class SessionJson(Struct, frozen=True):
    """All session variables as one JSON object: what a function's session argument receives."""

    def bind(self, bindings: Bindings) -> Bound:
        session = bindings.session
        return encode({**session.variables, "x-hasura-role": session.role}).decode()


class CursorValue(Struct, frozen=True):
    """Where a streaming subscription begins in this column. It moves on: whoever runs the statement sets the value."""

    column: str
    initial: Source

    def bind(self, bindings: Bindings) -> Bound:
        return self.initial.bind(bindings)


class Variable(Struct, frozen=True):
    """A value inside a request's variables: `steps` lead from the variable to it. `path` is where it is used."""

    name: str
    steps: tuple[str | int, ...]
    encode: Encode
    path: str

    def value(self, bindings: Bindings) -> Any:
        value: Any = bindings.variables.get(self.name)
        for step in self.steps:
            value = value[step]
        return value

    def bind(self, bindings: Bindings) -> Bound:
        value = self.value(bindings)
        return None if value is None else self.encode(value, self.path)


class VariableList(Struct, frozen=True):
    """A list inside the variables, bound as an array of texts. A single value counts as a list of one."""

    of: Variable

    def bind(self, bindings: Bindings) -> Bound:
        found = self.of.value(bindings)
        values = found if isinstance(found, list) else [found]
        encode, path = self.of.encode, self.of.path
        if None in values:
            raise ApiError("validation-failed", "unexpected null value in a list", path=f"{path}[{values.index(None)}]")
        return [encode(value, f"{path}[{index}]") for index, value in enumerate(values)]


class VariableColumn(Struct, frozen=True):
    """One key of every object in a list inside the variables: a column of the rows to insert."""

    rows: Variable
    key: str
    encode: Encode

    def bind(self, bindings: Bindings) -> Bound:
        found = self.rows.value(bindings)
        rows = found if isinstance(found, list) else [found]
        key, encode, path = self.key, self.encode, self.rows.path
        values = list(map(itemgetter(key), rows))
        return whole_column(values, encode) or [
            None if value is None else encode(value, f"{path}[{index}].{key}") for index, value in enumerate(values)
        ]


class Together(Struct, frozen=True):
    """Several single values bound as one array."""

    parts: tuple[Source, ...]

    def bind(self, bindings: Bindings) -> Bound:
        return [one(part.bind(bindings)) for part in self.parts]


class ArrayText(Struct, frozen=True):
    """A list bound as one text, an array as PostgreSQL writes it: the driver looks at each element of a list."""

    of: Source

    def bind(self, bindings: Bindings) -> Bound:
        found = self.of.bind(bindings)
        written = encode(found)
        # JSON writes a list of texts as PostgreSQL does, as long as there is nothing to escape.
        return as_text(found) if b"\\" in written else "{" + written[1:-1].decode() + "}"


class Stored(Struct, frozen=True):
    """What an earlier statement of the same mutation returned under this name."""

    name: str

    def bind(self, bindings: Bindings) -> Bound:
        return bindings.stored[self.name]


class StoredRows(Struct, frozen=True):
    """The rows several statements returned, one after the other."""

    names: tuple[str, ...]

    def bind(self, bindings: Bindings) -> Bound:
        return [row for name in self.names for row in bindings.stored[name] or ()]


class StoredSum(Struct, frozen=True):
    names: tuple[str, ...]

    def bind(self, bindings: Bindings) -> Bound:
        return str(sum(int(one(bindings.stored[name]) or 0) for name in self.names))


Source: TypeAlias = (
    Constant
    | Constants
    | SessionVariable
    | SessionJson
    | CursorValue
    | Variable
    | VariableList
    | VariableColumn
    | Together
    | ArrayText
    | Stored
    | StoredRows
    | StoredSum
)


def as_text(bound: Bound) -> str | None:
    """A bound value as one text: lists as PostgreSQL writes arrays."""
    if bound is None or isinstance(bound, str):
        return bound
    return "{" + ",".join("NULL" if item is None else _element(item) for item in bound) + "}"


def _element(text: str) -> str:
    if text and text.upper() != "NULL" and text.replace("_", "").replace("-", "").replace(".", "").isalnum():
        return text
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def one(bound: Bound) -> str | None:
    assert bound is None or isinstance(bound, str)
    return bound
