"""How the names of a source are spelled in GraphQL: one strategy for its types, fields, arguments and enum values.

The engine's own vocabulary is written in snake case everywhere (`order_by`, `affected_rows`), and so are the patterns
that names of tables go into (`{0}_bool_exp`). A naming turns these into what clients see. Names that a person chose
(custom names, relationships, computed fields) are never respelled.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

from msgspec import Struct

from nself.graphql.metadata.customization import Convention, Customization
from nself.graphql.metadata.model import TrackedTable

_HOLE: Final = "{0}"


class Base(Struct, frozen=True):
    """What the names of a table or a function are made of; `chosen` by a person."""

    name: str
    chosen: bool = False


def base(tracked: TrackedTable) -> Base:
    """What all GraphQL names of a table are made of."""
    schema, name = tracked.table
    chosen = tracked.config.custom_name
    return Base(chosen or (name if schema == "public" else f"{schema}_{name}"), chosen=bool(chosen))


class Naming(Struct, frozen=True, kw_only=True):
    """`graphql`: the convention graphql-default, PascalCase and camelCase."""

    customization: Customization = Customization()
    graphql: bool = False

    def type(self, pattern: str, base: Base) -> str:
        """The type that a pattern (`{0}_bool_exp`) stands for."""
        if not self.graphql:
            return self.customization.type(pattern.format(base.name))
        pieces = (base.name if base.chosen else pascal(base.name)).join(map(pascal, pattern.split(_HOLE)))
        return self.customization.type(pieces)

    def shared_type(self, name: str) -> str:
        """A type that belongs to no table: `order_by`, `String_comparison_exp`."""
        return pascal(name) if self.graphql else name

    def root(self, pattern: str, base: Base, chosen: str | None = None) -> str:
        """The root field that a pattern (`insert_{0}_one`) stands for, unless a name was chosen for it."""
        return self.customization.root(chosen or self._root(pattern, base))

    def _root(self, pattern: str, base: Base) -> str:
        if not self.graphql:
            return pattern.format(base.name)
        before, after = pattern.split(_HOLE)
        name = base.name if base.chosen else camel(base.name)
        return camel(before) + (_capital(name) if before else name) + pascal(after)

    def word(self, name: str) -> str:
        """A field or an argument of the engine's vocabulary, or a column nobody named otherwise."""
        return camel(name) if self.graphql else name

    def words(self, names: Iterable[str], taken: Iterable[str]) -> Mapping[str, str]:
        """The same for several at once; what would fall together with another keeps its spelling."""
        spelled = {name: self.word(name) for name in names}
        seen = [*spelled.values(), *taken]
        return {name: new if seen.count(new) == 1 else name for name, new in spelled.items()}

    def enum_value(self, name: str) -> str:
        return name.upper() if self.graphql else name


class Conventions(Struct, frozen=True):
    """Which naming a source has. Without `enabled` the convention is hasura-default whatever is said."""

    enabled: bool = False
    default: Convention = "hasura-default"

    def of(self, customization: Customization) -> Naming:
        convention = customization.convention or self.default
        return Naming(customization=customization, graphql=self.enabled and convention == "graphql-default")


HASURA: Final = Naming()
"""The convention hasura-default without any customization."""


def camel(name: str) -> str:
    """`favourite_day` -> `favouriteDay`, `_is_null` -> `_isNull`, `ID` -> `id`."""
    first, *rest = _pieces(name) or [""]
    begin = first.lower() if first.isupper() else first[:1].lower() + first[1:]
    return _leading(name) + begin + "".join(map(_capital, rest))


def pascal(name: str) -> str:
    """`days_of_the_week` -> `DaysOfTheWeek`."""
    return "".join(map(_capital, _pieces(name)))


def _capital(piece: str) -> str:
    return piece[:1].upper() + piece[1:]


def _pieces(name: str) -> list[str]:
    return [piece for piece in name.split("_") if piece]


def _leading(name: str) -> str:
    return name[: len(name) - len(name.lstrip("_"))]
