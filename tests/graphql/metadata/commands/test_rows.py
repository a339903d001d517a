from __future__ import annotations

from typing import Any

import pytest

from tests.graphql.serving import ADMIN, Api, authors_and_articles, play

AS_ADA = {**ADMIN, "x-hasura-role": "user", "x-hasura-name": "Ada"}


async def run(api: Api, kind: str, args: Any, headers: dict[str, str] | None = None) -> Any:
    return (await api.post("/v1/query", {"type": kind, "args": args}, headers)).json()


def test_rows_are_selected_filtered_ordered_and_nested(dsn: str) -> None:
    async def script(api: Api) -> None:
        await authors_and_articles(api)
        nested = {"name": "articles", "columns": ["title"], "order_by": "-id", "limit": 1}
        args = {"table": "author", "columns": ["name", nested], "where": {"articles": {"title": {"$in": ["One"]}}}}
        assert await run(api, "select", args) == [{"name": "Ada", "articles": [{"title": "Two"}]}]
        args = {"table": "article", "columns": ["*"], "where": {"$or": [{"id": 1}, {"author": {"name": "Bob"}}]}}
        assert await run(api, "select", {**args, "order_by": [{"column": "author.name", "type": "desc"}]}) == [
            {"id": 3, "title": "Three", "author_id": 2},
            {"id": 1, "title": "One", "author_id": 1},
        ]

    play(dsn, script)


def test_a_roles_permissions_apply(dsn: str) -> None:
    async def script(api: Api) -> None:
        await authors_and_articles(api)
        assert await run(api, "select", {"table": "article", "columns": "*"}, AS_ADA) == [
            {"id": 1, "title": "One"},
            {"id": 2, "title": "Two"},
        ]
        assert await run(api, "count", {"table": "article"}, AS_ADA) == {"count": 2}
        for kind, args in (
            ("insert", {"table": "article", "objects": []}),
            ("delete", {"table": "article", "where": {}}),
            ("select", {"table": "author", "columns": ["id"]}),
        ):
            refused = await run(api, kind, args, AS_ADA)
            assert refused["code"] == "permission-denied", refused

    play(dsn, script)


def test_rows_are_written(dsn: str) -> None:
    async def script(api: Api) -> None:
        await authors_and_articles(api)
        upsert = {
            "table": "author",
            "objects": [{"id": 1, "name": "Ada L."}],
            "on_conflict": {"constraint_on": ["id"], "action": "update"},
            "returning": ["name"],
        }
        assert await run(api, "insert", upsert) == {"affected_rows": 1, "returning": [{"name": "Ada L."}]}
        update = {"table": "article", "where": {"id": {"$gt": 1}}, "$set": {"title": "x"}, "returning": ["id"]}
        assert await run(api, "update", update) == {"affected_rows": 2, "returning": [{"id": 2}, {"id": 3}]}
        assert await run(api, "delete", {"table": "article", "where": {"title": "x"}}) == {"affected_rows": 2}
        assert await run(api, "count", {"table": "article", "distinct": ["title"]}) == {"count": 1}

    play(dsn, script)


def test_columns_are_spoken_of_by_their_sql_names(dsn: str) -> None:
    async def script(api: Api) -> None:
        await authors_and_articles(api)
        configuration = {"custom_name": "Writer", "column_config": {"name": {"custom_name": "fullName"}}}
        await api.metadata("pg_set_table_customization", {"table": "author", "configuration": configuration})
        args = {"table": "author", "columns": ["name"], "where": {"name": "Bob"}, "order_by": "name"}
        assert await run(api, "select", args) == [{"name": "Bob"}]

    play(dsn, script)


@pytest.mark.parametrize(
    ("kind", "args", "code"),
    [
        ("select", {"table": "gone", "columns": ["id"]}, "not-exists"),
        ("select", {"table": "author", "columns": ["nope"]}, "permission-denied"),
        ("select", {"table": "author", "columns": ["id"], "where": {"nope": 1}}, "permission-denied"),
        ("select", {"table": "author", "columns": ["id"], "limit": -1}, "not-supported"),
        ("select", {"table": "author", "columns": []}, "parse-failed"),
        ("select", {"table": "author", "columns": [{"name": "id) { evil", "columns": ["id"]}]}, "not-exists"),
        (
            "select",
            {"table": "author", "columns": [{"name": "articles", "alias": "a: b", "columns": ["id"]}]},
            "not-supported",
        ),
        ("insert", {"table": "author", "objects": [{"id": 9}], "on_conflict": {"action": "explode"}}, "parse-failed"),
        ("insert", {"table": "author", "objects": [{"id": 1, "name": "x"}]}, "constraint-violation"),
        ("update", {"table": "author", "$set": {"name": "x"}}, "parse-failed"),
        ("delete", {"table": "author"}, "parse-failed"),
    ],
)
def test_what_cannot_be_done_is_refused_with_a_code(dsn: str, kind: str, args: Any, code: str) -> None:
    async def script(api: Api) -> None:
        await authors_and_articles(api)
        reply = await api.post("/v1/query", {"type": kind, "args": args})
        assert (reply.status_code, reply.json()["code"]) == (400, code), reply.text

    play(dsn, script)


PRODUCTS = """
    CREATE TABLE products (id serial PRIMARY KEY, name text UNIQUE, price numeric DEFAULT 10.00, owner text);
    INSERT INTO products (name, price, owner) VALUES ('pen', 3, 'Ada'), ('cup', 7, 'Bob');
"""
SHOPPER = {**ADMIN, "x-hasura-role": "shopper", "x-hasura-name": "Ada"}


async def products(api: Api) -> None:
    """A table with a role that may do a little of everything."""
    await api.sql(PRODUCTS)
    await api.metadata("pg_track_table", {"table": "products"})
    own = {"owner": "X-Hasura-Name"}
    for kind, permission in (
        ("select", {"columns": ["id", "name", "price"], "filter": {}, "query_root_fields": []}),
        ("insert", {"columns": ["name", "price"], "check": own, "set": {"owner": "X-Hasura-Name"}}),
        ("update", {"columns": ["price"], "filter": own}),
    ):
        args = {"table": "products", "role": "shopper", "permission": permission}
        await api.metadata(f"pg_create_{kind}_permission", args)


def test_an_update_multiplies_and_puts_defaults_back(dsn: str) -> None:
    async def script(api: Api) -> None:
        await products(api)
        update = {"table": "products", "where": {"name": "pen"}, "returning": ["price"]}
        tripled = await run(api, "update", {**update, "$mul": {"price": 3}})
        assert tripled == {"affected_rows": 1, "returning": [{"price": 9}]}
        assert (await run(api, "update", {**update, "$default": ["price"]}))["returning"] == [{"price": 10.00}]
        both = await run(api, "update", {**update, "$inc": {"price": 1}, "$mul": {"price": 2}})
        assert both["error"] == "Column found in multiple operators: ['price']."
        nothing = await run(api, "update", update)
        assert (nothing["code"], nothing["path"]) == ("unexpected-payload", "$.args")

    play(dsn, script)


def test_graphql_itself_knows_no_mul(dsn: str) -> None:
    async def script(api: Api) -> None:
        await products(api)
        reply = await api.graphql("mutation { update_products(where: {}, _mul: {price: 2}) { affected_rows } }")
        assert reply["errors"][0]["message"] == "'update_products' has no argument named '_mul'"

    play(dsn, script)


def test_a_conflict_may_be_ignored_without_saying_which(dsn: str) -> None:
    async def script(api: Api) -> None:
        await products(api)
        args = {"table": "products", "objects": [{"name": "pen"}, {"name": "pot"}], "returning": ["name"]}
        ignored = await run(api, "insert", {**args, "on_conflict": {"action": "ignore"}})
        assert ignored == {"affected_rows": 1, "returning": [{"name": "pot"}]}
        by_column = {"constraint_on": "name", "action": "update"}
        updated = await run(api, "insert", {**args, "objects": [{"name": "pen", "price": 1}], "on_conflict": by_column})
        assert updated["affected_rows"] == 1
        gone = {**args, "on_conflict": {"constraint_on": ["price"], "action": "ignore"}}
        assert (await run(api, "insert", gone))["code"] == "constraint-error"

    play(dsn, script)


def test_an_upsert_overwrites_what_the_role_may_update(dsn: str) -> None:
    async def script(api: Api) -> None:
        await products(api)
        args = {
            "table": "products",
            "objects": [{"name": "pen", "price": 4}],
            "on_conflict": {"constraint": "products_name_key", "action": "update"},
            "returning": ["id", "price"],
        }
        assert (await run(api, "insert", args, SHOPPER))["returning"] == [{"id": 1, "price": 4}]

    play(dsn, script)


def test_hidden_root_fields_do_not_hide_the_table_from_commands(dsn: str) -> None:
    async def script(api: Api) -> None:
        await products(api)
        assert await run(api, "count", {"table": "products", "where": {"price": {"$gte": 3}}}, SHOPPER) == {"count": 2}
        asked = {"table": "products", "columns": "*", "order_by": {"column": "id", "type": "desc", "nulls": "last"}}
        assert [row["id"] for row in await run(api, "select", asked, SHOPPER)] == [2, 1]

    play(dsn, script)


@pytest.mark.parametrize(
    ("kind", "args", "path", "message"),
    [
        (
            "select",
            {"columns": ["owner"]},
            "$.args.columns[0]",
            'role "shopper" does not have permission to select column "owner"',
        ),
        (
            "select",
            {"columns": ["id"], "where": {"$or": [{"owner": "Ada"}]}},
            "$.args.where.$or[0].owner",
            'role "shopper" does not have permission to select column "owner"',
        ),
        (
            "update",
            {"where": {}, "$set": {"name": "x"}},
            '$.args["$set"]',
            'role "shopper" does not have permission to update column "name"',
        ),
        (
            "insert",
            {"objects": [{"owner": "Eve"}]},
            "$.args.objects[0]",
            'role "shopper" does not have permission to insert column "owner"',
        ),
        ("delete", {"where": {}}, "$.args", 'delete on "products" for role "shopper" is not allowed. '),
    ],
)
def test_what_a_role_may_not_touch_is_said_column_by_column(
    dsn: str, kind: str, args: Any, path: str, message: str
) -> None:
    async def script(api: Api) -> None:
        await products(api)
        refused = await run(api, kind, {"table": "products", **args}, SHOPPER)
        assert (refused["code"], refused["path"], refused["error"]) == ("permission-denied", path, message)

    play(dsn, script)


def test_counting_without_the_right_to_select_says_why(dsn: str) -> None:
    async def script(api: Api) -> None:
        await products(api)
        refused = await run(api, "count", {"table": "products"}, {**ADMIN, "x-hasura-role": "stranger"})
        assert refused["error"] == (
            'select on "products" for role "stranger" is not allowed. ; '
            '"count" is only allowed if the role has "select" permissions on the table'
        )

    play(dsn, script)


def test_errors_of_the_rows_blame_the_arguments(dsn: str) -> None:
    async def script(api: Api) -> None:
        await products(api)
        for kind, args, code, path in (
            ("insert", {"objects": [{"name": "pen"}]}, "constraint-violation", "$.args"),
            ("select", {"columns": ["id"], "where": {"id": "x"}}, "data-exception", "$.args"),
            ("select", {}, "parse-failed", "$"),
        ):
            refused = await run(api, kind, {"table": "products", **args})
            assert (refused["code"], refused["path"]) == (code, path), refused

    play(dsn, script)


async def titles(api: Api, where: Any, headers: dict[str, str] | None = None) -> Any:
    args = {"table": "article", "columns": ["title"], "where": where, "order_by": "id"}
    rows = await run(api, "select", args, headers)
    return [row["title"] for row in rows] if isinstance(rows, list) else rows


def test_rows_are_asked_for_by_rows_of_any_table(dsn: str) -> None:
    async def script(api: Api) -> None:
        await authors_and_articles(api)

        def some(**where: Any) -> Any:
            return {"$exists": {"_table": {"schema": "public", "name": "author"}, "_where": where}}

        assert await titles(api, some(name="Ada")) == ["One", "Two", "Three"]
        assert await titles(api, some(name="nobody")) == []
        assert await titles(api, {"_not": some(name="nobody"), "id": {"$gt": 2}}) == ["Three"]
        own = {"id": {"$ceq": ["$", "author_id"]}, "name": "Bob"}
        assert await titles(api, {"_exists": {"_table": "author", "_where": own}}) == ["Three"]
        assert (await titles(api, some(), AS_ADA))["code"] == "permission-denied"
        assert (await titles(api, {"_exists": {"_table": "nowhere", "_where": {}}}))["code"] == "not-exists"
        assert (await titles(api, {"_exists": {"_where": {}}}))["error"] == 'key "_table" not found'

    play(dsn, script)


def test_rows_are_asked_for_by_comparing_columns(dsn: str) -> None:
    async def script(api: Api) -> None:
        await authors_and_articles(api)
        assert await titles(api, {"id": {"$ceq": "author_id"}}) == ["One"]
        assert await titles(api, {"id": {"_cgt": ["author_id"], "_gt": 2}, "author_id": {"_clt": "id"}}) == ["Three"]
        assert await titles(api, {"author": {"id": {"$cne": ["$", "id"]}}}) == ["Two", "Three"]
        update = {"table": "article", "where": {"id": {"_cgt": "author_id"}}, "$set": {"title": "later"}}
        assert await run(api, "update", update) == {"affected_rows": 2}
        assert await run(api, "count", {"table": "article", "where": {"id": {"$cgte": "author_id"}}}) == {"count": 3}
        for other in ("nothing", ["$", "nothing"]):
            assert (await titles(api, {"id": {"_ceq": other}}))["code"] == "permission-denied"
        assert (await titles(api, {"id": {"_ceq": ["author", "id"]}}))["code"] == "not-supported"
        hidden = await titles(api, {"id": {"_ceq": "author_id"}}, AS_ADA)
        assert hidden["code"] == "permission-denied", hidden

    play(dsn, script)


def test_graphql_itself_neither_asks_any_table_nor_compares_columns(dsn: str) -> None:
    async def script(api: Api) -> None:
        await authors_and_articles(api)
        for where in ("{_exists: {author: {}}}", "{_ceq: []}"):
            reply = await api.graphql(f"{{ article(where: {where}) {{ id }} }}")
            assert "not found in type: 'article_bool_exp'" in reply["errors"][0]["message"]

    play(dsn, script)
