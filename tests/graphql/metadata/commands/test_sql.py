from __future__ import annotations

from tests.graphql.serving import Api, authors_and_articles, play


def test_rows_come_as_postgresqls_own_text(dsn: str) -> None:
    async def script(api: Api) -> None:
        reply = await api.sql(
            "SELECT true AS yes, NULL::text AS none, '{1,2}'::int[] AS list, E'a\"b,\\n' AS text, 1.50 AS number, "
            "'{\"a\": 1}'::jsonb AS json, date '2024-02-29' AS day, '' AS empty"
        )
        assert reply == {
            "result_type": "TuplesOk",
            "result": [
                ["yes", "none", "list", "text", "number", "json", "day", "empty"],
                ["t", "NULL", "{1,2}", 'a"b,\n', "1.50", '{"a": 1}', "2024-02-29", ""],
            ],
        }

    play(dsn, script)


def test_the_last_statement_decides_about_the_answer(dsn: str) -> None:
    async def script(api: Api) -> None:
        made = await api.sql("CREATE TABLE t (id int); INSERT INTO t VALUES (1) RETURNING id;  -- done\n")
        assert made == {"result_type": "TuplesOk", "result": [["id"], ["1"]]}
        assert await api.sql("SELECT 1; DROP TABLE t") == {"result_type": "CommandOk", "result": None}
        assert (await api.sql("SHOW server_encoding"))["result"] == [["server_encoding"], ["UTF8"]]
        assert (await api.sql("EXPLAIN SELECT 1"))["result"][0] == ["QUERY PLAN"]
        assert (await api.sql("SELECT"))["result_type"] == "CommandOk"
        assert await api.sql(" ; -- nothing") == {"result_type": "CommandOk", "result": None}

    play(dsn, script)


def test_an_error_tells_everything_and_leaves_nothing(dsn: str) -> None:
    async def script(api: Api) -> None:
        sql = "CREATE TABLE t (id int); SELECT nope"
        reply = await api.post("/v2/query", {"type": "run_sql", "args": {"sql": sql}})
        assert reply.status_code == 400
        assert reply.json() == {
            "path": "$.args",
            "error": "query execution failed",
            "code": "postgres-error",
            "internal": {
                "statement": sql,
                "prepared": False,
                "error": {
                    "exec_status": "FatalError",
                    "hint": None,
                    "message": 'column "nope" does not exist',
                    "status_code": "42703",
                    "description": None,
                },
                "arguments": [],
            },
        }
        assert (await api.sql("SELECT to_regclass('t')"))["result"][1] == ["NULL"]

    play(dsn, script)


def test_renamed_tables_and_columns_are_renamed_in_the_metadata(dsn: str) -> None:
    async def script(api: Api) -> None:
        await authors_and_articles(api)
        await api.sql("ALTER TABLE author RENAME TO people; ALTER TABLE people RENAME COLUMN name TO called")
        await api.sql(
            "ALTER TABLE article RENAME COLUMN author_id TO writer; ALTER TABLE article RENAME title TO headline"
        )
        people, article = (await api.exported())["tables"]
        assert people["table"]["name"] == "people"
        over = people["array_relationships"][0]["using"]["foreign_key_constraint_on"]
        assert over["column"] == "writer"
        assert article["object_relationships"][0]["using"] == {"foreign_key_constraint_on": "writer"}
        permission = article["select_permissions"][0]["permission"]
        assert permission == {"columns": ["id", "headline"], "filter": {"author": {"called": "X-Hasura-Name"}}}
        assert (await api.graphql("{ people(limit: 1) { called } }"))["data"]["people"] == [{"called": "Ada"}]

    play(dsn, script)


def test_two_tables_can_swap_their_names(dsn: str) -> None:
    async def script(api: Api) -> None:
        await api.sql("CREATE TABLE a (x int); CREATE TABLE b (y int)")
        await api.metadata("pg_track_tables", {"tables": [{"table": "a"}, {"table": "b"}]})
        await api.metadata(
            "pg_create_select_permission",
            {"table": "a", "role": "r", "permission": {"columns": ["x"], "filter": {"x": {"_gt": 0}}}},
        )
        await api.sql("ALTER TABLE a RENAME TO c; ALTER TABLE b RENAME TO a; ALTER TABLE c RENAME TO b")
        permitted = [
            table["table"]["name"] for table in (await api.exported())["tables"] if "select_permissions" in table
        ]
        assert permitted == ["b"]

    play(dsn, script)


def test_what_something_depends_on_is_dropped_only_by_cascade(dsn: str) -> None:
    async def script(api: Api) -> None:
        await authors_and_articles(api)
        sql = "ALTER TABLE article DROP COLUMN title"
        assert await api.refused("run_sql", {"sql": sql}, path="/v2/query") == (
            "dependency-error",
            "$.args",
            'cannot drop due to the following dependent objects: permission article.user.select in source "default"',
        )
        assert (await api.graphql("{ article(limit: 1) { title } }"))["data"]
        await api.sql(sql, cascade=True)
        assert "select_permissions" not in (await api.exported())["tables"][1]
        assert (
            "relationship author.articles"
            in (await api.refused("run_sql", {"sql": "DROP TABLE article"}, path="/v2/query"))[2]
        )
        await api.sql("DROP TABLE article", cascade=True)
        assert [table["table"]["name"] for table in (await api.exported())["tables"]] == ["author"]

    play(dsn, script)


def test_a_table_made_anew_under_its_name_stays_tracked(dsn: str) -> None:
    async def script(api: Api) -> None:
        await api.sql("CREATE TABLE t (id int); CREATE VIEW v AS SELECT id FROM t")
        await api.metadata("pg_track_table", {"table": "v"})
        await api.sql("DROP VIEW v; CREATE VIEW v AS SELECT id, 2 AS two FROM t; INSERT INTO t VALUES (1)")
        assert await api.graphql("{ v { id two } }") == {"data": {"v": [{"id": 1, "two": 2}]}}

    play(dsn, script)


def test_ddl_that_breaks_the_metadata_is_taken_back(dsn: str) -> None:
    async def script(api: Api) -> None:
        await authors_and_articles(api)
        sql = "ALTER TABLE article DROP CONSTRAINT article_author_id_fkey"
        code, _, message = await api.refused("run_sql", {"sql": sql}, path="/v2/query")
        assert (code, message) == ("unexpected", "cannot continue due to new inconsistent metadata")
        assert (await api.sql("SELECT count(*) FROM pg_constraint WHERE conname = 'article_author_id_fkey'"))["result"][
            1
        ] == ["1"]

    play(dsn, script)


def test_read_only_means_it(dsn: str) -> None:
    async def script(api: Api) -> None:
        assert (await api.sql("SELECT ' alter ' AS drop", read_only=True))["result"] == [["drop"], [" alter "]]
        code, _, _ = await api.refused("run_sql", {"sql": "CREATE TABLE t ()", "read_only": True}, path="/v2/query")
        assert code == "postgres-error"

    play(dsn, script)


def test_what_a_script_sets_is_forgotten(dsn: str) -> None:
    async def script(api: Api) -> None:
        await api.sql(
            "CREATE ROLE somebody; SET ROLE somebody; SET search_path TO pg_catalog; SET timezone TO 'Asia/Tokyo'"
        )
        for _ in range(3):
            rows = (await api.sql("SELECT current_user, current_setting('search_path')"))["result"]
            assert rows[1] == ["postgres", '"$user", public']
        await api.sql("DROP ROLE somebody")

    play(dsn, script)


def test_concurrent_indexes_run_outside_a_transaction(dsn: str) -> None:
    async def script(api: Api) -> None:
        await api.sql("CREATE TABLE t (id int)")
        await api.sql("CREATE INDEX CONCURRENTLY t_id ON t (id)", no_transaction=True)
        assert (await api.sql("SELECT to_regclass('t_id') IS NOT NULL"))["result"][1] == ["t"]

    play(dsn, script)


def test_only_the_administrator_runs_sql(dsn: str) -> None:
    async def script(api: Api) -> None:
        body = {"type": "run_sql", "args": {"sql": "SELECT 1"}}
        for path in ("/v1/query", "/v2/query"):
            reply = await api.post(path, body, {"x-hasura-admin-secret": "s3cret", "x-hasura-role": "user"})
            assert reply.json() == {
                "path": "$.args",
                "error": "restricted access : admin only",
                "code": "access-denied",
            }
            assert reply.status_code == 400

    play(dsn, script)


def test_ddl_and_metadata_are_kept_together_or_not_at_all(dsn: str) -> None:
    """Another process changes the metadata while the script runs: the script is taken back."""

    async def script(api: Api) -> None:
        await authors_and_articles(api)
        meddling = "UPDATE hdb_catalog.hdb_metadata SET resource_version = resource_version + 1"
        reply = await api.post(
            "/v2/query", {"type": "run_sql", "args": {"sql": f"ALTER TABLE author RENAME TO people; {meddling}"}}
        )
        assert (reply.status_code, reply.json()["code"]) == (409, "conflict")
        assert (await api.graphql("{ author(limit: 1) { name } }"))["data"]
        await api.sql("ALTER TABLE author RENAME TO people")
        assert (await api.graphql("{ people(limit: 1) { name } }"))["data"]

    play(dsn, script)


def test_a_script_survives_the_failure_of_a_later_command_with_its_metadata(dsn: str) -> None:
    async def script(api: Api) -> None:
        await authors_and_articles(api)
        rename = {"type": "run_sql", "args": {"sql": "ALTER TABLE author RENAME TO people"}}
        nonsense = {"type": "track_table", "args": "nowhere"}
        reply = await api.post("/v1/query", {"type": "bulk", "args": [rename, nonsense]})
        assert (reply.status_code, reply.json()["path"]) == (400, "$.args[1].args")
        assert (await api.graphql("{ people(limit: 1) { name } }"))["data"]
        assert (await api.exported())["tables"][0]["table"]["name"] == "people"

    play(dsn, script)


def read_only(sql: str) -> dict[str, object]:
    return {"type": "run_sql", "args": {"sql": sql, "read_only": True}}


def test_a_bulk_either_reads_or_writes(dsn: str) -> None:
    async def script(api: Api) -> None:
        await authors_and_articles(api)
        writing = {"type": "run_sql", "args": {"sql": "DELETE FROM article"}}
        deleting = {"type": "delete", "args": {"table": "article", "where": {}}}
        reading = read_only("SELECT count(*) FROM article")
        for other in (writing, deleting, {"type": "bulk", "args": [writing]}):
            code, path, message = await api.refused("bulk", [reading, other], path="/v1/query")
            assert (code, path) == ("bad-request", "$.args")
            assert "access mode" in message
        reply = await api.post(
            "/v1/query", {"type": "bulk", "args": [reading, {"type": "count", "args": {"table": "article"}}]}
        )
        assert [part.get("count", part.get("result")) for part in reply.json()] == [[["count"], ["3"]], 3]

    play(dsn, script)


def test_a_concurrent_bulk_only_reads(dsn: str) -> None:
    async def script(api: Api) -> None:
        args = [read_only(f"SELECT {number} AS n") for number in range(4)]
        reply = await api.post("/v2/query", {"type": "concurrent_bulk", "args": args})
        assert [part["result"][1] for part in reply.json()] == [["0"], ["1"], ["2"], ["3"]]
        for refused in (
            {"type": "run_sql", "args": {"sql": "SELECT 1"}},
            {"type": "track_table", "args": {"table": "t"}},
        ):
            code, path, _ = await api.refused("concurrent_bulk", [refused], path="/v2/query")
            assert (code, path) == ("bad-request", "$.args")
        code, path, _ = await api.refused("concurrent_bulk", [args[0], read_only("SELECT 1/0")], path="/v2/query")
        assert (code, path) == ("postgres-error", "$.args[1].args")

    play(dsn, script)
