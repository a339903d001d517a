"""`nself service search` as it is typed, over a real PostgreSQL."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import asyncpg
import jsonschema
import pytest

from nself.cli import shapes
from nself.cli.main import run
from tests.actions.places import home, written
from tests.search.articles import INDEXES, TABLE

Typed = Callable[..., tuple[int, str, str]]
SHAPES = {
    ("status",): "nself.actions.search.indexes:Listing",
    ("list",): "nself.actions.search.indexes:Listing",
    ("setup", "--dry-run"): "nself.actions.search.indexes:Built",
    ("setup",): "nself.actions.search.indexes:Built",
    ("reindex", "articles"): "nself.actions.search.indexes:Built",
    ("query", "articles", "shoes", "--highlight"): "nself.actions.search.indexes:Found",
    ("sync",): "nself.actions.search.indexes:Synced",
    ("stats",): "nself.actions.search.indexes:Figures",
    ("health",): "nself.actions.search.indexes:Health",
    ("clear", "--yes"): "nself.actions.search.indexes:Dropped",
}


def execute(dsn: str, sql: str) -> None:
    async def go() -> None:
        connection = await asyncpg.connect(dsn)
        await connection.execute(sql)
        await connection.close()

    asyncio.run(go())


@pytest.fixture
def root(tmp_path: Path, dsn: str) -> Path:
    """A project whose database is the one of the test, with the articles in it and their index declared."""
    execute(dsn, TABLE)
    at = urlsplit(dsn)
    written(tmp_path, {"POSTGRES_PORT": str(at.port), "POSTGRES_USER": "postgres", "POSTGRES_DB": at.path[1:]})
    (tmp_path / "search").mkdir()
    (tmp_path / "search" / "indexes.yml").write_text(INDEXES)
    return tmp_path


@pytest.fixture
def search(root: Path, capsys: pytest.CaptureFixture[str]) -> Typed:
    """`search(*words)` in that project: (exit code, stdout, stderr)."""

    def type_in(*words: str, env: str = "dev") -> tuple[int, str, str]:
        code = run(["-C", str(root), "--env", env, "service", "search", *words], home(root))
        return code, *capsys.readouterr()

    return type_in


def answer(search: Typed, *words: str) -> Any:
    code, out, err = search(*words, "--json")
    assert code == 0, (words, out, err)
    return json.loads(out)


def test_every_json_has_its_documented_shape(search: Typed) -> None:
    for words, shape in SHAPES.items():
        jsonschema.validate(answer(search, *words), shapes.of_result(shape))


def test_an_answer_says_who_gave_it_what_it_found_and_how_long_it_took(search: Typed) -> None:
    answer(search, "setup")
    found = answer(search, "query", "articles", "red shoes", "--highlight")
    assert {"engine", "index", "hits", "total", "ms"} <= set(found)
    assert (found["engine"], found["index"], found["total"]) == ("postgres", "articles", 1)
    assert found["hits"][0]["id"] == 1
    assert found["hits"][0]["highlight"]["title"] == "<mark>Red</mark> <mark>shoes</mark>"
    assert found["ms"] > 0


def test_filters_and_sorts_as_they_are_typed(search: Typed) -> None:
    answer(search, "setup")

    def ids(*words: str) -> list[int]:
        return [hit["id"] for hit in answer(search, "query", "articles", *words)["hits"]]

    assert ids("shoes", "--filter", "price<60") == [1]
    assert ids("", "--filter", "category=blog", "--filter", "category=shop", "--sort", "-id") == [4, 3, 2, 1]
    assert ids("", "--filter", "price>=20", "--filter", "price<70", "--sort", "price") == [4, 1]
    assert ids("", "--filter", "category!=shop", "--limit", "1", "--offset", "1", "--sort", "id") == [4]


def test_people_read_what_was_found_with_its_words_marked(search: Typed) -> None:
    answer(search, "setup")
    code, out, _ = search("query", "articles", "databse ", "--highlight")
    assert code == 0
    assert "showing matches of: database" in out
    assert "»database«" in out
    assert " ms by postgres" in out


WRONG = [
    (("query", "nothing", "shoes"), "there is no search index nothing"),
    (("query", "articles", "shoes", "--filter", "body=x"), "body is not filterable"),
    (("query", "articles", "shoes", "--filter", "price"), "expected NAME=VALUE"),
    (("query", "articles", "shoes", "--filter", "price=1", "--filter", "price>2"), "do not go together"),
    (("query", "articles", "shoes", "--filter", "price=cheap"), "cheap"),
    (("query", "articles", "shoes", "--sort", "body"), "body is not sortable"),
    (("query", "articles", "sh\0es"), "NUL"),
    (("query", "articles", "shoes", "--limit", "-1"), "--limit"),
    (("reindex", "nothing"), "has no index nothing"),
    (("clear", "nothing", "--yes"), "there is no search index nothing"),
    (("export", "nothing"), "has no index nothing"),
]


def test_what_cannot_be_done_is_said_as_a_usage_error(search: Typed) -> None:
    answer(search, "setup")
    for words, said in WRONG:
        code, out, err = search(*words)
        assert (code, out) == (2, ""), words
        assert said in err, words


def test_before_a_setup_it_is_what_is_told_to_do(search: Typed) -> None:
    code, _, err = search("query", "articles", "shoes")
    assert code == 3
    assert "nself service search setup" in err
    code, out, _ = search("status")
    assert (code, "next: nself service search setup" in out) == (0, True)


def test_a_mistake_in_the_file_is_shown_with_its_line(search: Typed, root: Path) -> None:
    (root / "search" / "indexes.yml").write_text("articles:\n  table: articles\n  fields: {title: A, text: B}\n")
    code, _, err = search("setup")
    assert code == 3
    assert "search/indexes.yml:3" in err
    assert "articles has no column text" in err


def test_an_index_that_is_no_longer_declared_goes_and_a_changed_one_is_built_anew(search: Typed, root: Path) -> None:
    answer(search, "setup")
    file = root / "search" / "indexes.yml"
    file.write_text("titles:\n  table: articles\n  fields: [title]\n")
    planned = answer(search, "setup", "--dry-run")["indexes"]
    assert [(each["index"], each["action"]) for each in planned] == [("titles", "build"), ("articles", "drop")]
    assert [each["state"] for each in answer(search, "list")["indexes"]] == ["new", "undeclared"]
    done = answer(search, "setup")["indexes"]
    assert [(each["index"], each["action"], each["rows"]) for each in done] == [
        ("titles", "built", 4), ("articles", "dropped", None),
    ]  # fmt: skip
    assert [each["action"] for each in answer(search, "setup")["indexes"]] == ["kept"]


def test_health_exits_with_1_when_an_index_fell_behind(search: Typed, dsn: str) -> None:
    answer(search, "setup")
    assert answer(search, "health")["healthy"] is True
    execute(dsn, "ALTER TABLE articles RENAME title TO heading; UPDATE articles SET heading = 'Hat' WHERE id = 1")
    code, out, err = search("health")
    assert code == 1, err
    assert "articles.fields.title: articles has no column title" in out
    assert "does not answer" in out


def test_a_clear_asks_first_and_is_refused_in_production(search: Typed) -> None:
    answer(search, "setup")
    code, _, err = search("clear")
    assert (code, "--yes" in err) == (2, True)
    code, _, err = search("clear", "--yes", env="prod")
    assert code != 0
    assert "is a production environment: removing search indexes is refused" in err
    assert answer(search, "query", "articles", "shoes")["total"] == 2
    assert answer(search, "clear", "--yes")["indexes"] == ["articles"]
    assert answer(search, "list")["indexes"][0]["state"] == "new"


def test_an_export_is_a_line_of_json_a_document(search: Typed, root: Path) -> None:
    code, out, _ = search("export", "articles")
    documents = [json.loads(line) for line in out.splitlines()]
    assert (code, [document["id"] for document in documents]) == (0, [1, 2, 3, 4])
    search("export", "articles", "--output", str(root / "out.ndjson"))
    assert (root / "out.ndjson").read_text() == out


def test_switched_off_it_refuses_and_the_engine_can_be_chosen(search: Typed, root: Path) -> None:
    assert answer(search, "disable")["engine"] is None
    code, _, err = search("query", "articles", "shoes")
    assert (code, "nself service search enable" in err) == (3, True)
    assert answer(search, "enable", "meilisearch")["engine"] == "meilisearch"
    code, _, err = search("setup")
    assert (code, "Meilisearch at http://127.0.0.1:" in err) == (6, True)
    assert "nself start meilisearch" in err
    assert answer(search, "enable", "postgres")["engine"] == "postgres"
    answer(search, "setup")
    assert answer(search, "query", "articles", "shoes")["total"] == 2
