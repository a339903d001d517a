"""Fields of an answer that another place knows than the one that made it.

An answer that somebody made as JSON (the database, a webhook, a remote service) leaves a place-holder where such a
field belongs, under the field's own response key: the join's key as a JSON list, `[7]`; null stays null. A `Join` says
where the place-holders are and who knows what belongs there. `merged` collects them, asks once for all different keys,
and puts the answers in. So nothing is hidden in the answer that would have to be taken out, and keys keep their order.

Planning: whoever plans such a field calls `promise(ctx, one, lookup)` and makes its producer write the place-holder
(`sql.Json`-like for rows: `json_build_array(columns)`). Whoever owns the answer as a whole (a root field, or a lookup
for what it finds) calls `taken(ctx, path)` after planning it, and `merged` when it runs. Lookups nest this way: what
`find` returns is finished, joins of its own included. `plan.lookup` makes the lookups that ask a tracked table with
the caller's permissions.
"""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Iterable, Iterator, Sequence
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final, Protocol, TypeVar

import msgspec
from msgspec import Struct

if TYPE_CHECKING:
    from nself.graphql.plan.context import Context
    from nself.graphql.plan.selection import Selected
    from nself.graphql.run import Run

Json = Any
T = TypeVar("T")
_STEP: Final = ".selectionSet."
# Digits of numbers survive: not every numeric fits a float.
decode: Final = msgspec.json.Decoder(float_hook=Decimal).decode
encode: Final = msgspec.json.Encoder(decimal_format="number").encode


class Lookup(Protocol):
    """Knows what belongs to a key."""

    async def find(self, run: Run, keys: Sequence[list[Json]]) -> Sequence[Json]:
        """What goes in for each of these keys, in their order: values that `encode` takes, `msgspec.Raw` among them.
        Keys are all different. Raises ApiError when the whole operation must fail."""
        ...


class Join(Struct, frozen=True):
    """`at` leads to the place-holder: response keys, the last one is the field's own; lists are walked through."""

    at: tuple[str, ...]
    lookup: Lookup


def promise(ctx: Context, one: Selected, lookup: Lookup) -> None:
    """The value of this field will be put in by `lookup`."""
    ctx.joins.append(Join(steps(one.path), lookup))


def taken(ctx: Context, path: str) -> tuple[Join, ...]:
    """The joins promised below the field at `path`, seen from its value."""
    above = steps(path)
    mine: list[Join] = []
    others: list[Join] = []
    for join in ctx.joins:
        (mine if len(join.at) > len(above) and join.at[: len(above)] == above else others).append(join)
    ctx.joins[:] = others
    return tuple(Join(join.at[len(above) :], join.lookup) for join in mine)


def steps(path: str) -> tuple[str, ...]:
    """The response keys in a path: `$.selectionSet.users.selectionSet.id` has `users`, `id`."""
    return tuple(path.split(_STEP)[1:])


async def merged(run: Run, answer: bytes | str, joins: Sequence[Join]) -> bytes:
    """The answer with every place-holder replaced."""
    return encode(await filled(run, decode(answer), joins)) if joins else _bytes(answer)


async def filled(run: Run, value: Json, joins: Sequence[Join]) -> Json:
    """The same for JSON that is parsed already: place-holders are replaced in the value itself."""
    await together(_fill(run, value, join) for join in joins)
    return value


async def _fill(run: Run, value: Json, join: Join) -> None:
    places = [place for place in _objects(value, join.at[:-1]) if place.get(join.at[-1]) is not None]
    keys = {encode(place[join.at[-1]]): place[join.at[-1]] for place in places}
    if not keys:
        return
    found = dict(zip(keys, await join.lookup.find(run, list(keys.values())), strict=True))
    for place in places:
        place[join.at[-1]] = found[encode(place[join.at[-1]])]


def _objects(value: Json, at: Sequence[str]) -> Iterator[dict[str, Json]]:
    """The objects at the end of these keys."""
    if isinstance(value, list):
        for item in value:
            yield from _objects(item, at)
    elif isinstance(value, dict):
        if not at:
            yield value
        elif at[0] in value:
            yield from _objects(value[at[0]], at[1:])


async def together(works: Iterable[Coroutine[Any, Any, T]]) -> list[T]:
    """Run them at once. The first that fails ends the others."""
    tasks = [asyncio.ensure_future(work) for work in works]
    try:
        return await asyncio.gather(*tasks)
    except BaseException:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        raise


def _bytes(answer: bytes | str) -> bytes:
    return answer.encode() if isinstance(answer, str) else answer
