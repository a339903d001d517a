from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from typing import Any

import msgspec
import pytest

from nself.graphql import joins
from nself.graphql.errors import ApiError
from nself.graphql.joins import Join
from nself.graphql.run import Run
from nself.graphql.sessions.session import Session
from nself.graphql.sql.values import Bindings

RUN = Run(databases={}, bindings=Bindings(session=Session(role="user")))


class Names:
    """Knows the names of numbers, and remembers what it was asked."""

    def __init__(self) -> None:
        self.asked: list[Sequence[Any]] = []

    async def find(self, run: Run, keys: Sequence[Any]) -> Sequence[Any]:
        self.asked.append(keys)
        return [{"name": f"number {number}"} if number else None for (number,) in keys]


class Failing:
    async def find(self, run: Run, keys: Sequence[Any]) -> Sequence[Any]:
        raise ApiError("unexpected", "out of reach")


def merged(answer: Any, *wanted: Join) -> Any:
    return json.loads(asyncio.run(joins.merged(RUN, msgspec.json.encode(answer), wanted)))


def test_all_places_are_filled_with_one_question_about_different_keys() -> None:
    names = Names()
    answer = [{"id": 1, "named": [7]}, {"id": 2, "named": [8]}, {"id": 3, "named": [7]}]
    found = merged(answer, Join(("named",), names))
    assert [row["named"]["name"] for row in found] == ["number 7", "number 8", "number 7"]
    assert names.asked == [[[7], [8]]]


def test_a_filled_field_keeps_its_place_among_the_others() -> None:
    found = merged({"a": 1, "named": [7], "z": 2}, Join(("named",), Names()))
    assert list(found) == ["a", "named", "z"]


def test_lists_at_any_depth_are_walked_through() -> None:
    answer = {"authors": [{"books": [[{"named": [1]}], [{"named": [2]}]]}, {"books": []}]}
    found = merged(answer, Join(("authors", "books", "named"), Names()))
    assert found["authors"][0]["books"][1][0]["named"] == {"name": "number 2"}


def test_nothing_is_asked_where_there_is_no_place_to_fill() -> None:
    names = Names()
    for answer in (None, [], {"named": None}, {"other": 1}, [{"named": None}]):
        assert merged(answer, Join(("named",), names)) == answer
    assert names.asked == []


def test_no_joins_means_the_very_bytes() -> None:
    answer = b'{"a":   1}'
    assert asyncio.run(joins.merged(RUN, answer, ())) is answer


def test_digits_of_numbers_survive() -> None:
    answer = b'{"big":12345678901234567890123,"exact":1.10,"named":[1]}'
    found = asyncio.run(joins.merged(RUN, answer, [Join(("named",), Names())]))
    assert found.startswith(b'{"big":12345678901234567890123,"exact":1.10,')


def test_a_lookup_that_fails_fails_the_whole() -> None:
    with pytest.raises(ApiError, match="out of reach"):
        merged({"named": [1], "other": [1]}, Join(("named",), Failing()), Join(("other",), Names()))


def test_the_first_failure_ends_what_runs_beside_it() -> None:
    ended: list[str] = []

    async def endless() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            ended.append("endless")

    async def failing() -> None:
        await asyncio.sleep(0)
        raise ApiError("unexpected", "no")

    with pytest.raises(ApiError, match="no"):
        asyncio.run(joins.together([endless(), failing()]))
    assert ended == ["endless"]
