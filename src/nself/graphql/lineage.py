"""Inherited roles: which role has which parents, and what it gets from them. Knows nothing of what is granted.

Where a grant is yes or no (functions, actions), `heirs` says who else has it. Where it says more (a table's rows, a
part of a remote schema), `derive` asks how the parents' grants go together. A role's own grant wins over theirs.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence
from typing import TypeVar

from nself.graphql.sessions.session import ADMIN
from nself.records import dataclass

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")


@dataclass(frozen=True, slots=True)
class Lineage:
    """Inherited roles with their parents, each after those of its parents that are inherited roles themselves."""

    order: tuple[tuple[str, tuple[str, ...]], ...] = ()

    @classmethod
    def of(cls, inherited: Mapping[str, Sequence[str]]) -> Lineage:
        """Roles on a cycle, or below one, inherit nothing; nor does anyone inherit from admin."""
        order: list[tuple[str, tuple[str, ...]]] = []
        waiting = dict(inherited)
        while ready := [role for role, parents in waiting.items() if not waiting.keys() & set(parents)]:
            for role in ready:
                order.append((role, tuple(parent for parent in waiting.pop(role) if parent != ADMIN)))
        return cls(tuple(order))

    def heirs(self, roles: Iterable[str]) -> tuple[str, ...]:
        """The roles with all that inherit from any of them."""
        found = dict.fromkeys(roles)
        for role, parents in self.order:
            if any(parent in found for parent in parents):
                found[role] = None
        return tuple(found)

    def derive(
        self, own: Mapping[str, Mapping[K, V | None]], combine: Callable[[str, K, list[V]], V | None]
    ) -> dict[str, dict[K, V]]:
        """`{role: {object: grant}}` with what is inherited. An own grant of None is one that cannot be used: nothing
        takes its place. `combine(role, object, grants of the parents)` may find that they do not go together."""
        known: dict[str, dict[K, V | None]] = {role: dict(grants) for role, grants in own.items()}
        for role, parents in self.order:
            grants = known.setdefault(role, {})
            for key, inherited in _together([known.get(parent, {}) for parent in parents]).items():
                if key not in grants:
                    grants[key] = combine(role, key, inherited)
        return {role: {key: one for key, one in grants.items() if one is not None} for role, grants in known.items()}


def _together(parents: Iterable[Mapping[K, V | None]]) -> dict[K, list[V]]:
    found: dict[K, list[V]] = {}
    for grants in parents:
        for key, one in grants.items():
            if one is not None:
                found.setdefault(key, []).append(one)
    return found


def agreed(grants: Sequence[V]) -> V | None:
    """The one grant that all of them are, None when they differ."""
    first, *others = grants
    return first if all(other == first for other in others) else None


def cycles(inherited: Mapping[str, Sequence[str]]) -> list[list[str]]:
    """Roles that inherit from themselves, each way round told once, in the order in which they name their parents."""
    found: list[list[str]] = []
    for role in inherited:
        if not any(role in known for known in found):
            way = next(_ways_back(role, inherited), None)
            found += [way] if way else []
    return found


def _ways_back(start: str, inherited: Mapping[str, Sequence[str]]) -> Iterator[list[str]]:
    """Ways from a role over its parents to itself."""
    seen: set[str] = set()
    ahead = [[start]]
    while ahead:
        way = ahead.pop()
        for parent in inherited.get(way[-1], ()):
            if parent == start:
                yield way
            elif parent not in seen:
                seen.add(parent)
                ahead.append([*way, parent])
