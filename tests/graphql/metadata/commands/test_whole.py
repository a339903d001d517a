from __future__ import annotations

import asyncio

from tests.graphql.serving import Api, authors_and_articles, play, serving


def test_metadata_goes_out_and_comes_in_again(dsn: str) -> None:
    async def script(api: Api) -> None:
        await authors_and_articles(api)
        first = await api.metadata("export_metadata", {}, version=2)
        await api.metadata("clear_metadata", {})
        assert (await api.exported())["tables"] == []
        reply = await api.metadata("replace_metadata", {"metadata": first["metadata"]}, version=2)
        assert reply == {"is_consistent": True, "inconsistent_objects": []}
        second = await api.metadata("export_metadata", {}, version=2)
        assert second["metadata"] == first["metadata"]
        assert second["resource_version"] > first["resource_version"]

    play(dsn, script)


def test_a_stale_resource_version_is_a_conflict(dsn: str) -> None:
    async def script(api: Api) -> None:
        known = (await api.metadata("export_metadata", {}, version=2))["resource_version"]
        await api.metadata("clear_metadata", {}, resource_version=known)
        reply = await api.post("/v1/metadata", {"type": "clear_metadata", "args": {}, "resource_version": known})
        assert (reply.status_code, reply.json()["code"]) == (409, "conflict")
        assert reply.json()["error"] == (
            f"metadata resource version referenced ({known}) did not match current version"
        )

    play(dsn, script)


def test_inconsistent_metadata_is_taken_only_when_allowed_and_can_be_dropped(dsn: str) -> None:
    async def script(api: Api) -> None:
        await api.sql("CREATE TABLE here (id int PRIMARY KEY)")
        wanted = {"tables": [{"table": "here"}, {"table": "gone", "select_permissions": []}]}
        args = {"metadata": wanted}
        assert (await api.refused("replace_metadata", args, version=2))[0] == "unexpected"
        reply = await api.metadata("replace_metadata", {**args, "allow_inconsistent_metadata": True}, version=2)
        assert reply == {
            "is_consistent": False,
            "inconsistent_objects": [
                {
                    "type": "table",
                    "name": "table gone in source default",
                    "reason": 'Inconsistent object: no such table/view exists in source: "gone"',
                    "definition": {"schema": "public", "name": "gone"},
                }
            ],
        }
        assert (await api.http.get("/healthz")).text == "WARN: inconsistent objects in schema"
        assert (await api.http.get("/healthz?strict=true")).status_code == 500
        assert await api.metadata("get_inconsistent_metadata", {}) == reply
        assert await api.graphql("{ here { id } }") == {"data": {"here": []}}
        await api.metadata("drop_inconsistent_metadata", {})
        assert (await api.metadata("get_inconsistent_metadata", {}))["is_consistent"]
        assert len((await api.exported())["tables"]) == 1
        assert (await api.http.get("/healthz")).text == "OK"

    play(dsn, script)


def test_inconsistent_objects_of_every_kind_can_be_dropped(dsn: str) -> None:
    async def script(api: Api) -> None:
        await authors_and_articles(api)
        whole = (await api.metadata("export_metadata", {}, version=2))["metadata"]
        author, article = whole["sources"][0]["tables"]
        author["computed_fields"] = [{"name": "x", "definition": {"function": "nope"}}]
        author["array_relationships"].append(
            {"name": "y", "using": {"foreign_key_constraint_on": {"table": "z", "column": "q"}}}
        )
        for kind, permission in (
            ("select", {"columns": "*", "filter": {"nope": 1}}),
            ("insert", {"columns": ["nope"], "check": {}}),
            ("update", {"columns": [], "filter": {"nope": 1}}),
            ("delete", {"filter": {"nope": 1}}),
        ):
            article[f"{kind}_permissions"] = [{"role": "r", "permission": permission}]
        whole["sources"][0]["tables"].append({"table": "gone"})
        whole["sources"][0]["functions"] = [{"function": "nowhere"}]
        args = {"metadata": whole, "allow_inconsistent_metadata": True}
        reply = await api.metadata("replace_metadata", args, version=2)
        assert {entry["type"] for entry in reply["inconsistent_objects"]} == {
            "table", "array_relation", "computed_field", "function",
            "select_permission", "insert_permission", "update_permission", "delete_permission",
        }  # fmt: skip
        await api.metadata("drop_inconsistent_metadata", {})
        assert (await api.metadata("get_inconsistent_metadata", {}))["is_consistent"]
        tables = (await api.exported())["tables"]
        assert [sorted(set(table) - {"table"}) for table in tables] == [
            ["array_relationships"],
            ["object_relationships"],
        ]

    play(dsn, script)


def test_a_second_source_that_says_no_database_is_kept_and_told_apart(dsn: str) -> None:
    async def script(api: Api) -> None:
        await api.sql("CREATE TABLE t (id int PRIMARY KEY)")
        sources = [{"name": name, "kind": "postgres", "tables": [{"table": "t"}]} for name in ("default", "second")]
        args = {"metadata": {"version": 3, "sources": sources}, "allow_inconsistent_metadata": True}
        reply = await api.metadata("replace_metadata", args, version=2)
        assert [entry["name"] for entry in reply["inconsistent_objects"]] == ["source second"]
        assert await api.graphql("{ t { id } }") == {"data": {"t": []}}
        await api.metadata("drop_inconsistent_metadata", {})
        whole = (await api.metadata("export_metadata", {}, version=2))["metadata"]
        assert [source["name"] for source in whole["sources"]] == ["default"]

    play(dsn, script)


def test_reload_sees_what_was_changed_outside(dsn: str) -> None:
    async def script(api: Api) -> None:
        await authors_and_articles(api)
        await api.sql("DROP TABLE article", check_metadata_consistency=False)
        reply = await api.metadata("reload_metadata", {})
        assert reply["is_consistent"] is False
        assert {entry["name"] for entry in reply["inconsistent_objects"]} == {
            "table article in source default",
            "array_relation articles in table author in source default",
        }
        assert (await api.graphql("{ author(limit: 1) { name } }"))["data"]

    play(dsn, script)


def test_a_bulk_is_whole_or_not_at_all(dsn: str) -> None:
    async def script(api: Api) -> None:
        await api.sql("CREATE TABLE a (id int)")
        track = {"type": "pg_track_table", "args": {"table": "a"}}
        unknown = {"type": "pg_track_table", "args": {"table": "zzz"}}
        code, path, _ = await api.refused("bulk", [track, unknown])
        assert (code, path) == ("invalid-configuration", "$.args[1].args")
        assert (await api.exported())["tables"] == []
        kept = await api.metadata("bulk_keep_going", [unknown, track])
        assert [entry.get("message", entry.get("code")) for entry in kept] == ["invalid-configuration", "success"]
        assert len((await api.exported())["tables"]) == 1

    play(dsn, script)


def test_later_commands_of_a_bulk_see_what_earlier_ones_did(dsn: str) -> None:
    async def script(api: Api) -> None:
        reply = await api.post(
            "/v1/query",
            {
                "type": "bulk",
                "args": [
                    {"type": "run_sql", "args": {"sql": "CREATE TABLE a (id int PRIMARY KEY)"}},
                    {"type": "track_table", "args": "a"},
                    {"type": "insert", "args": {"table": "a", "objects": [{"id": 1}, {"id": 2}], "returning": ["id"]}},
                    {"type": "count", "args": {"table": "a"}},
                ],
            },
        )
        assert reply.json()[2:] == [{"affected_rows": 2, "returning": [{"id": 1}, {"id": 2}]}, {"count": 2}]

    play(dsn, script)


def test_unknown_commands_and_misspelt_requests_are_refused(dsn: str) -> None:
    async def script(api: Api) -> None:
        assert (await api.refused("pg_dance", {}))[0] == "parse-failed"
        assert (await api.refused("track_table", {"table": "a"}))[0] == "parse-failed"
        assert (await api.refused("pg_track_table", {}, version=3))[1:] == (
            "$.version",
            "expected 1 or 2, encountered 3",
        )
        assert (await api.refused("select", {"table": "a", "columns": ["id"]}))[0] == "parse-failed"
        for body in (7, [], {"args": {}}, {"type": 7}):
            assert (await api.post("/v1/metadata", body)).status_code == 400

    play(dsn, script)


def test_two_servers_on_one_database_follow_each_other(dsn: str) -> None:
    async def go() -> None:
        async with serving(dsn) as one, serving(dsn) as two:
            await one.sql("CREATE TABLE t (id int PRIMARY KEY)")
            await one.metadata("pg_track_table", {"table": "t"})
            while "errors" in await two.graphql("{ t { id } }"):
                await asyncio.sleep(0.01)
            await two.metadata("pg_untrack_table", {"table": "t"})
            while "data" in await one.graphql("{ t { id } }"):
                await asyncio.sleep(0.01)

    asyncio.run(asyncio.wait_for(go(), 30))


def test_many_changes_at_once_through_two_servers_are_all_kept(dsn: str) -> None:
    async def go() -> None:
        async with serving(dsn) as one, serving(dsn) as two:
            await one.sql("; ".join(f"CREATE TABLE t{number} (id int)" for number in range(12)))

            async def track(number: int) -> None:
                body = {"type": "pg_track_table", "args": {"table": f"t{number}"}}
                while True:
                    reply = await (one, two)[number % 2].post("/v1/metadata", body)
                    if reply.status_code == 200:
                        return
                    assert reply.status_code == 409, reply.text

            await asyncio.gather(*(track(number) for number in range(12)))
            assert len((await one.exported())["tables"]) == 12

    asyncio.run(asyncio.wait_for(go(), 60))


def test_a_reload_may_name_what_to_look_at_again(dsn: str) -> None:
    async def script(api: Api) -> None:
        for args in (
            {"reload_sources": ["default"], "reload_remote_schemas": True, "recreate_event_triggers": ["default"]},
            {"reload_sources": False, "reload_remote_schemas": [], "recreate_event_triggers": False},
        ):
            assert (await api.metadata("reload_metadata", args))["is_consistent"] is True
        for args, code in (
            ({"reload_sources": ["gone"]}, "not-exists"),
            ({"reload_remote_schemas": ["gone"]}, "not-exists"),
            ({"recreate_event_triggers": ["gone"]}, "not-exists"),
            ({"reload_sources": 3}, "parse-failed"),
        ):
            assert (await api.refused("reload_metadata", args))[0] == code

    play(dsn, script)


def test_replacing_by_what_does_not_fit_is_said_as_hasura_says_it(dsn: str) -> None:
    async def script(api: Api) -> None:
        broken = {"version": 3, "sources": [{"name": "default", "kind": "postgres", "tables": [{"table": "ghost"}]}]}
        for args, version in ((broken, 1), ({"metadata": broken}, 2)):
            code, path, message = await api.refused("replace_metadata", args, version=version)
            assert (code, path, message) == ("unexpected", "$.args", "cannot continue due to inconsistent metadata")

    play(dsn, script)
