"""Which slots go where, so that every master has its share and no more are moved than must be. Pure."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from nself.actions.redis.view import SLOTS
from nself.records import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Move:
    source: str
    target: str
    slots: tuple[int, ...]


def shares(masters: Sequence[str], owned: Mapping[str, Collection[int]]) -> dict[str, int]:
    """How many slots each is to have; what cannot be divided stays with those that have the most now."""
    each, rest = divmod(SLOTS, len(masters))
    first = sorted(masters, key=lambda name: -len(owned.get(name, ())))[:rest]
    return {name: each + (name in first) for name in masters}


def plan(masters: Sequence[str], owned: Mapping[str, Collection[int]]) -> list[Move]:
    """What brings slots to `masters` in equal parts, from those of them that have too many and from all others."""
    wanted = shares(masters, owned)
    spare = [(name, slot) for name, slots in owned.items() for slot in sorted(slots)[wanted.get(name, 0) :]]
    moves: list[Move] = []
    for target in masters:
        lacking = wanted[target] - len(owned.get(target, ()))
        if lacking <= 0:
            continue
        taken, spare = spare[:lacking], spare[lacking:]
        for source in dict.fromkeys(name for name, _ in taken):
            slots = tuple(slot for name, slot in taken if name == source)
            moves.append(Move(source=source, target=target, slots=slots))
    return moves
