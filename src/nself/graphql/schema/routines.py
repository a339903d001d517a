"""SQL functions as fields see them: which argument is the row, which the session, what a client has to give."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from itertools import count
from typing import Final

from nself.graphql.errors import ApiError
from nself.graphql.language.scalars import TEXT
from nself.graphql.sql import tree as sql
from nself.graphql.sql.calls import FunctionCall, Given
from nself.graphql.sql.values import SessionJson, Source
from nself.pg.catalog import Argument, Function, Name, Type
from nself.records import dataclass

NOTHING_GIVEN: Final[Mapping[str, Source]] = {}
_OMITTED: Final = "Non default arguments cannot be omitted"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Routine:
    """`row` and `session` are positions of arguments that the engine fills in, `inputs` those that a client fills, by
    their GraphQL names. `table` is whose row it takes."""

    function: Function
    inputs: Mapping[str, int]
    row: int | None = None
    session: int | None = None
    table: Name | None = None

    def argument(self, name: str) -> Argument:
        return self.function.arguments[self.inputs[name]]

    @property
    def requires_input(self) -> bool:
        return any(not self.argument(name).has_default for name in self.inputs)

    def call(self, given: Mapping[str, Source] = NOTHING_GIVEN, path: str = "$") -> FunctionCall:
        """The call with these inputs. What is left out takes its default; what follows must then go by its name."""
        filled = {self.inputs[name]: source for name, source in given.items()}
        if self.session is not None:
            filled[self.session] = SessionJson()
        volatile = self.function.volatility == "volatile"
        return FunctionCall(self.function.name, tuple(self._arguments(filled, path)), self.table, volatile)

    def _arguments(self, filled: Mapping[int, Source], path: str) -> Iterator[Given]:
        by_name = False
        for position, argument in enumerate(self.function.arguments):
            if position not in filled and position != self.row:
                by_name = True
                if argument.has_default:
                    continue
                raise ApiError("not-supported", _OMITTED, path=path)
            if by_name and not argument.name:
                raise ApiError("not-supported", _OMITTED, path=path)
            value = None if position == self.row else sql.Parameter(filled[position], _sent_as(argument.type))
            yield Given(value, argument.name if by_name else None)


def routine(function: Function, *, table: Name | None = None, row: str | None = None, session: str | None) -> Routine:
    """`row` and `session` name arguments; the row of `table` is the first argument unless named."""
    names = [argument.name for argument in function.arguments]
    row_at = (names.index(row) if row else 0) if table else None
    session_at = names.index(session) if session else None
    inputs = {
        name: position
        for position, name in enumerate(input_names(function, taken={row_at, session_at}))
        if position not in {row_at, session_at}
    }
    return Routine(function=function, inputs=inputs, row=row_at, session=session_at, table=table)


def input_names(function: Function, *, taken: set[int | None]) -> list[str]:
    """Nameless arguments are `arg_1`, `arg_2`, … in order."""
    known = {argument.name for argument in function.arguments}
    free = (name for name in (f"arg_{number}" for number in count(1)) if name not in known)
    return [
        argument.name or ("" if position in taken else next(free))
        for position, argument in enumerate(function.arguments)
    ]


def _sent_as(type_: Type) -> Type:
    """What takes any type takes text."""
    return replace(TEXT, array=type_.array) if type_.kind == "pseudo" else type_
