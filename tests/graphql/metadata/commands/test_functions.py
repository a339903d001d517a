from __future__ import annotations

from tests.graphql.serving import Api, authors_and_articles, play

FUNCTIONS = """
    CREATE FUNCTION search(word text) RETURNS SETOF article LANGUAGE sql STABLE AS $$ SELECT * FROM article $$;
    CREATE FUNCTION shout(author) RETURNS text LANGUAGE sql STABLE AS $$ SELECT upper($1.name) $$;
    CREATE FUNCTION works(author) RETURNS SETOF article LANGUAGE sql STABLE AS $$ SELECT * FROM article $$;
    CREATE FUNCTION three() RETURNS int LANGUAGE sql AS $$ SELECT 3 $$;
"""


def test_functions_are_kept_with_their_permissions_until_untracked(dsn: str) -> None:
    async def script(api: Api) -> None:
        await authors_and_articles(api)
        await api.sql(FUNCTIONS)
        await api.metadata("pg_track_function", {"function": "search", "configuration": {"custom_name": "find"}})
        await api.metadata("pg_create_function_permission", {"function": "search", "role": "user"})
        assert (await api.refused("pg_create_function_permission", {"function": "search", "role": "user"}))[0] == (
            "already-exists"
        )
        blind = {"function": "search", "role": "nobody"}
        assert (await api.refused("pg_create_function_permission", blind))[0] == "permission-denied"
        assert (await api.exported())["functions"] == [
            {
                "function": {"schema": "public", "name": "search"},
                "configuration": {"custom_name": "find"},
                "permissions": [{"role": "user"}],
            }
        ]
        assert (await api.refused("pg_track_function", {"function": "search"}))[0] == "already-tracked"
        assert (await api.refused("pg_untrack_table", {"table": "article"}))[0] == "dependency-error"
        await api.metadata("pg_untrack_function", {"function": "search"})
        assert "functions" not in await api.exported()

    play(dsn, script)


def test_functions_that_give_no_tracked_rows_are_refused(dsn: str) -> None:
    async def script(api: Api) -> None:
        await authors_and_articles(api)
        await api.sql(FUNCTIONS)
        code, _, message = await api.refused("pg_track_function", {"function": "three"})
        assert code == "invalid-configuration"
        assert 'does not return a "COMPOSITE" type' in message
        assert "no such function exists" in (await api.refused("pg_track_function", {"function": "nope"}))[2]

    play(dsn, script)


def test_computed_fields_fit_their_table_and_go_only_by_cascade(dsn: str) -> None:
    async def script(api: Api) -> None:
        await authors_and_articles(api)
        await api.sql(FUNCTIONS)
        field = {"table": "author", "name": "loud", "definition": {"function": "shout"}}
        await api.metadata("pg_add_computed_field", field)
        assert (await api.refused("pg_add_computed_field", {**field, "table": "article", "name": "x"}))[2].endswith(
            'of type "public.author" is not the table to which the computed field is being added'
        )
        assert (await api.refused("pg_add_computed_field", {**field, "name": "name"}))[2] == (
            "Inconsistent object: field definition conflicts with postgres column"
        )
        permission = {"columns": "*", "filter": {}, "computed_fields": ["loud"]}
        await api.metadata("pg_create_select_permission", {"table": "author", "role": "user", "permission": permission})
        sql = "DROP FUNCTION shout(author)"
        assert (await api.refused("run_sql", {"sql": sql}, path="/v2/query"))[2] == (
            'cannot drop due to the following dependent objects: computed field author.loud in source "default"'
        )
        await api.sql(sql, cascade=True)
        assert "computed_fields" not in (await api.exported())["tables"][0]

    play(dsn, script)


def test_rows_of_a_table_are_not_granted_as_a_field(dsn: str) -> None:
    async def script(api: Api) -> None:
        await authors_and_articles(api)
        await api.sql(FUNCTIONS)
        await api.metadata(
            "pg_add_computed_field", {"table": "author", "name": "w", "definition": {"function": "works"}}
        )
        permission = {"columns": "*", "filter": {}, "computed_fields": ["w"]}
        args = {"table": "author", "role": "user", "permission": permission}
        assert "are auto-derived" in (await api.refused("pg_create_select_permission", args))[2]

    play(dsn, script)


def test_a_computed_field_that_a_filter_needs_goes_only_by_cascade(dsn: str) -> None:
    async def script(api: Api) -> None:
        await authors_and_articles(api)
        await api.sql(FUNCTIONS)
        for name, function in {"loud": "shout", "works": "works"}.items():
            definition = {"function": function}
            await api.metadata("pg_add_computed_field", {"table": "author", "name": name, "definition": definition})
        filters = {"loud": {"loud": {"_eq": "ANN"}}, "busy": {"works": {"id": {"_gt": 1}}}}
        for role, filter_ in filters.items():
            permission = {"columns": ["id"], "filter": filter_}
            await api.metadata(
                "pg_create_select_permission", {"table": "author", "role": role, "permission": permission}
            )
        for name, role in {"loud": "loud", "works": "busy"}.items():
            drop = {"table": "author", "name": name}
            code, _, message = await api.refused("pg_drop_computed_field", drop)
            assert (code, f"permission author.{role}.select" in message) == ("dependency-error", True)
            await api.metadata("pg_drop_computed_field", {**drop, "cascade": True})
        (author, _) = (await api.exported())["tables"]
        assert "select_permissions" not in author

    play(dsn, script)


def test_tracked_functions_are_neither_overloaded_nor_made_to_write_underneath(dsn: str) -> None:
    async def script(api: Api) -> None:
        await authors_and_articles(api)
        await api.sql(FUNCTIONS)
        await api.metadata("pg_track_function", {"function": "search"})
        overload = "CREATE FUNCTION search(id int) RETURNS SETOF article LANGUAGE sql STABLE AS 'SELECT * FROM article'"
        code, _, message = await api.refused("run_sql", {"sql": overload}, path="/v2/query")
        assert (code, message) == ("not-supported", "the following tracked function(s) cannot be overloaded: search")
        volatile = {"sql": "ALTER FUNCTION search(text) VOLATILE"}
        code, _, message = await api.refused("run_sql", volatile, path="/v2/query")
        assert (code, message) == (
            "not-supported",
            'type of function "search" is altered to "VOLATILE" which is not supported now',
        )
        # What was refused was taken back.
        await api.sql("ALTER FUNCTION search(text) IMMUTABLE")
        await api.sql("DROP FUNCTION search(text)")
        assert "functions" not in await api.exported()

    play(dsn, script)


def test_a_function_does_not_take_the_field_of_a_table(dsn: str) -> None:
    async def script(api: Api) -> None:
        await authors_and_articles(api)
        await api.sql(FUNCTIONS)
        for configuration in (
            {"custom_name": "author"},
            {"custom_root_fields": {"function_aggregate": "author_by_pk"}},
        ):
            tracked = {"type": "pg_track_function", "args": {"function": "search", "configuration": configuration}}
            reply = await api.post("/v1/metadata", tracked)
            assert reply.status_code == 500
            assert "function search in source default, table author in source default" in reply.json()["error"]
        # A mutation is elsewhere: its name only counts there.
        volatile = "CREATE FUNCTION write(id int) RETURNS SETOF article LANGUAGE sql AS 'SELECT * FROM article'"
        await api.sql(volatile)
        await api.metadata("pg_track_function", {"function": "write", "configuration": {"custom_name": "author"}})

    play(dsn, script)


def test_a_configuration_of_the_wrong_kind_is_refused_before_it_is_kept(dsn: str) -> None:
    async def script(api: Api) -> None:
        await authors_and_articles(api)
        await api.sql(FUNCTIONS)
        wrong = (
            {"custom_name": 5},
            {"session_argument": ["x"]},
            {"exposed_as": "subscription"},
            {"custom_root_fields": "x"},
            {"custom_root_fields": {"function": 1}},
        )
        for configuration in wrong:
            code, _, _ = await api.refused("pg_track_function", {"function": "search", "configuration": configuration})
            assert code == "parse-failed"
        await api.metadata("pg_track_function", {"function": "search", "configuration": {"custom_root_fields": None}})
        change = {"function": "search", "configuration": {"exposed_as": 1}}
        assert (await api.refused("pg_set_function_customization", change))[0] == "parse-failed"

    play(dsn, script)
