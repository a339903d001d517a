from __future__ import annotations

import asyncio

from nself.pg.catalog import Argument, Catalog, Constraint, ForeignKey, Name, Type
from nself.pg.database import Database
from nself.pg.introspect import introspect


def catalog(dsn: str, *statements: str) -> Catalog:
    async def read() -> Catalog:
        database = await Database.open(dsn, name="test", raw_json=True)
        try:
            for statement in statements:
                await database.execute(statement)  # type: ignore[arg-type]  # a test's own SQL
            return await introspect(database)
        finally:
            await database.close()

    return asyncio.run(read())


def test_an_empty_database_has_an_empty_catalog(dsn: str) -> None:
    assert catalog(dsn) == Catalog()


def test_tables_columns_and_keys(dsn: str) -> None:
    found = catalog(
        dsn,
        """CREATE SCHEMA s;
        CREATE TABLE s."A b" (id int GENERATED ALWAYS AS IDENTITY, n bigserial, dropped int, t text[] NOT NULL,
            twice int GENERATED ALWAYS AS (1 + 1) STORED, PRIMARY KEY (id, n), CONSTRAINT one UNIQUE (t));
        ALTER TABLE s."A b" DROP dropped;
        COMMENT ON TABLE s."A b" IS 'about'; COMMENT ON COLUMN s."A b".t IS 'tags';
        CREATE TABLE child (x int, y bigint, FOREIGN KEY (y, x) REFERENCES s."A b" (n, id))""",
    )
    table = found.tables[Name("s", "A b")]
    assert [(c.name, str(c.type), c.nullable, c.has_default, c.generated) for c in table.columns] == [
        ("id", "int4", False, False, "identity-always"),
        ("n", "int8", False, True, ""),
        ("t", "text[]", False, False, ""),
        ("twice", "int4", True, True, "stored"),
    ]
    assert (table.comment, table.columns[2].comment) == ("about", "tags")
    assert table.unique == (
        Constraint(name="A b_pkey", columns=("id", "n"), primary=True),
        Constraint(name="one", columns=("t",)),
    )
    assert found.tables[Name("public", "child")].foreign_keys == (
        ForeignKey(name="child_y_x_fkey", columns=("y", "x"), target=Name("s", "A b"), target_columns=("n", "id")),
    )


def test_views_say_what_may_be_written_through_them(dsn: str) -> None:
    found = catalog(
        dsn,
        """CREATE TABLE t (id int); CREATE VIEW plain AS SELECT * FROM t; CREATE VIEW counted AS SELECT count(*) FROM t;
        CREATE MATERIALIZED VIEW kept AS SELECT * FROM t; CREATE TABLE parts (id int) PARTITION BY RANGE (id)""",
    )
    kinds = {
        name.name: (table.kind, table.insertable, table.updatable, table.deletable)
        for name, table in found.tables.items()
    }
    assert kinds == {
        "counted": ("view", False, False, False),
        "kept": ("materialized", False, False, False),
        "parts": ("partitioned", True, True, True),
        "plain": ("view", True, True, True),
        "t": ("table", True, True, True),
    }


def test_types_keep_their_schema_and_kind(dsn: str) -> None:
    found = catalog(
        dsn,
        """CREATE SCHEMA ext; CREATE EXTENSION citext SCHEMA ext; CREATE TYPE mood AS ENUM ('sad', 'glad');
        CREATE DOMAIN short AS varchar(3); CREATE TYPE pair AS (a int, b int);
        CREATE TABLE t (c ext.citext, m mood, ms mood[], d short, p pair, r int4range)""",
    )
    types = {column.name: column.type for column in found.tables[Name("public", "t")].columns}
    assert types == {
        "c": Type(name="citext", schema="ext"),
        "m": Type(name="mood", schema="public", kind="enum"),
        "ms": Type(name="mood", schema="public", kind="enum", array=True),
        "d": Type(name="short", schema="public", kind="domain"),
        "p": Type(name="pair", schema="public", kind="composite"),
        "r": Type(name="int4range", kind="range"),
    }
    assert found.enums == {Name("public", "mood"): ("sad", "glad")}
    assert found.functions == {}


def test_functions_and_their_overloads(dsn: str) -> None:
    found = catalog(
        dsn,
        """CREATE TABLE t (id int);
        CREATE FUNCTION f(a int, OUT x int, b text DEFAULT 'q') LANGUAGE sql IMMUTABLE AS 'SELECT 1';
        CREATE FUNCTION f(text) RETURNS SETOF t LANGUAGE sql STABLE AS 'SELECT * FROM t';
        CREATE FUNCTION g(VARIADIC l int[]) RETURNS int LANGUAGE sql AS 'SELECT 1';
        COMMENT ON FUNCTION g IS 'many'; CREATE PROCEDURE p() LANGUAGE sql AS ''""",
    )
    first, second = found.functions[Name("public", "f")]
    assert first.arguments == (
        Argument(name="a", type=Type(name="int4")),
        Argument(name="b", type=Type(name="text"), has_default=True),
    )
    assert (first.volatility, first.returns_set, first.returns_table) == ("immutable", False, None)
    assert second.arguments == (Argument(name="", type=Type(name="text")),)
    assert (second.volatility, second.returns_set, second.returns_table) == ("stable", True, Name("public", "t"))
    [variadic] = found.functions[Name("public", "g")]
    assert (variadic.variadic, variadic.comment) == (True, "many")
    assert Name("public", "p") not in found.functions
