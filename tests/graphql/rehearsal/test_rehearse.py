"""Permissions that are right, and every way they go wrong."""

from __future__ import annotations

import asyncio
from typing import Any

import asyncpg
import pytest

from nself.graphql.engine import Engine
from nself.graphql.metadata import parse
from nself.graphql.rehearsal import stage
from nself.graphql.rehearsal.attacks import Attacker, Found
from nself.graphql.rehearsal.cast import Cast
from nself.graphql.rehearsal.people import people
from nself.graphql.rehearsal.play import plain
from nself.graphql.rehearsal.rehearse import rehearse
from nself.graphql.rehearsal.report import Report, Verb, Verdict
from nself.graphql.rehearsal.witness import Witness
from nself.graphql.sources.pools import OneDatabase
from nself.pg.catalog import Name
from nself.pg.introspect import introspect

TABLES = """
    CREATE TYPE mood AS ENUM ('calm', 'wild');
    CREATE TABLE users (id uuid PRIMARY KEY, email text NOT NULL UNIQUE);
    CREATE TABLE countries (code text PRIMARY KEY);
    INSERT INTO countries VALUES ('nz'), ('at');
    CREATE TABLE notes (
        id serial PRIMARY KEY, owner uuid NOT NULL REFERENCES users, body text NOT NULL, feeling mood NOT NULL,
        country text NOT NULL REFERENCES countries, secret text, is_public boolean NOT NULL DEFAULT false
    );
    CREATE TABLE comments (
        id bigserial PRIMARY KEY, note int NOT NULL REFERENCES notes ON DELETE CASCADE, body text NOT NULL
    );
"""
NOTES = Name("public", "notes")
OWN = {"owner": {"_eq": "X-Hasura-User-Id"}}
OWN_NOTE = {"parent": OWN}


def table(name: str, **parts: Any) -> dict[str, Any]:
    return {"table": {"schema": "public", "name": name}, **parts}


def granted(role: str, **permission: Any) -> list[dict[str, Any]]:
    return [{"role": role, "permission": permission}]


def notes(**changes: Any) -> dict[str, Any]:
    """Notes as they should be: everybody their own."""
    sound = {
        "select_permissions": granted("user", columns=["id", "body", "owner"], filter=OWN, allow_aggregations=True),
        "insert_permissions": granted(
            "user", columns=["body", "feeling", "country"], check=OWN, set={"owner": "x-hasura-user-id"}
        ),
        "update_permissions": granted("user", columns=["body"], filter=OWN),
        "delete_permissions": granted("user", filter=OWN),
    }
    return table("notes", **{**sound, **changes})


def comments(**changes: Any) -> dict[str, Any]:
    sound = {
        "object_relationships": [{"name": "parent", "using": {"foreign_key_constraint_on": "note"}}],
        "select_permissions": granted("user", columns="*", filter=OWN_NOTE),
        "insert_permissions": granted("user", columns=["note", "body"], check=OWN_NOTE),
    }
    return table("comments", **{**sound, **changes})


def metadata(*tables: dict[str, Any], **rest: Any) -> dict[str, Any]:
    return {
        "version": 3,
        "sources": [{"name": "default", "kind": "postgres", "configuration": {}, "tables": [*tables]}],
        **rest,
    }


async def tried(dsn: str, document: dict[str, Any], tables: str = TABLES) -> Report:
    connection = await asyncpg.connect(dsn)
    await connection.execute(tables)
    before = await counts(connection)
    try:
        report = await rehearse(dsn, parse.metadata(document), lambda *progress: None)
        assert await counts(connection) == before, "nothing of it stays"
        return report
    finally:
        await connection.close()


async def counts(connection: asyncpg.Connection[Any]) -> list[tuple[str, int]]:
    names = await connection.fetch(
        "SELECT quote_ident(tablename) FROM pg_tables WHERE schemaname = 'public' ORDER BY 1"
    )
    return [(name, await connection.fetchval(f"SELECT count(*) FROM {name}")) for (name,) in names]


def found(report: Report, role: str = "user") -> dict[tuple[str, str], Verdict]:
    return {(cell.table, str(cell.verb)): cell.verdict for cell in report.cells if cell.role == role}


def verdict(report: Report, name: str, verb: Verb, role: str = "user") -> tuple[Verdict, str]:
    (cell,) = [cell for cell in report.cells if (cell.role, cell.table, cell.verb) == (role, name, verb)]
    return cell.verdict, cell.detail


def test_sound_permissions_pass_and_what_is_not_granted_is_refused(dsn: str) -> None:
    report = asyncio.run(tried(dsn, metadata(notes(), comments(), table("users"), table("countries"))))
    assert found(report) == {
        ("comments", "delete"): Verdict.REFUSED,
        ("comments", "insert"): Verdict.OWN,
        ("comments", "select"): Verdict.OWN,
        ("comments", "update"): Verdict.REFUSED,
        **{("notes", str(verb)): Verdict.OWN for verb in Verb},
        **{(name, str(verb)): Verdict.REFUSED for name in ("users", "countries") for verb in Verb},
    }, report
    assert report.attacks > 30


@pytest.mark.parametrize(
    ("changes", "verb", "words"),
    [
        (
            {"select_permissions": granted("user", columns=["id"], filter={})},
            Verb.SELECT,
            "another person's among them",
        ),
        (
            {"update_permissions": granted("user", columns=["body"], filter={})},
            Verb.UPDATE,
            "another person's among them",
        ),
        (
            {"delete_permissions": granted("user", filter={"body": {"_is_null": False}})},
            Verb.DELETE,
            "another person's",
        ),
        ({"insert_permissions": granted("user", columns="*", check={})}, Verb.INSERT, "in somebody else's name: owner"),
    ],
)
def test_a_permission_that_reaches_other_peoples_rows_is_named(
    dsn: str, changes: dict[str, Any], verb: Verb, words: str
) -> None:
    report = asyncio.run(tried(dsn, metadata(notes(**changes))))
    shared, detail = verdict(report, "notes", verb)
    assert shared is Verdict.SHARED
    assert words in detail
    assert {each for key, each in found(report).items() if key != ("notes", str(verb))} == {Verdict.OWN}


def test_rows_below_somebody_elses_are_somebody_elses(dsn: str) -> None:
    open_to_all = comments(
        insert_permissions=granted("user", columns=["note", "body"], check={}),
        select_permissions=granted("user", columns="*", filter={}),
    )
    report = asyncio.run(tried(dsn, metadata(notes(), open_to_all)))
    assert verdict(report, "comments", Verb.SELECT)[0] is Verdict.SHARED
    assert verdict(report, "comments", Verb.INSERT) == (
        Verdict.SHARED,
        "a row can be inserted in somebody else's name: note",
    )


def test_rows_that_are_nobodys_may_be_everyones(dsn: str) -> None:
    open_to_all = table("countries", select_permissions=granted("user", columns="*", filter={}))
    report = asyncio.run(tried(dsn, metadata(notes(), open_to_all)))
    assert verdict(report, "countries", Verb.SELECT) == (Verdict.EVERYONES, "4 of 4 rows")


def test_inherited_roles_have_what_their_parents_have(dsn: str) -> None:
    readers = [
        *granted("user", columns=["id", "body"], filter=OWN),
        *granted("press", columns=["id"], filter={"is_public": {"_eq": True}}),
    ]
    inherited = [{"role_name": "both", "role_set": ["user", "press"]}]
    report = asyncio.run(tried(dsn, metadata(notes(select_permissions=readers), inherited_roles=inherited)))
    assert verdict(report, "notes", Verb.DELETE, role="press")[0] is Verdict.REFUSED
    assert {cell.role for cell in report.cells} == {"both", "press", "user"}


def test_what_could_not_be_tried_is_said_and_not_passed(dsn: str) -> None:
    tables = TABLES + "CREATE TABLE odd (id int PRIMARY KEY CHECK (id < 0), owner uuid REFERENCES users);"
    odd = table(
        "odd",
        select_permissions=granted("user", columns="*", filter=OWN),
        delete_permissions=granted("user", filter={"id": {"_nonsense": 1}}),
    )
    report = asyncio.run(tried(dsn, metadata(odd), tables))
    unknown, why = verdict(report, "odd", Verb.SELECT)
    assert unknown is Verdict.UNTESTED
    assert "violates check constraint" in why
    assert verdict(report, "odd", Verb.DELETE)[0] is Verdict.UNTESTED


def test_hostile_names_are_only_names(dsn: str) -> None:
    tables = """
        CREATE TABLE "users""; DROP TABLE x; --" (id int PRIMARY KEY, "o'w""n" int, "select" text);
    """
    hostile = table(
        'users"; DROP TABLE x; --',
        select_permissions=granted("user", columns="*", filter={"o'w\"n": {"_eq": "X-Hasura-User-Id"}}),
        delete_permissions=granted("user", filter={}),
    )
    report = asyncio.run(tried(dsn, metadata(hostile), tables))
    assert [cell.verdict for cell in report.cells] == [Verdict.OWN, Verdict.REFUSED, Verdict.REFUSED, Verdict.SHARED]


@pytest.mark.parametrize(
    ("permission", "words"),
    [
        (granted("user", columns=["id"], filter={}), "rows more than the permission's filter allows"),
        (granted("user", columns=["id", "secret"], filter=OWN), "not granted can be reached: secret"),
    ],
)
def test_an_engine_that_gives_more_than_the_permission_says_is_caught(
    dsn: str, permission: list[dict[str, Any]], words: str
) -> None:
    """The engine runs on a wider permission than the one it is measured by."""
    said = parse.metadata(metadata(notes(select_permissions=granted("user", columns=["id"], filter=OWN))))
    wider = parse.metadata(metadata(notes(select_permissions=permission)))

    async def attack() -> Found:
        connection = await asyncpg.connect(dsn)
        await connection.execute(TABLES)
        await connection.close()
        async with stage.opened(dsn) as on:
            catalog = await introspect(on)
            source = said.sources["default"]
            known = people(source, catalog)
            cast = Cast(on, catalog, known)
            await cast.fill([NOTES])
            engine = Engine(OneDatabase(on, dsn))
            played = plain(wider, wider.sources["default"], catalog)
            await engine.load(played.metadata)
            witness = Witness(on, source, catalog, known.sessions["A"])
            attacker = Attacker(role="user", engine=engine, witness=witness, cast=cast, names=played.names)
            (measure,) = source.tables[NOTES].select_permissions
            return await attacker.select(NOTES, measure, [measure.filter])

    caught, detail = asyncio.run(attack())
    assert caught is Verdict.LEAK
    assert words in detail
