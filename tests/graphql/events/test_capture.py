"""What the database triggers write, whoever changes the rows."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import asyncpg
import pytest

from nself.graphql.events.capture import captures
from nself.graphql.events.installed import Installed
from nself.graphql.metadata import parse
from nself.graphql.metadata.model import Metadata
from nself.pg.catalog import Catalog, Name, Table
from nself.pg.database import Database
from nself.pg.introspect import introspect

Json = Any
ALL = {"insert": {"columns": "*"}, "update": {"columns": "*"}, "delete": {"columns": "*"}}


def trigger(name: str = "t", **definition: Json) -> Json:
    return {"name": name, "definition": definition, "webhook": "http://localhost", "retry_conf": {}}


def document(table: str, *triggers: Json, schema: str = "public") -> Metadata:
    entry = {"table": {"schema": schema, "name": table}, "event_triggers": list(triggers)}
    return parse.metadata({"version": 3, "sources": [{"name": "default", "kind": "postgres", "tables": [entry]}]})


class Place:
    def __init__(self, database: Database, connection: asyncpg.Connection[Any], *, stringify: bool) -> None:
        self.database, self.connection = database, connection
        self.installed = Installed(stringify)

    async def follow(self, metadata: Metadata) -> None:
        catalogs = {"default": await introspect(self.database)}
        await self.installed.follow(metadata, {"default": self.database}, catalogs)

    async def events(self) -> list[tuple[str, Json, Json]]:
        """(operation, old, new) of what was captured since the last look."""
        rows = await self.connection.fetch(
            "WITH taken AS (DELETE FROM hdb_catalog.event_log RETURNING payload, created_at) "
            "SELECT payload::text AS payload FROM taken ORDER BY created_at"
        )
        payloads = [json.loads(row["payload"]) for row in rows]
        return [(payload["op"], payload["data"]["old"], payload["data"]["new"]) for payload in payloads]


@asynccontextmanager
async def place(dsn: str, *, stringify: bool = False) -> AsyncIterator[Place]:
    database = await Database.open(dsn, name="test", max_size=3, raw_json=True)
    connection = await asyncpg.connect(dsn)
    try:
        yield Place(database, connection, stringify=stringify)
    finally:
        await connection.close()
        await database.close()


def play(dsn: str, script: Callable[[Place], Awaitable[None]], *, stringify: bool = False) -> None:
    async def go() -> None:
        async with place(dsn, stringify=stringify) as found:
            await script(found)

    asyncio.run(go())


def test_every_change_of_a_row_is_an_event_and_truncate_is_none(dsn: str) -> None:
    async def script(at: Place) -> None:
        await at.connection.execute("CREATE TABLE users (id int PRIMARY KEY, name text, extra json)")
        await at.follow(document("users", trigger(**ALL)))
        await at.connection.execute("""INSERT INTO users VALUES (1, 'Ada', '{"a" :1}')""")
        await at.connection.execute("UPDATE users SET id = 2, name = 'Bob'")
        await at.connection.execute("UPDATE users SET name = 'Bob'")
        await at.connection.execute("""UPDATE users SET extra = '{"a":2}'""")
        await at.connection.execute("DELETE FROM users")
        await at.connection.execute("TRUNCATE users")
        ada, bob = {"id": 1, "name": "Ada", "extra": {"a": 1}}, {"id": 2, "name": "Bob", "extra": {"a": 1}}
        changed = {**bob, "extra": {"a": 2}}
        assert await at.events() == [
            ("INSERT", None, ada),
            ("UPDATE", ada, bob),
            ("UPDATE", bob, changed),
            ("DELETE", changed, None),
        ]

    play(dsn, script)


def test_an_update_fires_only_when_a_listed_column_changes_and_delivers_only_the_payload(dsn: str) -> None:
    async def script(at: Place) -> None:
        await at.connection.execute("CREATE TABLE users (id int, name text, secret text)")
        await at.connection.execute("INSERT INTO users VALUES (1, 'Ada', 's3cret')")
        await at.follow(document("users", trigger(update={"columns": ["name"], "payload": ["id", "name"]})))
        await at.connection.execute("UPDATE users SET secret = 'other'")
        await at.connection.execute("UPDATE users SET name = name")
        assert await at.events() == []
        await at.connection.execute("UPDATE users SET name = NULL")
        assert await at.events() == [("UPDATE", {"id": 1, "name": "Ada"}, {"id": 1, "name": None})]

    play(dsn, script)


def test_what_a_before_trigger_changes_counts(dsn: str) -> None:
    async def script(at: Place) -> None:
        await at.connection.execute("""
            CREATE TABLE users (id int, name text);
            INSERT INTO users VALUES (1, 'Ada');
            CREATE FUNCTION shout() RETURNS trigger LANGUAGE plpgsql AS
                $$BEGIN NEW.name := upper(NEW.name); RETURN NEW; END$$;
            CREATE TRIGGER shout BEFORE UPDATE ON users FOR EACH ROW EXECUTE FUNCTION shout();
        """)
        await at.follow(document("users", trigger(update={"columns": ["name"]})))
        await at.connection.execute("UPDATE users SET id = 2")
        assert [new for _, _, new in await at.events()] == [{"id": 2, "name": "ADA"}]

    play(dsn, script)


def test_numbers_that_lose_digits_are_texts_when_asked_for(dsn: str) -> None:
    async def script(at: Place) -> None:
        await at.connection.execute("CREATE TABLE n (a int8, b numeric, c int4, d int8[], e float8)")
        await at.follow(document("n", trigger(**ALL)))
        await at.connection.execute("INSERT INTO n VALUES (50755254975729665, 1.10, 3, '{1,2}', 0.5)")
        expected = {"a": "50755254975729665", "b": "1.10", "c": 3, "d": ["1", "2"], "e": "0.5"}
        assert await at.events() == [("INSERT", None, expected)]

    play(dsn, script, stringify=True)


HOSTILE = """we"ird'); DROP TABLE x; -- \\ $$ {x} %s"""


def test_hostile_names_are_names(dsn: str) -> None:
    async def script(at: Place) -> None:
        quoted = '"' + HOSTILE.replace('"', '""') + '"'
        await at.connection.execute(f"CREATE SCHEMA {quoted}; CREATE TABLE {quoted}.{quoted} ({quoted} int8, b int)")
        named = trigger(insert={"columns": "*"}, update={"columns": [HOSTILE], "payload": [HOSTILE]})
        await at.follow(document(HOSTILE, named, schema=HOSTILE))
        await at.connection.execute(f"INSERT INTO {quoted}.{quoted} VALUES (1, 2)")
        await at.connection.execute(f"UPDATE {quoted}.{quoted} SET {quoted} = 3")
        row = await at.connection.fetchrow("SELECT schema_name, table_name FROM hdb_catalog.event_log LIMIT 1")
        assert row is not None
        assert tuple(row) == (HOSTILE, HOSTILE)
        assert await at.events() == [
            ("INSERT", None, {HOSTILE: "1", "b": 2}),
            ("UPDATE", {HOSTILE: "1"}, {HOSTILE: "3"}),
        ]

    play(dsn, script, stringify=True)


def test_a_column_renamed_behind_the_engines_back_makes_no_write_fail(dsn: str) -> None:
    async def script(at: Place) -> None:
        await at.connection.execute("CREATE TABLE users (id int, name text, secret text)")
        payload = ["id", "name"]
        definition = {
            "insert": {"columns": "*", "payload": payload},
            "update": {"columns": ["name"], "payload": payload},
            "delete": {"columns": "*", "payload": payload},
        }
        await at.follow(document("users", trigger(**definition)))
        await at.connection.execute("ALTER TABLE users RENAME name TO label")
        await at.connection.execute("INSERT INTO users VALUES (1, 'Ada', 's3cret')")
        await at.connection.execute("UPDATE users SET label = 'Bob'")
        await at.connection.execute("DELETE FROM users")
        one = {"id": 1}
        assert await at.events() == [("INSERT", None, one), ("UPDATE", one, one), ("DELETE", one, None)]

    play(dsn, script)


def test_a_new_column_is_delivered_at_once(dsn: str) -> None:
    async def script(at: Place) -> None:
        await at.connection.execute("CREATE TABLE users (id int)")
        await at.follow(document("users", trigger(**ALL)))
        await at.connection.execute("ALTER TABLE users ADD COLUMN name text DEFAULT 'x'; INSERT INTO users VALUES (1)")
        assert await at.events() == [("INSERT", None, {"id": 1, "name": "x"})]

    play(dsn, script)


def test_a_writer_needs_no_rights_on_the_events_and_cannot_forge_them(dsn: str) -> None:
    async def script(at: Place) -> None:
        await at.connection.execute("CREATE TABLE users (id int)")
        await at.follow(document("users", trigger(**ALL)))
        await at.connection.execute("DROP ROLE IF EXISTS writer; CREATE ROLE writer; GRANT ALL ON users TO writer")
        await at.connection.execute("GRANT CREATE ON SCHEMA public TO writer; SET ROLE writer")
        await at.connection.execute("INSERT INTO users VALUES (1)")
        await at.connection.execute("CREATE TABLE own (id int)")
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await at.connection.execute(
                "CREATE TRIGGER forge AFTER INSERT ON own FOR EACH ROW "
                'EXECUTE FUNCTION hdb_catalog."notify_hasura_t_INSERT"()'
            )
        await at.connection.execute("RESET ROLE; DROP OWNED BY writer; DROP ROLE writer")
        assert len(await at.events()) == 1

    play(dsn, script)


def test_an_event_that_cannot_be_stored_takes_the_write_back(dsn: str) -> None:
    async def script(at: Place) -> None:
        await at.connection.execute("CREATE TABLE users (id int)")
        await at.follow(document("users", trigger(**ALL)))
        await at.connection.execute(
            "ALTER TABLE hdb_catalog.event_log ADD CONSTRAINT full_disk CHECK (false) NOT VALID"
        )
        with pytest.raises(asyncpg.CheckViolationError):
            await at.connection.execute("INSERT INTO users VALUES (1)")
        assert await at.connection.fetchval("SELECT count(*) FROM users") == 0

    play(dsn, script)


def test_a_transaction_rolled_back_leaves_no_event(dsn: str) -> None:
    async def script(at: Place) -> None:
        await at.connection.execute("CREATE TABLE users (id int)")
        await at.follow(document("users", trigger(**ALL)))
        await at.connection.execute("BEGIN; INSERT INTO users VALUES (1); ROLLBACK")
        assert await at.events() == []

    play(dsn, script)


def test_partitions_report_their_table(dsn: str) -> None:
    async def script(at: Place) -> None:
        await at.connection.execute(
            "CREATE TABLE logs (at date, n int) PARTITION BY RANGE (at);"
            "CREATE TABLE logs_1 PARTITION OF logs FOR VALUES FROM ('2026-01-01') TO ('2027-01-01')"
        )
        await at.follow(document("logs", trigger(insert={"columns": "*"})))
        await at.follow(document("logs", trigger(insert={"columns": "*"}, delete={"columns": "*"})))
        await at.connection.execute("INSERT INTO logs_1 VALUES ('2026-02-01', 1)")
        assert await at.connection.fetchval("SELECT table_name FROM hdb_catalog.event_log") == "logs"

    play(dsn, script)


def test_only_on_request_do_rows_of_replication_fire(dsn: str) -> None:
    async def script(at: Place) -> None:
        await at.connection.execute("CREATE TABLE a (id int)")
        for always, count in ((False, 0), (True, 1), (False, 0)):
            await at.follow(document("a", {**trigger(**ALL), "trigger_on_replication": always}))
            await at.connection.execute("SET session_replication_role = replica; INSERT INTO a VALUES (1)")
            await at.connection.execute("RESET session_replication_role")
            assert len(await at.events()) == count

    play(dsn, script)


async def installed(at: Place) -> set[str]:
    rows = await at.connection.fetch("SELECT tgname FROM pg_trigger WHERE tgname ~ '^notify_hasura_'")
    return {row["tgname"].removeprefix("notify_hasura_") for row in rows}


def test_triggers_come_and_go_with_the_metadata(dsn: str) -> None:
    async def script(at: Place) -> None:
        await at.connection.execute("CREATE TABLE a (id int); CREATE TABLE b (id int)")
        await at.follow(document("a", trigger(**ALL), trigger("u", delete={"columns": "*"})))
        assert await installed(at) == {"t_INSERT", "t_UPDATE", "t_DELETE", "u_DELETE"}
        await at.follow(document("b", trigger(insert={"columns": "*"})))
        assert await installed(at) == {"t_INSERT"}
        await at.connection.execute("INSERT INTO a VALUES (1); INSERT INTO b VALUES (2)")
        assert await at.events() == [("INSERT", None, {"id": 2})]
        await at.follow(parse.metadata({"version": 3, "sources": [{"name": "default", "tables": []}]}))
        assert await installed(at) == set()
        functions = "SELECT count(*) FROM pg_proc WHERE proname ~ '^notify_hasura_'"
        assert await at.connection.fetchval(functions) == 0

    play(dsn, script)


def test_what_is_missing_or_strange_is_mended_at_the_next_start(dsn: str) -> None:
    async def script(at: Place) -> None:
        await at.connection.execute("CREATE TABLE a (id int)")
        wanted = document("a", trigger(**ALL))
        await at.follow(wanted)
        await at.connection.execute("""
            DROP TRIGGER "notify_hasura_t_INSERT" ON a;
            CREATE OR REPLACE FUNCTION hdb_catalog."notify_hasura_t_UPDATE"() RETURNS trigger LANGUAGE plpgsql AS
                'BEGIN RETURN NULL; END';
            CREATE FUNCTION hdb_catalog."notify_hasura_gone_INSERT"() RETURNS trigger LANGUAGE plpgsql AS
                'BEGIN RETURN NULL; END';
        """)
        at.installed = Installed(False)
        await at.follow(wanted)
        await at.connection.execute("INSERT INTO a VALUES (1); UPDATE a SET id = 2")
        assert [operation for operation, _, _ in await at.events()] == ["INSERT", "UPDATE"]
        gone = "SELECT count(*) FROM pg_proc WHERE proname ~ 'gone'"
        assert await at.connection.fetchval(gone) == 0

    play(dsn, script)


def test_a_trigger_that_does_not_fit_any_more_keeps_what_is_there(dsn: str) -> None:
    async def script(at: Place) -> None:
        await at.connection.execute("CREATE TABLE a (id int, name text)")
        wanted = document("a", trigger(insert={"columns": "*", "payload": ["id", "name"]}))
        await at.follow(wanted)
        await at.connection.execute("ALTER TABLE a DROP COLUMN name")
        at.installed = Installed(False)
        await at.follow(wanted)
        await at.connection.execute("INSERT INTO a VALUES (1)")
        assert await at.events() == [("INSERT", None, {"id": 1})]

    play(dsn, script)


def test_a_database_that_has_hasuras_tables_is_taken_over(dsn: str) -> None:
    async def script(at: Place) -> None:
        await at.connection.execute("""
            CREATE SCHEMA hdb_catalog;
            CREATE TABLE hdb_catalog.event_log (
                id text DEFAULT gen_random_uuid() PRIMARY KEY, schema_name text NOT NULL, table_name text NOT NULL,
                trigger_name text NOT NULL, payload jsonb NOT NULL, delivered boolean NOT NULL DEFAULT false,
                error boolean NOT NULL DEFAULT false, tries integer NOT NULL DEFAULT 0,
                created_at timestamp DEFAULT now(), locked timestamptz, next_retry_at timestamp,
                archived boolean NOT NULL DEFAULT false);
            CREATE TABLE hdb_catalog.event_invocation_logs (
                id text DEFAULT gen_random_uuid() PRIMARY KEY, event_id text, status integer, request json,
                response json, created_at timestamp DEFAULT now());
            CREATE TABLE a (id int);
        """)
        await at.follow(document("a", trigger(**ALL)))
        await at.connection.execute("INSERT INTO a VALUES (1)")
        assert await at.events() == [("INSERT", None, {"id": 1})]
        columns = "SELECT count(*) FROM information_schema.columns WHERE column_name = 'trigger_name'"
        assert await at.connection.fetchval(columns + " AND table_name = 'event_invocation_logs'") == 1

    play(dsn, script)


def test_two_engines_that_start_at_once_do_not_trip_over_each_other(dsn: str) -> None:
    async def go() -> None:
        async with place(dsn) as one, place(dsn) as other:
            await one.connection.execute("CREATE TABLE a (id int)")
            wanted = document("a", trigger(**ALL))
            await asyncio.gather(one.follow(wanted), other.follow(wanted))
            await one.connection.execute("INSERT INTO a VALUES (1)")
            assert len(await one.events()) == 1

    asyncio.run(go())


def test_views_and_missing_tables_have_no_triggers() -> None:
    source = document("gone", trigger(**ALL)).sources["default"]
    view = Catalog(tables={Name("public", "gone"): Table(name=Name("public", "gone"), kind="view")})
    for catalog in (Catalog(), view):
        wanted, kept = captures(source, catalog, stringify=False)
        assert wanted == {}
        assert kept == {"notify_hasura_t_INSERT", "notify_hasura_t_UPDATE", "notify_hasura_t_DELETE"}
