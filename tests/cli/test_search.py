"""`nself service search` as it is typed, over a real PostgreSQL."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import asyncpg
import jsonschema
import pytest
import yaml

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
    ("query", "articles", "shoes", "--highlight", "--facet", "category"): "nself.actions.search.asking:Found",
    ("test",): "nself.actions.search.asking:Proved",
    ("config",): "nself.actions.search.configuration:Configuration",
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
    (("query", "articles", "shoes", "--facet", "body"), "body is not filterable"),
    (("setup", "--table", "nothing"), "there is no table public.nothing"),
    (("reindex", "--table", "nothing"), "no index is over the table nothing"),
    (("dashboard",), "PostgreSQL has no search page of its own"),
    (("test", "nothing"), "has no index nothing"),
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
    assert (code, "nothing of this project runs" in err) == (4, True)
    assert answer(search, "enable", "postgres")["engine"] == "postgres"
    answer(search, "setup")
    assert answer(search, "query", "articles", "shoes")["total"] == 2


def test_facets_are_counted_and_shown(search: Typed) -> None:
    answer(search, "setup")
    found = answer(search, "query", "articles", "", "--facet", "category", "--facet", "tags", "--limit", "0")
    assert found["hits"] == []
    assert found["facets"]["category"] == {
        "values": [{"value": "blog", "count": 2}, {"value": "shop", "count": 2}], "exact": True,
    }  # fmt: skip
    assert {each["value"]: each["count"] for each in found["facets"]["tags"]["values"]} == {
        "it": 2, "shoes": 2, "sport": 2,
    }  # fmt: skip
    assert answer(search, "query", "articles", "shoes")["facets"] == {}
    _, out, _ = search("query", "articles", "shoes", "--facet", "category")
    assert re.search(r"CATEGORY +MATCHES\n.*shop +2", out)


def test_a_row_is_found_by_its_own_word_and_a_broken_index_is_told(search: Typed, dsn: str) -> None:
    answer(search, "setup")
    (proof,) = answer(search, "test")["indexes"]
    assert (proof["index"], proof["ok"]) == ("articles", True)
    assert proof["word"]
    execute(dsn, "TRUNCATE search.articles_1")
    code, out, _ = search("test")
    assert (code, "is not found by it" in out) == (1, True)
    execute(dsn, "TRUNCATE articles")
    assert answer(search, "test")["indexes"][0]["word"] is None


def test_an_export_is_imported_elsewhere_and_found_there(search: Typed, root: Path, dsn: str) -> None:
    answer(search, "setup")
    file = root / "out.ndjson"
    search("export", "articles", "--output", str(file))
    execute(dsn, "DELETE FROM articles WHERE id < 3; UPDATE articles SET title = 'Hat' WHERE id = 3")
    assert answer(search, "import", "articles", str(file), "--dry-run")["rows"] == 4
    assert answer(search, "query", "articles", "shoes ")["total"] == 0
    code, _, err = search("import", "articles", str(file))
    assert (code, "--yes" in err) == (2, True)
    done = answer(search, "import", "articles", str(file), "--yes")
    assert (done["rows"], done["table"], done["dry_run"]) == (4, "public.articles", False)
    assert {hit["id"] for hit in answer(search, "query", "articles", "shoes ")["hits"]} == {1, 2}
    assert answer(search, "query", "articles", "hat ")["total"] == 0


BAD_IMPORTS = [
    ('{"id": 1, "title": "Hat"}\nnonsense\n', "line 2 is not JSON"),
    ('{"id": 1, "title": "Hat"}\n[1]\n', "line 2 is not a document"),
    ('{"title": "Hat"}\n', "line 1 has no id"),
    ('{"id": 1, "colour": "red"}\n', "colour is no column of the index articles"),
    ('{"id": "one", "title": "Hat"}\n', "one"),
    ('{"id": 1, "title": "Hat"}\n{"id": 5, "title": null}\n', "null value"),
    ('{"id": 1, "title": "Ha\\u0000t"}\n', "line 1 has the character NUL"),
]


def test_an_import_that_cannot_be_is_none_at_all(search: Typed, root: Path) -> None:
    answer(search, "setup")
    file = root / "bad.ndjson"
    for text, said in BAD_IMPORTS:
        file.write_text(text)
        code, _, err = search("import", "articles", str(file), "--yes")
        assert code in (2, 5), text
        assert said in err, text
        assert answer(search, "query", "articles", "hat ")["total"] == 0


def test_an_index_is_declared_from_its_table(search: Typed, root: Path, dsn: str) -> None:
    file = root / "search" / "indexes.yml"
    file.unlink()
    planned = answer(search, "setup", "--table", "articles", "--dry-run")["indexes"]
    assert [(each["index"], each["action"]) for each in planned] == [("articles", "build")]
    assert not file.exists()
    assert answer(search, "setup", "--table", "articles")["indexes"][0]["rows"] == 4
    assert yaml.safe_load(file.read_text()) == {
        "articles": {
            "table": "articles", "fields": {"title": "A", "body": "B", "category": "C"},
            "filterable": ["tags", "owner_id"], "sortable": ["price"],
        }
    }  # fmt: skip
    before = file.read_text()
    assert answer(search, "setup", "--table", "public.articles")["indexes"][0]["action"] == "kept"
    assert file.read_text() == before
    execute(dsn, "CREATE SCHEMA shop; CREATE TABLE shop.notes (id int PRIMARY KEY, body text)")
    assert len(answer(search, "setup", "--table", "shop.notes")["indexes"]) == 2
    assert file.read_text().startswith(before.rstrip())
    assert [each["index"] for each in answer(search, "reindex", "--table", "shop.notes")["indexes"]] == ["notes"]


def test_settings_are_shown_with_keys_masked(search: Typed) -> None:
    answer(search, "enable", "meilisearch")
    found = answer(search, "config")
    assert (found["engine"], found["indexes"]) == ("meilisearch", ["articles"])
    settings = {each["key"]: each for each in found["settings"]}
    assert settings["SEARCH_ENGINE"]["value"] == "meilisearch"
    assert settings["SEARCH_ENGINE"]["source"]
    assert "…" in settings["MEILISEARCH_MASTER_KEY"]["value"]
    page = answer(search, "dashboard")
    assert page["url"].startswith("http")


def test_logs_are_those_of_the_engine(search: Typed) -> None:
    code, _, err = search("logs")
    assert (code, "nself build" in err) == (3, True)
    answer(search, "disable")
    code, _, err = search("logs")
    assert (code, "nself service search enable" in err) == (3, True)
