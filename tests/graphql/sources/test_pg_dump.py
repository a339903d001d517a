from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from nself.graphql.errors import ApiError
from nself.graphql.sources import pg_dump
from tests.graphql.serving import ADMIN, Api, authors_and_articles, play


@pytest.mark.parametrize(
    "opts",
    [
        ["-O", "-x", "--schema-only", "--schema", "public"],
        ["-sOx", "-npublic", "--exclude-table=a", "-t", "b*"],
        ["--inserts", "--rows-per-insert", "10", "--section=data"],
    ],
)
def test_options_that_say_what_to_dump_pass(opts: list[str]) -> None:
    assert pg_dump.options(opts) == opts


@pytest.mark.parametrize(
    "opts",
    [
        ["-f", "/tmp/x"], ["--file=/tmp/x"], ["--fil=/tmp/x"], ["-sf/tmp/x"], ["-Fd"], ["-j4"], ["-hother"],
        ["--dbname=postgresql://other/x"], ["postgres"], ["--", "postgres"], ["-"], [""], ["--filter=/etc/passwd"],
        ["-Upostgres"], ["-W"], ["--schema-only=x"],
    ],
)  # fmt: skip
def test_options_that_say_where_to_or_from_do_not(opts: list[str]) -> None:
    with pytest.raises(ApiError, match="is not allowed here"):
        pg_dump.options(opts)


def test_an_option_without_its_value_is_refused() -> None:
    with pytest.raises(ApiError, match="needs a value"):
        pg_dump.options(["--schema"])


def test_the_password_leaves_the_connection_string() -> None:
    split = pg_dump.without_password
    assert split("postgresql://me:p%40ss@db:5432/app") == ("postgresql://me@db:5432/app", "p@ss")
    assert split("postgresql:///app?host=/run&user=me&password=p%26") == ("postgresql:///app?host=%2Frun&user=me", "p&")
    assert split("postgresql://db/app?sslmode=require") == ("postgresql://db/app?sslmode=require", "")


def test_a_source_is_dumped_whole_or_cleaned(dsn: str) -> None:
    async def script(api: Api) -> None:
        await authors_and_articles(api)
        opts = ["-O", "-x", "--schema-only", "--schema", "public"]
        reply = await api.post("/v1alpha1/pg_dump", {"opts": opts})
        assert reply.status_code == 200
        assert reply.headers["content-type"].startswith("application/sql")
        assert "CREATE TABLE public.author (" in reply.text
        assert "SET " in reply.text
        clean = await api.post("/v1alpha1/pg_dump", {"opts": opts, "clean_output": True, "source": "default"})
        assert "CREATE TABLE public.author (" in clean.text
        assert not [
            line for line in clean.text.splitlines() if not line.strip() or line.startswith(("--", "SET", "\\"))
        ]

    play(dsn, script, HASURA_GRAPHQL_PG_CONNECTIONS="5")


def test_only_the_administrator_dumps_and_mistakes_are_told(dsn: str) -> None:
    async def script(api: Api) -> None:
        async def refused(body: object, headers: dict[str, str] = ADMIN) -> tuple[int, str]:
            reply = await api.post("/v1alpha1/pg_dump", body, headers)
            return reply.status_code, reply.json()["code"]

        assert await refused({"opts": []}, {**ADMIN, "x-hasura-role": "user"}) == (400, "access-denied")
        assert await refused({"opts": []}, {}) == (401, "access-denied")
        assert await refused({}) == (400, "parse-failed")
        assert await refused({"opts": [7]}) == (400, "parse-failed")
        assert await refused({"opts": ["-f", "x"]}) == (400, "bad-request")
        assert await refused({"opts": [], "source": "other"}) == (400, "not-exists")
        assert await refused({"opts": ["-t", "no_such_table"]}) == (500, "unexpected")

    play(dsn, script)


def test_a_program_that_is_not_there_is_a_clear_error(dsn: str, tmp_path: Path) -> None:
    async def script(api: Api) -> None:
        reply = await api.post("/v1alpha1/pg_dump", {"opts": []})
        assert (reply.status_code, reply.json()["error"][:28]) == (500, "pg_dump cannot be started: N")

    play(dsn, script, NSELF_GRAPHQL_PG_DUMP=str(tmp_path / "none"))


def test_the_password_is_in_no_argument(dsn: str, tmp_path: Path) -> None:
    spy = tmp_path / "pg_dump"
    spy.write_text(f'#!/bin/sh\necho "$@" > {tmp_path}/args\necho "pass=$PGPASSWORD"\n')
    spy.chmod(spy.stat().st_mode | stat.S_IXUSR)
    assert os.access(spy, os.X_OK)

    async def script(api: Api) -> None:
        assert (await api.post("/v1alpha1/pg_dump", {"opts": ["-s"]})).text == "pass=sekret\n"
        assert "sekret" not in (tmp_path / "args").read_text()

    with_password = dsn.replace("postgres@", "postgres:sekret@")
    play(with_password, script, NSELF_GRAPHQL_PG_DUMP=str(spy))
