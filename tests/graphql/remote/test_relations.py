"""Relationships between tables and remote schemas, both ways, and how often the remote is asked."""

from __future__ import annotations

from typing import Any

import pytest

from tests.graphql.remote import forum
from tests.graphql.remote.world import Service, World

TO_USER = {
    "to_remote_schema": {
        "remote_schema": "forum",
        "lhs_fields": ["author_id"],
        "remote_field": {"user": {"arguments": {"id": "$author_id"}}},
    }
}
TO_ARTICLES = {
    "to_source": {
        "source": "default",
        "table": "article",
        "relationship_type": "array",
        "field_mapping": {"id": "author_ref"},
    }
}


@pytest.fixture
def service(world: World) -> Service:
    world.sql(
        """
        CREATE TABLE article (id int PRIMARY KEY, title text, author_id int, author_ref text);
        INSERT INTO article VALUES (1, 'one', 1, '1'), (2, 'two', 2, '2'), (3, 'three', 1, '1');
        INSERT INTO article VALUES (4, 'four', NULL, NULL);
        """
    )
    world.start()
    made = world.service(forum.SDL, forum.Root())
    world.command("pg_track_table", table="article")
    world.add("forum", made)
    return made


def relate(world: World, name: str = "author", definition: Any = TO_USER) -> None:
    world.command("pg_create_remote_relationship", name=name, table="article", definition=definition)


def test_rows_reach_a_remote_schema_with_one_request(world: World, service: Service) -> None:
    relate(world)
    found = world.ask("{ article(order_by: {id: asc}) { title author { name messages(first: 1) { text } } id } }")
    assert [list(row) for row in found["article"]] == [["title", "author", "id"]] * 4
    assert found["article"][0]["author"] == {"name": "Ada", "messages": [{"text": "message 11"}]}
    assert [row["author"] and row["author"]["name"] for row in found["article"]] == ["Ada", "Bob", "Ada", None]
    assert len(service.asked) == 1
    assert sorted(service.asked[0]["variables"].values()) == ["1", "2"]


def test_rows_whose_key_is_null_are_not_asked_about(world: World, service: Service) -> None:
    relate(world)
    assert world.ask("{ article(where: {id: {_eq: 4}}) { author { name } } }") == {"article": [{"author": None}]}
    assert service.asked == []


def test_arguments_that_do_not_make_the_join_are_the_clients(world: World, service: Service) -> None:
    definition = {
        "to_remote_schema": {
            "remote_schema": "forum",
            "lhs_fields": ["author_id"],
            "remote_field": {"users": {"arguments": {"ids": ["$author_id"]}}},
        }
    }
    relate(world, "authors", definition)
    query = "query ($n: Int) { article(limit: 1) { authors(limit: $n) { id } } }"
    assert world.ask(query, {"n": 5}) == {"article": [{"authors": [{"id": "1"}]}]}
    assert service.asked[0]["variables"]["n"] == 5
    refused = world.error('{ article { authors(ids: ["2"]) { id } } }')
    assert refused["message"] == "'authors' has no argument named 'ids'"


def test_a_relationship_may_lead_through_fields(world: World, service: Service) -> None:
    below = {"user": {"arguments": {"id": "$author_id"}}}
    definition = {
        "to_remote_schema": {
            "remote_schema": "forum",
            "lhs_fields": ["author_id"],
            "remote_field": {"forum": {"arguments": {}, "field": below}},
        }
    }
    relate(world, "member", definition)
    assert world.ask("{ article(limit: 1) { member { name } } }") == {"article": [{"member": {"name": "Ada"}}]}


def test_the_older_form_is_kept_as_it_was_written(world: World, service: Service) -> None:
    older = {
        "remote_schema": "forum",
        "hasura_fields": ["author_id"],
        "remote_field": {"user": {"arguments": {"id": "$author_id"}}},
    }
    world.command("pg_create_remote_relationship", name="author", table="article", **older)
    assert world.ask("{ article(limit: 1) { author { name } } }")["article"][0]["author"] == {"name": "Ada"}
    table = world.command("export_metadata")["sources"][0]["tables"][0]
    assert table["remote_relationships"] == [{"name": "author", "definition": older}]


def test_remote_types_reach_tables(world: World, service: Service) -> None:
    world.command(
        "create_remote_schema_remote_relationship",
        remote_schema="forum",
        type_name="User",
        name="articles",
        definition=TO_ARTICLES,
    )
    query = """{ users { name articles(order_by: {id: desc}) { title }
        articles_aggregate { aggregate { count } } __typename } }"""
    found = world.ask(query)["users"]
    assert found[0] == {
        "name": "Ada",
        "articles": [{"title": "three"}, {"title": "one"}],
        "articles_aggregate": {"aggregate": {"count": 2}},
        "__typename": "User",
    }
    assert list(found[0]) == ["name", "articles", "articles_aggregate", "__typename"]
    assert found[2]["articles"] == []


def test_rows_reach_tables_of_other_sources(world: World, service: Service, new_database: Any) -> None:
    other = new_database()
    world.command("pg_add_source", name="other", configuration={"connection_info": {"database_url": other}})
    sql = "CREATE TABLE review (article int, stars int); INSERT INTO review VALUES (1, 5), (1, 4), (2, 3)"
    assert world.post("/v2/query", {"type": "run_sql", "args": {"source": "other", "sql": sql}}).status_code == 200
    world.command("pg_track_table", source="other", table="review")
    target = {"source": "other", "table": "review", "field_mapping": {"id": "article"}}
    relate(world, "reviews", {"to_source": {**target, "relationship_type": "array"}})
    relate(world, "review", {"to_source": {**target, "relationship_type": "object"}})
    query = """{ article(order_by: {id: asc}) {
        reviews(order_by: {stars: asc}, where: {stars: {_gt: 3}}) { stars __typename } review { article }
        reviews_aggregate { aggregate { count } } } }"""
    found = world.ask(query)["article"]
    assert found[0] == {
        "reviews": [{"stars": 4, "__typename": "review"}, {"stars": 5, "__typename": "review"}],
        "review": {"article": 1},
        "reviews_aggregate": {"aggregate": {"count": 2}},
    }
    assert found[1] == {"reviews": [], "review": {"article": 2}, "reviews_aggregate": {"aggregate": {"count": 1}}}
    assert found[2] == {"reviews": [], "review": None, "reviews_aggregate": {"aggregate": {"count": 0}}}
    lost = world.refused("pg_drop_source", name="other")
    assert lost["error"]


def test_joins_go_on_below_joins(world: World, service: Service) -> None:
    relate(world)
    world.command(
        "create_remote_schema_remote_relationship",
        remote_schema="forum",
        type_name="User",
        name="articles",
        definition=TO_ARTICLES,
    )
    found = world.ask("{ user(id: 1) { articles(order_by: {id: asc}) { id author { name articles { id } } } } }")
    assert found["user"]["articles"][1] == {"id": 3, "author": {"name": "Ada", "articles": [{"id": 1}, {"id": 3}]}}
    assert len(service.asked) == 2


def test_remote_types_reach_other_remote_schemas(world: World, service: Service) -> None:
    badges = world.service("type Query { badge(user: String!): String }", {"badge": lambda info, user: f"badge {user}"})
    world.add("badges", badges)
    definition = {
        "to_remote_schema": {
            "remote_schema": "badges",
            "lhs_fields": ["id", "name"],
            "remote_field": {"badge": {"arguments": {"user": "$name"}}},
        }
    }
    world.command(
        "create_remote_schema_remote_relationship",
        remote_schema="forum",
        type_name="User",
        name="badge",
        definition=definition,
    )
    assert world.ask("{ users { badge } node(id: 1) { ... on User { name badge } } }") == {
        "users": [{"badge": "badge Ada"}, {"badge": "badge Bob"}, {"badge": "badge Cyd"}],
        "node": {"name": "Ada", "badge": "badge Ada"},
    }
    assert len(badges.asked) == 2


def test_mutations_return_joined_rows(world: World, service: Service) -> None:
    relate(world)
    found = world.ask("mutation { insert_article_one(object: {id: 9, author_id: 2}) { id author { name } } }")
    assert found == {"insert_article_one": {"id": 9, "author": {"name": "Bob"}}}


def test_errors_of_a_join_are_the_remotes(world: World, service: Service) -> None:
    relate(world)
    body = world.graphql("{ article(limit: 1) { author { secret } } }")
    assert body["data"] is None
    assert body["errors"][0]["message"] == "nobody may know"


def test_relationships_are_seen_with_the_right_to_what_they_lead_to(world: World, service: Service) -> None:
    world.command(
        "create_remote_schema_remote_relationship",
        remote_schema="forum",
        type_name="User",
        name="articles",
        definition=TO_ARTICLES,
    )
    refused = world.error("{ users { articles { id } } }", role="reader")
    assert refused["message"] == "field 'articles' not found in type: 'User'"
    permission = {"columns": ["id"], "filter": {"id": {"_gt": 1}}}
    world.command("pg_create_select_permission", table="article", role="reader", permission=permission)
    assert world.ask("{ user(id: 1) { articles { id } } }", role="reader") == {"user": {"articles": [{"id": 3}]}}


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"remote_schema": "nowhere"}, 'remote schema with name "nowhere" not found'),
        ({"lhs_fields": ["nothing"]}, 'the field "nothing" does not exist'),
        (
            {"remote_field": {"person": {"arguments": {}}}},
            'remote field with name "person" and type "Query" not found',
        ),
        (
            {"remote_field": {"user": {"arguments": {"key": "$author_id"}}}},
            'argument with name "key" not found in the remote field "user"',
        ),
        (
            {"lhs_fields": ["title"], "remote_field": {"users": {"arguments": {"limit": "$title"}}}},
            'expected type "Int" but got "String"',
        ),
        ({"remote_field": {"users": {"arguments": {"limit": "many"}}}}, 'expected type "Int" but got "String"'),
        (
            {"remote_field": {"users": {"arguments": {"where": {"age": "$author_id"}}}}},
            'field with name "age" not found in the input object "UserWhere"',
        ),
        (
            {"remote_field": {"users": {"arguments": {"where": "$author_id"}}}},
            'expected an object of type "UserWhere" but got "Int"',
        ),
        ({"remote_field": {"user": {"arguments": {"id": "$id"}}}}, '"$id" is not one of the fields to join with'),
    ],
)
def test_a_relationship_that_leads_nowhere_is_refused(
    world: World, service: Service, change: dict[str, Any], reason: str
) -> None:
    definition = {"to_remote_schema": {**TO_USER["to_remote_schema"], **change}}
    refused = world.refused("pg_create_remote_relationship", name="author", table="article", definition=definition)
    assert refused["error"] == (
        'Inconsistent object: in table "article": in remote relationship "author": '
        f"cannot validate remote relationship because {reason}"
    )
    assert refused["code"] == "invalid-configuration"


def test_relationships_are_changed_and_deleted(world: World, service: Service) -> None:
    relate(world)
    twice = world.refused("pg_create_remote_relationship", name="author", table="article", definition=TO_USER)
    assert twice["code"] == "already-exists"
    through = {"forum": {"arguments": {}, "field": TO_USER["to_remote_schema"]["remote_field"]}}
    changed = {"to_remote_schema": {**TO_USER["to_remote_schema"], "remote_field": through}}
    world.command("pg_update_remote_relationship", name="author", table="article", definition=changed)
    assert world.ask("{ article(limit: 1) { author { id } } }") == {"article": [{"author": {"id": "1"}}]}
    assert "forum {" in service.asked[0]["query"]
    world.command("pg_delete_remote_relationship", name="author", table="article")
    assert "not found in type" in world.error("{ article { author { id } } }")["message"]
    assert world.refused("pg_delete_remote_relationship", name="author", table="article")["code"] == "not-exists"


def test_a_renamed_column_or_table_is_followed(world: World, service: Service) -> None:
    relate(world)
    definition = {"to_source": {**TO_ARTICLES["to_source"], "field_mapping": {"id": "author_ref"}}}
    world.command(
        "create_remote_schema_remote_relationship",
        remote_schema="forum",
        type_name="User",
        name="articles",
        definition=definition,
    )
    sql = """ALTER TABLE article RENAME author_id TO writer; ALTER TABLE article RENAME author_ref TO writer_ref;
        ALTER TABLE article RENAME TO piece"""
    assert world.post("/v2/query", {"type": "run_sql", "args": {"sql": sql}}).status_code == 200
    assert world.ask("{ piece(limit: 1) { author { articles { writer } } } }") == {
        "piece": [{"author": {"articles": [{"writer": 1}, {"writer": 1}]}}]
    }


def test_a_column_that_a_relationship_needs_is_not_dropped_without_cascade(world: World, service: Service) -> None:
    relate(world)
    args = {"sql": "ALTER TABLE article DROP author_id"}
    refused = world.post("/v2/query", {"type": "run_sql", "args": args})
    assert refused.status_code == 400
    assert refused.json()["error"] == (
        'cannot drop due to the following dependent objects: remote relationship article.author in source "default"'
    )
    assert world.post("/v2/query", {"type": "run_sql", "args": {**args, "cascade": True}}).status_code == 200
    assert "remote_relationships" not in world.command("export_metadata")["sources"][0]["tables"][0]


def test_a_remote_schema_that_a_relationship_needs_stays(world: World, service: Service) -> None:
    relate(world)
    assert world.refused("remove_remote_schema", name="forum")["error"] == (
        "cannot continue due to new inconsistent metadata"
    )
