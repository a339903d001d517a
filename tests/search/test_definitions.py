"""search/indexes.yml: what it may say, and where each mistake is."""

from __future__ import annotations

import asyncio

import pytest

from nself.search import definition, source
from tests.search.articles import TABLE, opened

WRONG: list[tuple[str, int, str]] = [
    ("Articles:\n  table: a\n  fields: [t]\n", 1, "cannot be the name of an index"),
    ("query:\n  table: a\n  fields: [t]\n", 1, "cannot be the name of an index"),
    ('"a; drop":\n  table: a\n  fields: [t]\n', 1, "cannot be the name of an index"),
    (f"{'a' * 41}:\n  table: a\n  fields: [t]\n", 1, "cannot be the name of an index"),
    ("a: articles\n", 1, "expected table, fields"),
    ("a:\n  fields: [t]\n", 1, "is required: the table"),
    ("a:\n  table: a\n", 2, "is required: the columns"),
    ("a:\n  table: a\n  fields: []\n", 3, "is required: the columns"),
    ("a:\n  table: a\n  fields: title\n", 3, "expected a list of columns"),
    ("a:\n  table: a\n  fields: [[t]]\n", 3, "expected a list of columns"),
    ("a:\n  table: a\n  fields: {t: E}\n", 3, "expected a weight"),
    ("a:\n  table: a\n  fields: {t: [A]}\n", 3, "expected a weight"),
    ("a:\n  table: [a]\n  fields: [t]\n", 2, "expected a name"),
    ("a:\n  table: a\n  fields: [t]\n  filterable: category\n", 4, "expected a list of columns"),
    ("a:\n  table: a\n  fields: [t]\n  stemming: yes\n", 4, "is not known here"),
    ("- a\n", 1, "expected"),
    ("a: [unclosed\n", 2, ""),
]
"""A file, the line its mistake is in, and what is said about it."""


@pytest.mark.parametrize(("text", "line", "message"), WRONG)
def test_a_mistake_is_said_with_its_line(text: str, line: int, message: str) -> None:
    _, problems = definition.parse(text)
    assert [(each.file, each.line) for each in problems if message in each.message] == [("search/indexes.yml", line)]


def test_all_mistakes_are_said_at_once() -> None:
    text = "".join(text for text, *_ in WRONG[:2]) + "good:\n  table: a\n  fields: [t]\n"
    indexes, problems = definition.parse(text)
    assert [index.name for index in indexes] == ["good"]
    assert [each.line for each in problems] == [1, 4]


def test_an_index_has_what_the_file_says_and_defaults() -> None:
    (index,), problems = definition.parse("a:\n  table: b\n  fields: [one, two, three, four, five, one]\n")
    assert problems == []
    assert (index.schema, index.table, index.language) == ("public", "b", "simple")
    assert dict(index.fields) == {"one": "A", "two": "B", "three": "C", "four": "D", "five": "D"}
    (index,), _ = definition.parse("a:\n  table: x.b\n  key: k\n  language: german\n  fields: {one: B}\n")
    assert (index.schema, index.table, index.key, index.language, dict(index.fields)) == (
        "x", "b", "k", "german", {"one": "B"},
    )  # fmt: skip


@pytest.mark.parametrize("text", ["", "\n", "# nothing yet\n", "{}\n"])
def test_a_file_may_declare_nothing(text: str) -> None:
    assert definition.parse(text) == ((), [])


AGAINST_THE_TABLE: list[tuple[str, int, str]] = [
    ("a:\n  table: nothing\n  fields: [title]\n", 2, "there is no table public.nothing"),
    ("a:\n  table: seen\n  fields: [title]\n", 2, "is not an ordinary table"),
    ("a:\n  table: articles\n  fields:\n    title: A\n    text: B\n", 5, "articles has no column text"),
    ("a:\n  table: articles\n  fields: [title]\n  filterable: [colour]\n", 4, "articles has no column colour"),
    ("a:\n  table: articles\n  fields: [title]\n  key: title\n", 4, ""),
    ("a:\n  table: pairs\n  fields: [title]\n", 1, "has no primary key of one column"),
    ("a:\n  table: articles\n  fields: [title]\n  language: klingon\n", 4, "klingon"),
    ("a:\n  table: articles\n  fields: [title]\n  language_column: lang\n", 4, "articles has no column lang"),
    ("a:\n  table: odd\n  fields: [title]\n  sortable: [place]\n", 4, "place"),
]


def test_what_does_not_fit_the_table_is_said_with_its_line(dsn: str) -> None:
    more = """
        CREATE VIEW seen AS SELECT * FROM articles;
        CREATE TABLE pairs (a int, b int, title text, PRIMARY KEY (a, b));
        CREATE TABLE odd (id int PRIMARY KEY, title text, place point);
    """

    async def script() -> None:
        async with opened(dsn) as database, database.connection() as connection:
            await connection.execute(TABLE + more)
            for text, line, message in AGAINST_THE_TABLE:
                indexes, problems = definition.parse(text)
                assert problems == []
                sources, problems = await source.check(connection, indexes)
                assert sources == [], text
                assert [each.line for each in problems if message in each.message] == [line], (text, problems)

    asyncio.run(script())
