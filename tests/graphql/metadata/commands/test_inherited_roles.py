from __future__ import annotations

from tests.graphql.serving import Api, authors_and_articles, play

STAFF = {"role_name": "staff", "role_set": ["a", "b"]}


def test_inherited_roles_are_added_changed_exported_and_dropped(dsn: str) -> None:
    async def script(api: Api) -> None:
        await api.metadata("add_inherited_role", STAFF)
        await api.metadata("add_inherited_role", {"role_name": "boss", "role_set": ["staff", "c"]})
        whole = await api.metadata("export_metadata", {})
        assert whole["inherited_roles"] == [STAFF, {"role_name": "boss", "role_set": ["staff", "c"]}]
        await api.metadata("add_inherited_role", {**STAFF, "role_set": ["a", "d"]})
        await api.metadata("drop_inherited_role", {"role_name": "boss"})
        whole = await api.metadata("export_metadata", {})
        assert whole["inherited_roles"] == [{**STAFF, "role_set": ["a", "d"]}]
        assert (await api.refused("drop_inherited_role", {"role_name": "boss"}))[0] == "not-exists"
        assert (await api.refused("add_inherited_role", {"role_name": "admin", "role_set": []}))[0] == "not-supported"
        assert (await api.refused("add_inherited_role", {"role_name": "x"}))[0] == "parse-failed"

    play(dsn, script)


def test_roles_that_would_inherit_from_themselves_are_refused(dsn: str) -> None:
    async def script(api: Api) -> None:
        await api.metadata("add_inherited_role", STAFF)
        code, _, message = await api.refused("add_inherited_role", {"role_name": "a", "role_set": ["staff"]})
        assert (code, message) == ("cyclic-dependency", 'found cycle(s) in roles: [["staff","a"]]')
        assert (await api.refused("add_inherited_role", {"role_name": "me", "role_set": ["me"]}))[2] == (
            'found cycle(s) in roles: [["me"]]'
        )
        assert (await api.metadata("export_metadata", {}))["inherited_roles"] == [STAFF]

    play(dsn, script)


def test_a_disagreement_of_parents_is_told_and_stops_no_change(dsn: str) -> None:
    async def script(api: Api) -> None:
        await authors_and_articles(api)
        for role, column in {"a": "name", "b": "id"}.items():
            permission = {"columns": [column], "filter": {}}
            await api.metadata(
                "pg_create_update_permission", {"table": "author", "role": role, "permission": permission}
            )
        await api.metadata("add_inherited_role", STAFF)
        (found,) = (await api.metadata("get_inconsistent_metadata", {}))["inconsistent_objects"]
        assert found["type"] == "inherited role permission inconsistency"
        assert found["reason"] == (
            "Could not inherit permission for the role 'staff' for the entity: "
            "'update permission, table: author, source: default'"
        )
        # There is nothing to drop: the parents' permissions are sound.
        await api.metadata("drop_inconsistent_metadata", {})
        assert (await api.metadata("export_metadata", {}))["inherited_roles"] == [STAFF]
        # Nor does it stand in the way of other changes.
        await api.metadata("add_inherited_role", {"role_name": "other", "role_set": ["a"]})
        own = {"table": "author", "role": "staff", "permission": {"columns": ["name"], "filter": {}}}
        await api.metadata("pg_create_update_permission", own)
        assert (await api.metadata("get_inconsistent_metadata", {}))["is_consistent"] is True

    play(dsn, script)
