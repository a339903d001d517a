"""GraphQL over sockets, 16 connections: ours, a hand-written route with the same JSON, PostGraphile 4 and 5.

All of them on one PostgreSQL, each a process of its own, asked in turn; the best of some rounds counts.
"""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import msgspec
import uvloop

from bench import _http
from bench._http import Ask
from bench._processes import packages, post, running
from bench.row import Row
from tests.cluster import Cluster, free_port

CONNECTIONS, SECONDS, ROUNDS = 16, 1.5, 3
POSTGRAPHILE = {
    "PostGraphile 4": ("postgraphile-4", ("postgraphile@4.14.1",)),
    # Version 5 needs a newer Node than many machines have.
    "PostGraphile 5": ("postgraphile-5", ("postgraphile@5.1.5", "node@22.23.3")),
}

SCHEMA = """
CREATE TABLE authors (id int PRIMARY KEY, name text NOT NULL, email text, born date);
CREATE TABLE books (id int PRIMARY KEY, author_id int NOT NULL REFERENCES authors, title text NOT NULL, price int);
CREATE TABLE reviews (
    id int PRIMARY KEY, book_id int NOT NULL REFERENCES books, stars int NOT NULL, body text NOT NULL
);
CREATE TABLE visits (id bigserial PRIMARY KEY, who text NOT NULL, page text NOT NULL);
INSERT INTO authors
    SELECT i, 'author ' || i, i || '@example.org', date '1900-01-01' + i FROM generate_series(1, 2000) i;
INSERT INTO books SELECT i, 1 + i % 2000, 'book ' || i, i % 50 FROM generate_series(1, 20000) i;
INSERT INTO reviews SELECT i, 1 + i % 20000, i % 5, repeat('so and so ', 8) FROM generate_series(1, 100000) i;
CREATE INDEX ON books (author_id);
CREATE INDEX ON reviews (book_id);
ANALYZE;
"""


def _related(kind: str, table: str, name: str, using: Any) -> dict[str, Any]:
    args = {"table": table, "name": name, "using": {"foreign_key_constraint_on": using}}
    return {"type": f"pg_create_{kind}_relationship", "args": args}


TRACK = {
    "type": "bulk",
    "args": [
        *({"type": "pg_track_table", "args": {"table": name}} for name in ("authors", "books", "reviews", "visits")),
        _related("object", "books", "author", "author_id"),
        _related("array", "books", "reviews", {"table": "reviews", "column": "book_id"}),
    ],
}


@dataclass(frozen=True, slots=True)
class Case:
    """`same` is the question in PostGraphile's words, where it can be put; `ahead` how far ours should be of it."""

    name: str
    route: str
    query: str
    value: Any
    same: str = ""
    ahead: float = 0


CASES = (
    Case(
        "by primary key",
        "/lookup",
        "query ($v: Int!) { authors_by_pk(id: $v) { id name email born } }",
        7,
        "query ($v: Int!) { authorById(id: $v) { id name email born } }",
        1.5,
    ),
    Case(
        "list of 20, two relationships",
        "/nested",
        """query ($v: Int!) { books(limit: $v, order_by: {id: asc}) {
            id title author { id name } reviews { id stars body } } }""",
        20,
        """query ($v: Int!) { allBooks(first: $v, orderBy: [ID_ASC]) { nodes { id title authorByAuthorId { id name }
            reviewsByBookId { nodes { id stars body } } } } }""",
        2,
    ),
    Case(
        "filtered aggregate",
        "/aggregate",
        """query ($v: Int!) { books_aggregate(where: {author_id: {_lt: $v}}) {
            aggregate { count avg { price } max { price } } } }""",
        100,
    ),
    Case(
        "insert of 100 rows",
        "/insert",
        "mutation ($v: [visits_insert_input!]!) { insert_visits(objects: $v) { affected_rows } }",
        [{"who": f"somebody {number}", "page": f"/page/{number}"} for number in range(100)],
    ),
    Case(
        "response of 1 MB",
        "/large",
        "query ($v: Int!) { reviews(limit: $v, order_by: {id: asc}) { id stars body } }",
        8600,
    ),
)


def measure() -> list[Row]:
    cluster = Cluster.start(measured=True)
    try:
        cluster.run("postgres", "CREATE DATABASE bench")
        cluster.run("bench", SCHEMA, wait_s=60)
        with contextlib.ExitStack() as stack:
            return _measure(cluster.dsn("bench"), stack)
    finally:
        cluster.stop()


def _measure(dsn: str, stack: contextlib.ExitStack) -> list[Row]:
    ours, by_hand = free_port(), free_port()
    command = [sys.executable, "-m", "nself.graphql", "--port", str(ours), "--database-url", dsn]
    stack.enter_context(running(command, f"http://127.0.0.1:{ours}/healthz", {"HASURA_GRAPHQL_PG_CONNECTIONS": "16"}))
    post(ours, "/v1/metadata", TRACK)
    command = [sys.executable, "-m", "bench._by_hand", str(by_hand), dsn]
    stack.enter_context(running(command, f"http://127.0.0.1:{by_hand}/"))
    peers = {name: port for name in POSTGRAPHILE for port in stack.enter_context(_postgraphile(name, dsn))}
    return [row for case in CASES for row in uvloop.run(_compared(case, ours, by_hand, peers))]


@contextlib.contextmanager
def _postgraphile(name: str, dsn: str) -> Iterator[list[int]]:
    """Its port, or nothing where it cannot be had."""
    folder = packages(*((found := POSTGRAPHILE[name])[0], *found[1]))
    if folder is None:
        print(f"npm could not get {name}", file=sys.stderr)
        yield []
        return
    port = free_port()
    if name.endswith("4"):
        argv = [
            "node",
            f"{folder}/node_modules/postgraphile/cli.js",
            "--disable-query-log",
            "--no-setof-functions-contain-nulls",
        ]
        argv += ["-c", dsn, "-n", "127.0.0.1", "-p", str(port), "-s", "public"]
    else:
        argv = [f"{folder}/node_modules/node/bin/node", f"{folder}/node_modules/postgraphile/dist/cli-run.js"]
        argv += ["-P", "postgraphile/presets/v4", "-c", dsn, "-n", "127.0.0.1", "-p", str(port), "-s", "public"]
    with running(argv, f"http://127.0.0.1:{port}/graphql", {"NODE_ENV": "production", "GRAPHILE_ENV": "production"}):
        yield [port]


async def _compared(case: Case, ours: int, by_hand: int, peers: dict[str, int]) -> list[Row]:
    body = {"query": case.query, "variables": {"v": case.value}}
    asked = {"ours": Ask(ours, "/v1/graphql", body), "hand-written route": Ask(by_hand, case.route, body)}
    if case.same:
        other = {"query": case.same, "variables": {"v": case.value}}
        asked |= {name: Ask(port, "/graphql", other) for name, port in peers.items()}
    answers = {name: msgspec.json.decode(await _http.answer(ask)) for name, ask in asked.items()}
    assert answers["ours"] == answers["hand-written route"], answers
    assert all(answer.get("data") and not answer.get("errors") for answer in answers.values()), answers
    best = dict.fromkeys(asked, 0.0)
    for _ in range(ROUNDS):
        for name, ask in asked.items():
            best[name] = max(best[name], await _http.rate(ask, connections=CONNECTIONS, seconds=SECONDS))
    return [_row(case, best["ours"], name, value) for name, value in best.items() if name != "ours"]


def _row(case: Case, ours: float, name: str, theirs: float) -> Row:
    return Row(
        name=f"GraphQL {case.name}",
        value=ours,
        unit="requests/s",
        target=0.7 if name == "hand-written route" else case.ahead,
        better="higher",
        baseline=theirs,
        baseline_name=name,
    )
