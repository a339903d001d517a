"""Root fields that call SQL functions, on PostgreSQL."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from nself.graphql.metadata.model import Inconsistency
from tests.graphql.served import Served

SCHEMA = """
CREATE SCHEMA shop;
CREATE TABLE player (id int PRIMARY KEY, name text NOT NULL, score int, owner text);
CREATE TABLE game (id int PRIMARY KEY, player_id int REFERENCES player);
INSERT INTO player VALUES (1, 'Ann', 5, 'u1'), (2, 'Bo', 7, 'u2'), (3, 'Abe', 1, 'u1');
INSERT INTO game VALUES (1, 1), (2, 1), (3, 2);
CREATE FUNCTION search(word text, lowest int DEFAULT 0) RETURNS SETOF player STABLE LANGUAGE sql
    AS $$ SELECT * FROM player WHERE name LIKE '%' || word || '%' AND score >= lowest ORDER BY id $$;
CREATE FUNCTION nameless(text, int DEFAULT 0, int DEFAULT 9) RETURNS SETOF player STABLE LANGUAGE sql
    AS $$ SELECT * FROM player WHERE name LIKE '%' || $1 || '%' AND score BETWEEN $2 AND $3 ORDER BY id $$;
CREATE FUNCTION every() RETURNS SETOF player STABLE LANGUAGE sql AS $$ SELECT * FROM player $$;
CREATE FUNCTION best() RETURNS player STABLE LANGUAGE sql AS $$ SELECT * FROM player ORDER BY score DESC LIMIT 1 $$;
CREATE FUNCTION called(wanted text) RETURNS player STABLE LANGUAGE sql
    AS $$ SELECT * FROM player WHERE name = wanted $$;
CREATE FUNCTION mine(session json) RETURNS SETOF player STABLE LANGUAGE sql
    AS $$ SELECT * FROM player WHERE owner = session->>'x-hasura-user-id' $$;
CREATE FUNCTION among(names text[], shape json DEFAULT '{}') RETURNS SETOF player STABLE LANGUAGE sql
    AS $$ SELECT * FROM player WHERE name = ANY(names) ORDER BY id $$;
CREATE FUNCTION reward(who int, points int DEFAULT 1) RETURNS SETOF player VOLATILE LANGUAGE sql
    AS $$ UPDATE player SET score = score + points WHERE id = who RETURNING * $$;
CREATE FUNCTION win(who int) RETURNS player VOLATILE LANGUAGE plpgsql AS $$
    DECLARE found player;
    BEGIN
        INSERT INTO game SELECT max(id) + 1, who FROM game;
        SELECT * INTO found FROM player WHERE id = who;
        RETURN found;
    END $$;
CREATE FUNCTION shop.stock() RETURNS SETOF player STABLE LANGUAGE sql AS $$ SELECT * FROM player $$;
CREATE FUNCTION like_me(p player) RETURNS SETOF player STABLE LANGUAGE sql
    AS $$ SELECT * FROM player WHERE owner = p.owner ORDER BY id $$;
"""
USER = {
    "role": "user",
    "permission": {
        "columns": ["id", "name"],
        "filter": {"owner": "X-Hasura-User-Id"},
        "allow_aggregations": True,
        "limit": 1,
    },
}
PLAYER: dict[str, Any] = {
    "table": "player",
    "array_relationships": [
        {"name": "games", "using": {"foreign_key_constraint_on": {"table": "game", "column": "player_id"}}}
    ],
    "select_permissions": [USER],
}
U1 = {"x-hasura-user-id": "u1"}

Loading = Callable[..., list[Inconsistency]]


@pytest.fixture
def players(empty: Served) -> Iterator[Served]:
    empty.sql(SCHEMA)
    yield empty


def track(players: Served, *functions: Any) -> list[Inconsistency]:
    listed = [{"function": entry} if isinstance(entry, str) else entry for entry in functions]
    source = {"name": "default", "kind": "postgres", "tables": [PLAYER, {"table": "game"}], "functions": listed}
    return players.load({"version": 3, "sources": [source]})


def tracked(name: str, *roles: str, **configuration: Any) -> dict[str, Any]:
    return {"function": name, "configuration": configuration, "permissions": [{"role": role} for role in roles]}


def test_rows_of_a_function_are_chosen_from_like_those_of_a_table(players: Served) -> None:
    assert track(players, "search") == []
    query = """{ search(args: {word: "A"}, where: {score: {_gt: 0}}, order_by: {id: desc}, limit: 1, offset: 1) {
        name games { id } } }"""
    assert players.ask(query) == {"search": [{"name": "Ann", "games": [{"id": 1}, {"id": 2}]}]}


def test_rows_of_a_function_are_aggregated(players: Served) -> None:
    track(players, "search")
    query = '{ search_aggregate(args: {word: "A"}) { aggregate { count sum { score } } nodes { id } } }'
    assert players.ask(query)["search_aggregate"] == {
        "aggregate": {"count": 2, "sum": {"score": 6}},
        "nodes": [{"id": 1}, {"id": 3}],
    }


def test_arguments_are_named_null_or_left_to_their_defaults(players: Served) -> None:
    track(players, "search")
    query = "query($word: String, $lowest: Int) { search(args: {word: $word, lowest: $lowest}) { id } }"
    assert players.ask(query, {"word": "A", "lowest": 3}) == {"search": [{"id": 1}]}
    assert players.ask(query, {"word": "A"}) == {"search": [{"id": 1}, {"id": 3}]}
    assert players.ask(query, {"word": "A", "lowest": None}) == {"search": []}


def test_nameless_arguments_are_numbered(players: Served) -> None:
    track(players, "nameless")
    query = '{ nameless(args: {arg_1: "A", arg_2: 2}) { id } }'
    assert players.ask(query) == {"nameless": [{"id": 1}]}
    # What follows an omitted argument would have to go by a name.
    error = players.refused('{ nameless(args: {arg_1: "A", arg_3: 2}) { id } }')
    assert (error.code, error.path) == ("not-supported", "$.selectionSet.nameless.args.args")
    assert error.message == "Non default arguments cannot be omitted"


def test_arrays_and_json_are_arguments(players: Served) -> None:
    track(players, "among")
    for names in ('"{Ann,Bo}"', '["Ann", "Bo"]'):
        query = f"{{ among(args: {{names: {names}, shape: {{a: [1]}}}}) {{ id }} }}"
        assert players.ask(query) == {"among": [{"id": 1}, {"id": 2}]}
    kind = '{ __type(name: "among_args") { inputFields { name type { name } } } }'
    assert players.ask(kind)["__type"]["inputFields"] == [
        {"name": "names", "type": {"name": "_text"}},
        {"name": "shape", "type": {"name": "json"}},
    ]


def test_a_row_is_an_argument_under_a_name_that_no_table_has(players: Served) -> None:
    assert track(players, "like_me") == []
    query = '{ like_me(args: {p: "(1,Ann,5,u1)"}) { id } }'
    assert players.ask(query) == {"like_me": [{"id": 1}, {"id": 3}]}


def test_a_function_without_arguments_has_no_args(players: Served) -> None:
    track(players, "every")
    assert len(players.ask("{ every { id } }")["every"]) == 3
    assert "has no argument named 'args'" in players.refused("{ every(args: {}) { id } }").message


def test_a_single_row_is_an_object_or_null(players: Served) -> None:
    track(players, "best", "called")
    assert players.ask('{ best { name games { id } } called(args: {wanted: "nobody"}) { id } }') == {
        "best": {"name": "Bo", "games": [{"id": 3}]},
        "called": None,
    }
    counted = (
        'best_aggregate { aggregate { count } } called_aggregate(args: {wanted: "nobody"}) { aggregate { count } }'
    )
    assert players.ask(f"{{ {counted} }}") == {
        "best_aggregate": {"aggregate": {"count": 1}},
        "called_aggregate": {"aggregate": {"count": 0}},
    }


def test_a_role_gets_the_rows_and_columns_it_may_see_of_what_a_function_gives(players: Served) -> None:
    track(players, "every", "best")
    asked = (
        "{ every(order_by: {id: asc}) { id name } every_aggregate { aggregate { count } nodes { id } } best { id } }"
    )
    assert players.ask(asked, role="user", session=U1) == {
        "every": [{"id": 1, "name": "Ann"}],
        "every_aggregate": {"aggregate": {"count": 2}, "nodes": [{"id": 1}]},
        "best": None,
    }
    for hidden in ("{ every { score } }", "{ every(where: {score: {_gt: 1}}) { id } }"):
        assert "'score' not found" in players.refused(hidden, role="user", session=U1).message
    error = players.refused("{ every { id } }", role="user")
    assert (error.code, error.message) == ("not-found", 'missing session variable: "x-hasura-user-id"')


def test_the_session_goes_in_by_itself(players: Served) -> None:
    assert track(players, tracked("mine", session_argument="session")) == []
    assert players.ask("{ mine { id } }", session={"x-hasura-user-id": "u2"}) == {"mine": [{"id": 2}]}
    assert "has no argument named 'args'" in players.refused('{ mine(args: {session: "{}"}) { id } }').message


def test_names_come_from_the_schema_or_the_configuration(players: Served) -> None:
    stock = {"schema": "shop", "name": "stock"}
    roots = {"function": "find", "function_aggregate": "find_all"}
    assert track(players, stock, tracked("every", custom_name="all"), tracked("search", custom_root_fields=roots)) == []
    asked = '{ shop_stock { id } all { id } all_aggregate { nodes { id } } find(args: {word: "B"}) { id } }'
    assert set(players.ask(asked)) == {"shop_stock", "all", "all_aggregate", "find"}
    assert players.ask('{ find_all(args: {word: "B"}) { nodes { id } } }') == {"find_all": {"nodes": [{"id": 2}]}}


def test_descriptions_are_the_comments_or_say_what_is_called(players: Served) -> None:
    players.sql("COMMENT ON FUNCTION every() IS 'All of them'")
    track(players, "every", "best", {**tracked("search"), "comment": "Find them"})
    fields = players.ask('{ __type(name: "query_root") { fields { name description } } }')["__type"]["fields"]
    described = {entry["name"]: entry["description"] for entry in fields}
    assert described["every"] == "All of them"
    assert described["search"] == "Find them"
    assert described["best"] == 'execute function "best" which returns "player"'


def test_a_volatile_function_is_a_mutation_and_its_answer_sees_what_it_changed(players: Served) -> None:
    assert track(players, "reward", "win") == []
    done = players.ask("mutation { reward(args: {who: 1, points: 4}) { score } win(args: {who: 1}) { games { id } } }")
    assert done == {"reward": [{"score": 9}], "win": {"games": [{"id": 1}, {"id": 2}, {"id": 4}]}}
    assert "'reward' not found in type: 'query_root'" in players.refused("{ reward(args: {who: 1}) { id } }").message


def test_a_function_is_called_once_however_much_is_asked_of_its_rows(players: Served) -> None:
    track(players, "reward")
    asked = "mutation { reward(args: {who: 2}) { score games { player_id } } again: reward(args: {who: 2}) { score } }"
    done = players.ask(asked)
    assert (done["reward"][0]["score"], done["again"][0]["score"]) == (8, 9)


def test_a_mutation_that_fails_later_takes_the_function_back(players: Served) -> None:
    track(players, "reward")
    players.refused('mutation { reward(args: {who: 1}) { id } insert_player_one(object: {id: 1, name: "x"}) { id } }')
    assert players.ask("{ player_by_pk(id: 1) { score } }") == {"player_by_pk": {"score": 5}}


def test_a_mutation_needs_a_permission_and_a_query_does_not(players: Served) -> None:
    track(players, "every", "reward", tracked("win", "user", "stranger"))
    fields = '{ __type(name: "mutation_root") { fields { name } } }'
    assert players.ask(fields, role="user")["__type"]["fields"] == [{"name": "win"}]
    assert players.refused("mutation { win(args: {who: 1}) { id } }", role="stranger").message == "no mutations exist"
    assert players.ask("mutation { win(args: {who: 2}) { id } }", role="user", session=U1) == {"win": None}


def test_without_inference_a_query_needs_a_permission_too(players: Served, dsn: str) -> None:
    with Served(dsn, infer_functions=False) as strict:
        track(strict, "every", tracked("best", "user"))
        assert strict.ask("{ best { id } }", role="user", session=U1) == {"best": None}
        assert "'every' not found" in strict.refused("{ every { id } }", role="user", session=U1).message
        assert len(strict.ask("{ every { id } }")["every"]) == 3


def test_a_volatile_function_shown_as_a_query_cannot_write(players: Served) -> None:
    assert track(players, tracked("reward", exposed_as="query")) == []
    error = players.refused("{ reward(args: {who: 1}) { id } }")
    assert error.code == "unexpected"
    assert players.ask("{ player_by_pk(id: 1) { score } }") == {"player_by_pk": {"score": 5}}


@pytest.mark.parametrize(
    ("function", "entry", "reason"),
    [
        ("x() RETURNS SETOF player STABLE", tracked("x", exposed_as="mutation"), "is not marked VOLATILE"),
        ("x() RETURNS int STABLE", tracked("x"), 'does not return a "COMPOSITE" type'),
        ("x() RETURNS SETOF pg_class STABLE", tracked("x"), "does not return"),
        ('x("a b" int) RETURNS SETOF player STABLE', tracked("x"), '"a b"'),
        ('"x y"() RETURNS SETOF player STABLE', tracked("x y"), "is not a valid GraphQL identifier"),
        ("x(VARIADIC a int[]) RETURNS SETOF player STABLE", tracked("x"), "VARIADIC"),
        ("x(a int) RETURNS SETOF player STABLE", tracked("x", session_argument="a"), "is not of type json"),
    ],
)
def test_a_function_that_cannot_be_tracked_is_left_out_with_the_reason(
    players: Served, function: str, entry: dict[str, Any], reason: str
) -> None:
    result = "" if "SETOF" in function else "NULL"
    players.sql(f"CREATE FUNCTION {function} LANGUAGE plpgsql AS $$ BEGIN RETURN {result}; END $$")
    (problem,) = track(players, "every", entry)
    assert (problem.kind, reason in problem.reason) == ("function", True), problem.reason
    assert len(players.ask("{ every { id } }")["every"]) == 3


def test_a_function_dropped_or_overloaded_underneath_is_reported(players: Served) -> None:
    track(players, "every", "best")
    players.sql(
        "DROP FUNCTION every(); CREATE FUNCTION best(x int) RETURNS player STABLE LANGUAGE sql AS 'SELECT NULL::player'"
    )
    assert players.ask("{ best { id } }") == {"best": {"id": 2}}
    assert players.refused("{ every { id } }").message.endswith("reload the metadata")
    reasons = [entry.reason for entry in track(players, "every", "best")]
    assert [("no such function" in one, "is overloaded" in one) for one in reasons] == [(True, False), (False, True)]
