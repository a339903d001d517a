"""What users, migrations and accidents do to an index inside PostgreSQL."""

from __future__ import annotations

import asyncio
import subprocess
from collections.abc import Awaitable, Callable
from typing import Any

import asyncpg
import pytest

from nself.errors import DatabaseError
from nself.pg.database import CONNECTION_LOST, Database
from nself.search import definition, source
from nself.search.engine import Query
from nself.search.postgres import copying
from nself.search.postgres.engine import PostgresEngine
from tests.cluster import WHEEL_BIN
from tests.search.articles import INDEXES, engine, found, opened, quiet, sources

Work = Callable[[PostgresEngine, Database], Awaitable[Any]]
GONE = (asyncpg.PostgresError, asyncpg.InterfaceError, *CONNECTION_LOST)
"""What is raised when PostgreSQL ends a connection, by where it was just then."""

HOSTILE = [
    "' OR 1=1 --",
    "\\'; DROP TABLE articles; --",
    "& | ! ( ) <-> :* shoes",
    "shoes:*A & !red",
    '"""',
    '"red shoes',
    "- -",
    "-shoes",
    "OR OR OR",
    "shoes OR",
    "!!!???...",
    "the a of",
    "%_%",
    "\\",
    "\\m.*\\M",
    "sh\\1oes",
    "שלום עולם",
    "\u202eseohs\u202c",
    "👟 shoes 🏃",
    "naïve café Ünïcödé",
    "\x01\x02\x03",
    "\x0112.0",
    "'\x0112.0'",
    "shoes " * 17_000,
    "ab1_" * 262_144,
    "x" * 100_000,
    '"' * 1001,
    "a" * 999 + "é",
    "$1 $2 %I %L %s",
    "{}",
    "\t\n\r ",
    "http://example.com/?q=shoes&x='",
]


def over(dsn: str, work: Work) -> Any:
    """Do something with the engine over a database that has the articles indexed."""

    async def inside() -> Any:
        async with opened(dsn) as database:
            return await work(PostgresEngine(database), database)

    return asyncio.run(inside())


def test_every_text_is_a_question_and_none_is_an_order(searchable: str) -> None:
    async def ask(made: PostgresEngine, database: Database) -> None:
        for text in HOSTILE:
            for highlight in (False, True):
                answer = await made.query("articles", Query(text=text, highlight=highlight))
                assert {hit.id for hit in answer.hits} <= {1, 2, 3, 4}, text
            await database.fetch("SELECT id FROM search.articles($1)", text)
        assert set(await found(made, "👟 shoes 🏃")) == {1, 2}
        assert set(await found(made, "-shoes")) == {3, 4}
        assert await database.fetch_value("SELECT count(*) FROM articles") == 4

    over(searchable, ask)


def test_the_terms_we_add_for_ourselves_cannot_be_asked_for(searchable: str) -> None:
    async def ask(made: PostgresEngine, database: Database) -> None:
        for text in ("\x0112.0", "12.0 ", "'\x0112.0' "):
            assert await found(made, text) == []

    over(searchable, ask)


@pytest.mark.parametrize(
    "options",
    [
        {"filter": {"category'; DROP TABLE articles; --": 1}},
        {"filter": {"price": {"gt": "cheap"}}},
        {"filter": {"price": {"near": 1}}},
        {"filter": {"body": "x"}},
        {"sort": ("body",)},
        {"sort": ("price; DROP TABLE articles",)},
        {"sort": ("-",)},
    ],
)
def test_filters_and_sorts_that_are_not_declared_are_refused(searchable: str, options: dict[str, Any]) -> None:
    async def ask(made: PostgresEngine, _: Database) -> None:
        with pytest.raises(asyncpg.DataError):
            await made.query("articles", Query(text="shoes", **options))

    over(searchable, ask)


@pytest.mark.parametrize(
    ("change", "write"),
    [
        ("ALTER TABLE articles DROP COLUMN body", "INSERT INTO articles (id, title) VALUES (5, 'Hat')"),
        ("ALTER TABLE articles RENAME title TO heading", "UPDATE articles SET heading = 'Hat' WHERE id = 1"),
        (
            "ALTER TABLE articles ALTER price TYPE text USING 'cheap'",
            "UPDATE articles SET title = 'Hat' WHERE id = 1",
        ),
        ("ALTER TABLE articles RENAME id TO number", "DELETE FROM articles WHERE number = 1"),
        ("DROP TABLE search.{live}", "UPDATE articles SET title = 'Hat' WHERE id = 1"),
    ],
)
def test_a_changed_table_is_written_to_and_the_index_says_that_it_fell_behind(
    searchable: str, change: str, write: str
) -> None:
    async def script(made: PostgresEngine, database: Database) -> None:
        live = await database.fetch_value("SELECT live FROM search.indexes")
        await database.execute(change.replace("{live}", live))
        await database.execute(write)
        assert await database.fetch_value("SELECT problem FROM search.indexes")

    over(searchable, script)


def test_an_index_whose_column_was_renamed_is_built_anew_from_a_corrected_file(searchable: str) -> None:
    async def script(made: PostgresEngine, database: Database) -> None:
        await database.execute("ALTER TABLE articles RENAME title TO heading")
        indexes, _ = definition.parse(INDEXES)
        async with database.connection() as connection:
            _, problems = await source.check(connection, indexes)
        assert [(each.file, each.line) for each in problems] == [("search/indexes.yml", 5)]
        (corrected,) = await sources(database, INDEXES.replace("title", "heading"))
        await made.build(corrected, quiet)
        assert await found(made, "red shoes") == [1]
        assert (await made.stats("articles")).problem is None

    over(searchable, script)


def test_an_index_whose_table_is_gone_can_be_removed(searchable: str) -> None:
    async def script(made: PostgresEngine, database: Database) -> None:
        with pytest.raises(asyncpg.DependentObjectsStillExistError):
            await database.execute("DROP TABLE articles")
        await database.execute("DROP TABLE articles CASCADE")
        with pytest.raises(asyncpg.UndefinedTableError):
            await found(made, "shoes")
        await made.drop("articles")
        assert await made.built() == {}

    over(searchable, script)


def test_questions_are_answered_while_many_rows_change(searchable: str) -> None:
    async def script(made: PostgresEngine, database: Database) -> None:
        await database.execute(
            "INSERT INTO articles (id, title) SELECT n, 'umbrella ' || n FROM generate_series(100, 50099) n"
        )
        update = asyncio.create_task(database.execute("UPDATE articles SET title = 'parasol ' || id WHERE id >= 100"))
        asked = 0
        while not update.done():
            assert set(await found(made, "red shoes")) == {1}
            assert len(await found(made, "umbrella ")) == 20 or update.done()
            asked += 1
        await update
        assert asked > 1
        assert await found(made, "umbrella 777 ", limit=1) == []
        assert await found(made, "parasol 777 ") == [777]

    over(searchable, script)


def test_a_killed_reindex_leaves_the_old_index_and_the_next_cleans_up(searchable: str) -> None:
    async def script(made: PostgresEngine, database: Database) -> None:
        (each,) = await sources(database)
        for stage in ("4 rows", "indexing the words"):
            with pytest.raises(GONE):
                await killed_at(stage, each, database)
            assert await found(made, "red shoes") == [1]
            await database.execute("INSERT INTO articles (id, title) VALUES (8, 'Umbrella')")
            assert await found(made, "umbrella ") == [8]
            await database.execute("DELETE FROM articles WHERE id = 8")
        assert await tables(database) > 2
        await made.build(each, quiet)
        assert await tables(database) == 2
        assert await database.fetch_value("SELECT count(*) FROM search.targets") == 1
        assert await found(made, "red shoes") == [1]

    over(searchable, script)


async def killed_at(stage: str, each: source.Source, database: Database) -> None:
    """A build whose connection PostgreSQL is told to end when it says `stage`."""
    dsn = await database.fetch_value(
        "SELECT format('postgresql://postgres@127.0.0.1:%s/%s', current_setting('port'), current_database())"
    )
    connection = await asyncpg.connect(dsn)

    async def kill() -> None:
        held = "SELECT pid FROM pg_locks WHERE locktype = 'advisory' AND granted AND database ="
        pids = await connection.fetch(f"{held} (SELECT oid FROM pg_database WHERE datname = current_database())")
        assert pids
        for row in pids:
            await connection.execute("SELECT pg_terminate_backend($1, 5000)", row["pid"])

    loop = asyncio.get_running_loop()
    kills: list[asyncio.Task[None]] = []

    def watch(text: str) -> None:
        if text == stage and not kills:
            kills.append(loop.create_task(kill()))

    async with opened(dsn) as other:
        try:
            await PostgresEngine(other).build(each, watch)
        finally:
            await asyncio.gather(*kills)
            await connection.close()


async def tables(database: Database) -> int:
    count: int = await database.fetch_value(
        r"SELECT count(*) FROM pg_tables WHERE schemaname = 'search' AND tablename LIKE 'articles\_%'"
    )
    return count


def test_what_is_written_during_a_reindex_is_in_the_new_index(searchable: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """In batches of 200 rows over two connections, while rows come, change, move to other keys and go."""
    monkeypatch.setattr(copying, "BATCH", 200)

    async def write(database: Database, build: asyncio.Task[int]) -> int:
        turn = 0
        while not build.done() or turn < 20:
            turn += 1
            await database.execute(
                "INSERT INTO articles (id, title) SELECT 100000 + $1 * 10 + n, 'new' FROM generate_series(0, 4) n", turn
            )
            await database.execute("UPDATE articles SET title = 'changed' WHERE id % 97 = $1 % 97 AND id >= 100", turn)
            await database.execute("DELETE FROM articles WHERE id % 89 = $1 % 89 AND id >= 100", turn)
            await database.execute("UPDATE articles SET id = -id WHERE id % 83 = $1 % 83 AND id >= 100", turn)
        return turn

    async def script(made: PostgresEngine, database: Database) -> None:
        await database.execute(
            "INSERT INTO articles (id, title) SELECT n, 'umbrella ' || n FROM generate_series(100, 8099) n"
        )
        (each,) = await sources(database)
        build = asyncio.create_task(made.build(each, quiet))
        writing = asyncio.create_task(write(database, build))
        while not writing.done():
            assert await found(made, "red shoes") == [1]
        assert await writing >= 20
        await build
        live = await database.fetch_value("SELECT live FROM search.indexes")
        differing = await database.fetch(
            f"SELECT id FROM (SELECT id, to_tsvector('search.english', title) AS front FROM articles) s"
            f" FULL JOIN search.{live} d USING (id) WHERE strip(d.front) IS DISTINCT FROM strip(s.front)"
        )
        assert differing == []

    over(searchable, script)


def test_when_one_of_the_copying_connections_ends_the_reindex_fails_and_the_old_index_answers(
    searchable: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(copying, "BATCH", 200)

    async def script(made: PostgresEngine, database: Database) -> None:
        await database.execute("INSERT INTO articles (id, title) SELECT n, 'hat' FROM generate_series(100, 20099) n")
        (each,) = await sources(database)
        build = asyncio.create_task(made.build(each, quiet))
        killed = 0
        while not build.done():
            killed += await database.fetch_value(
                "SELECT count(pg_terminate_backend(a.pid)) FROM pg_stat_activity a"
                " WHERE a.query LIKE 'INSERT INTO search.%' AND a.state = 'active' AND NOT EXISTS ("
                "SELECT FROM pg_locks l WHERE l.pid = a.pid AND locktype = 'advisory')"
            )
        with pytest.raises(GONE):
            await build
        assert killed
        assert await found(made, "red shoes") == [1]
        assert await made.build(each, quiet) == 20_004

    over(searchable, script)


def test_of_two_reindexes_at_once_one_is_told_to_wait(searchable: str) -> None:
    async def script(made: PostgresEngine, database: Database) -> None:
        (each,) = await sources(database)
        ended = await asyncio.gather(made.build(each, quiet), made.build(each, quiet), return_exceptions=True)
        (refused,) = [one for one in ended if isinstance(one, BaseException)]
        assert isinstance(refused, DatabaseError)
        assert "is being built by somebody else" in str(refused)
        assert await found(made, "red shoes") == [1]
        assert await tables(database) == 2

    over(searchable, script)


def test_an_unknown_language_of_a_row_or_a_question_is_searched_as_plain_words(dsn: str) -> None:
    table = (
        "CREATE TABLE notes (id int PRIMARY KEY, lang text, body text); INSERT INTO notes VALUES"
        " (1, 'german', 'Die Häuser'), (2, 'klingon', 'running'), (3, NULL, 'running shoes'), (4, '', 'shoe')"
    )
    indexes = "notes:\n  table: notes\n  language_column: lang\n  fields: [body]\n"

    async def script() -> None:
        async with engine(dsn, table, indexes) as (_, database):
            for text, language, expected in [
                ("haus ", "german", [1]),
                ("running ", "klingon", [2, 3]),
                ("running ", "'; DROP TABLE notes; --", [2, 3]),
            ]:
                rows = await database.fetch("SELECT id FROM search.notes($1, language => $2)", text, language)
                assert sorted(row["id"] for row in rows) == expected, (text, language)

    asyncio.run(script())


def test_an_index_of_an_unknown_language_is_refused_where_it_is_declared(searchable: str) -> None:
    async def script(_: PostgresEngine, database: Database) -> None:
        indexes, _problems = definition.parse(INDEXES.replace("english", "klingon"))
        async with database.connection() as connection:
            _, (problem,) = await source.check(connection, indexes)
        assert (problem.file, problem.line) == ("search/indexes.yml", 4)
        assert "klingon" in str(problem)

    over(searchable, script)


def test_hostile_names_of_tables_and_columns_are_names(dsn: str) -> None:
    table = """
        CREATE SCHEMA "Odd Schema";
        CREATE TABLE "Odd Schema"."a""b'c.d" ("the ID" uuid PRIMARY KEY DEFAULT gen_random_uuid(),
            "ti'tle" text, "select" text, "position" int, "back\\slash" text[], "$1" numeric, "%I" text, "ünï" jsonb);
        INSERT INTO "Odd Schema"."a""b'c.d" ("ti'tle", "select", "position", "back\\slash", "$1", "%I", "ünï")
            VALUES ('red', 'shoes', 7, '{blue}', 5, 'green', '{"colour": ["yellow"]}');
    """
    # A schema and a table are told apart by the last dot: a name with a dot in it cannot be written.
    table = table.replace("c.d", "c d")
    indexes = """
odd:
  table: "Odd Schema.a\\"b'c d"
  fields: {"ti'tle": A, select: B, "back\\\\slash": C, "%I": D, "ünï": D}
  filterable: [position, "$1", "ti'tle", "%I"]
  sortable: ["$1", "the ID"]
"""

    async def script() -> None:
        async with engine(dsn, table, indexes) as (made, database):
            for word in ("red ", "shoes ", "blue ", "green ", "yellow "):
                asked = Query(
                    text=word, filter={"ti'tle": "red", "$1": {"gte": 5}, "%I": ["green"], "position": 7},
                    sort=("-$1", "the ID"), highlight=True,
                )  # fmt: skip
                assert len((await made.query("odd", asked)).hits) == 1, word
                assert len(await database.fetch("SELECT * FROM search.odd($1)", word)) == 1, word
            await database.execute("""UPDATE "Odd Schema"."a""b'c d" SET "ti'tle" = 'umbrella'""")
            assert (await made.query("odd", Query(text="umbrella "))).total == 1
            await made.drop("odd")

    asyncio.run(script())


def test_a_dump_restored_elsewhere_has_the_index_and_keeps_it_up_to_date(
    searchable: str, new_database: Callable[..., str]
) -> None:
    restored = new_database("template0")
    dumped = subprocess.run([WHEEL_BIN / "pg_dump", "-Fc", searchable], check=True, capture_output=True).stdout
    subprocess.run(
        [WHEEL_BIN / "pg_restore", "--exit-on-error", "-d", restored], input=dumped, check=True, capture_output=True
    )

    async def script(made: PostgresEngine, database: Database) -> None:
        assert await found(made, "red shoes") == [1]
        await database.execute("INSERT INTO articles (id, title) VALUES (5, 'Umbrella')")
        assert await found(made, "umbrella ") == [5]
        assert len(await database.fetch("SELECT * FROM search.articles('umbrella ')")) == 1
        (each,) = await sources(database)
        assert (await made.built())["articles"] == each.definition()
        await made.prepare()
        assert await made.build(each, quiet) == 5

    over(restored, script)
